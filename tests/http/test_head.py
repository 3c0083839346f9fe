"""HEAD answers what GET would, without the body; on a GET that writes it is refused."""

import pytest

from tallystick.native.routes import ROUTES
from tallystick.serve import SURFACES
from tests.api import Api

WRITING = [surface.prefix + route.path for surface in SURFACES for route in surface.routes if route.writes]
PAGES = ("/", "/health", "/ready", "/metrics", "/docs", "/docs/reference.js", "/docs/openapi.json", "/docs/dialects")


@pytest.mark.parametrize("path", PAGES)
def test_a_page(api: Api, path: str) -> None:
    headers = {"X-API-Key": api.key, "Accept-Encoding": "identity"}
    read, head = api.client.get(path, headers=headers), api.client.head(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == read.headers["Content-Type"]
    if path != "/metrics":  # which counts the requests
        assert head.headers["Content-Length"] == read.headers["Content-Length"] == str(len(read.content))


def test_every_get_of_the_api(api: Api) -> None:
    for path in [route.path for route in ROUTES if route.method == "GET"]:
        asked = path.replace("{token}", "1." + "A" * 43).replace("{", "").replace("}", "")
        read, head = api.get(asked), api.request("HEAD", asked)
        assert (head.status_code, head.content) == (read.status_code, b""), path


@pytest.mark.parametrize("path", WRITING)
def test_a_get_that_writes(api: Api, path: str) -> None:
    assert api.client.head(path.replace("{id}", "1"), headers={"X-API-Key": api.key}).status_code == 405


def test_there_are_gets_that_write() -> None:
    assert WRITING
