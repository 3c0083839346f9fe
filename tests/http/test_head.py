"""HEAD answers what GET would, without the body; on a GET that writes it is refused."""

import re

import pytest

from tallystick.serve import SURFACES
from tests.api import Api
from tests.http.test_headers import requests_of

pytestmark = pytest.mark.slow

WRITING = [
    re.sub("{[^}]*}", "1", surface.prefix + route.path)
    for surface in SURFACES
    for route in surface.routes
    if route.writes
]
PAGES = ("/", "/health", "/ready", "/metrics", "/docs", "/docs/reference.js", "/docs/openapi.json", "/docs/dialects")


@pytest.mark.parametrize("path", PAGES)
def test_a_page(api: Api, path: str) -> None:
    headers = {"X-API-Key": api.key, "Accept-Encoding": "identity"}
    read, head = api.client.get(path, headers=headers), api.client.head(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == read.headers["Content-Type"]
    if path != "/metrics":  # which counts the requests
        assert head.headers["Content-Length"] == read.headers["Content-Length"] == str(len(read.content))


def test_wherever_get(api: Api) -> None:
    paths = [path for method, path in requests_of(api) if method == "GET" and path not in WRITING]
    assert {"/api/v1/invoices/1/activity", "/v1/invoices", "/v1/invoice/1", "/public/invoices/1/pdf"} < set(paths)
    headers = {"X-API-Key": api.key, "Accept-Encoding": "identity"}
    same = ("Content-Type", "Content-Length", "ETag", "Link", "Vary")
    for path in set(paths) - {"/metrics"}:
        read, head = api.client.get(path, headers=headers), api.client.head(path, headers=headers)
        assert (head.status_code, head.content) == (read.status_code, b""), path
        if path != "/ready":  # whose free bytes are others by then
            assert [head.headers.get(name) for name in same] == [read.headers.get(name) for name in same], path


@pytest.mark.parametrize("path", WRITING)
def test_a_get_that_writes(api: Api, path: str) -> None:
    refused = api.client.head(path, headers={"X-API-Key": api.key})
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, OPTIONS")


def test_there_are_gets_that_write() -> None:
    assert WRITING
