"""Every answer, whatever it is, tells what may be done with it; only the files that a page loads are kept."""

import re
from collections.abc import Iterator
from typing import Any, cast

import falcon
import falcon.testing
import httpx
import pytest

from tallystick.http.addresses import Addresses
from tallystick.http.app import create_app
from tallystick.http.docs import ASSETS
from tallystick.http.edge import REFUSAL
from tallystick.http.endpoint import Server
from tallystick.http.routes import MAX_BODY_BYTES
from tallystick.native.surface import NATIVE
from tallystick.web.bill_page import STYLE_PATH
from tests.api import ORIGIN, Api
from tests.http import toy
from tests.http.toy import TOYS

SAFE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
KEPT = "public, max-age=86400"
ASKED = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
FILES = [*(f"/docs/{path.name}" for path in ASSETS), STYLE_PATH]


def headers_of(response: httpx.Response) -> dict[str, str]:
    return {name: response.headers.get(name, "") for name in SAFE}


def requests_of(api: Api) -> Iterator[tuple[str, str]]:
    """The method and path of every route of the application, with 1 in place of each parameter."""
    waiting = list(app_of(api)._router._roots)
    for node in waiting:
        waiting += node.children
        path = re.sub("{[^}]*}", "1", node.uri_template or "")
        yield from ((method, path) for method in node.method_map or () if method in ASKED)


def app_of(api: Api) -> falcon.App[Any, Any]:
    return cast("falcon.App[Any, Any]", api.application)


@pytest.mark.slow
def test_every_route(api: Api) -> None:
    requests = list(requests_of(api))
    assert {("GET", "/ready"), ("GET", "/v1/invoices"), ("HEAD", "/")} <= {*requests}
    for method, path in requests:
        for key in ("", "wrong", api.key):
            response = api.client.request(method, path, headers={"X-API-Key": key})
            expected = SAFE | {"Cache-Control": KEPT} if path in FILES and response.is_success else SAFE
            assert headers_of(response) == expected, (method, path, response.status_code)


REFUSED: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/nowhere", {}, 404),
    ("POST", FILES[0], {}, 405),
    ("OPTIONS", "/api/v1/taxes", {}, 200),
    ("FROBNICATE", "/api/v1/taxes", {}, 400),
    ("POST", "/api/v1/taxes", {"content": b"{"}, 400),
    ("POST", "/api/v1/taxes", {"content": b"x" * (MAX_BODY_BYTES + 1)}, 413),
    ("POST", "/v1/invoices", {"content": b"x", "headers": {"Content-Type": "text/xml"}}, 415),
]


@pytest.mark.parametrize(("method", "path", "options", "status"), REFUSED)
def test_what_no_route_answers(api: Api, method: str, path: str, options: dict[str, Any], status: int) -> None:
    headers = {"X-API-Key": api.key, **options.get("headers", {})}
    response = api.client.request(method, path, **{**options, "headers": headers})
    assert (response.status_code, headers_of(response)) == (status, SAFE)


def test_what_the_edge_refuses(api: Api) -> None:
    client = falcon.testing.TestClient(app_of(api))
    answer = client.simulate_get(FILES[0], extras={REFUSAL: falcon.HTTPServiceUnavailable()})
    assert (answer.status_code, {name: answer.headers[name] for name in SAFE}) == (503, SAFE)


def test_a_bug(api: Api) -> None:
    client = falcon.testing.TestClient(create_app((NATIVE, TOYS), Server.of(api.database, ORIGIN), Addresses()))
    answer = client.simulate_post(f"{toy.PREFIX}/burst", headers={"X-API-Key": api.key})
    assert (answer.status_code, {name: answer.headers[name] for name in SAFE}) == (500, SAFE)


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_sent_once(api: Api, path: str) -> None:
    first = api.client.get(path)
    again = api.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == KEPT
    for other in ('"another"', "nonsense", ""):
        sent = api.client.get(path, headers={"If-None-Match": other})
        assert (sent.status_code, sent.content) == (200, first.content)
