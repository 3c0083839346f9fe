"""A second API beside the native one: everything below its prefix is in its own words, and the native one stays."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tallystick.accounts.types import Scope
from tallystick.http import openapi
from tallystick.http.addresses import Addresses
from tallystick.http.app import create_app, responder
from tallystick.http.endpoint import REPLAYED, Server
from tallystick.http.routes import MAX_BODY_BYTES, Route
from tallystick.http.surface import responsible
from tallystick.native.surface import NATIVE
from tests.api import ORIGIN, Api
from tests.contract.document import check_is_openapi
from tests.http import toy
from tests.http.toy import LARGEST_BODY_BYTES, PREFIX, TOYS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    """Both APIs over one database, called with an admin key."""
    app = create_app((NATIVE, TOYS), Server.of(api.database, ORIGIN), Addresses())
    transport = httpx.WSGITransport(app, raise_app_exceptions=True)
    with httpx.Client(transport=transport, base_url=ORIGIN, headers={"X-API-Key": api.key}) as client:
        yield client


def assert_refused(response: httpx.Response, status: int, start: str = "") -> None:
    """The toys' own error, and nothing else."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    assert len(response.headers["X-Request-Id"]) == 16
    assert list(response.json()) == ["oops"]
    assert response.json()["oops"].startswith(f"{status}: {start}")


def test_a_success_is_bare_and_may_be_empty(client: httpx.Client) -> None:
    made = client.post(PREFIX, json={"name": "Bear", "parts": [{"name": "Eye", "price": 2.5, "is_new": True}]})
    assert (made.status_code, made.json()) == (201, {"id": 1, "name": "Bear", "parts": ["Eye 2.5 True"]})
    assert client.get(f"{PREFIX}/1").json() == {"id": 1, "name": "Bear", "parts": []}
    scrapped = client.delete(f"{PREFIX}/1")
    assert (scrapped.status_code, scrapped.content) == (204, b"")


def test_a_form_is_read_as_json_is(client: httpx.Client) -> None:
    raw = "name=Bear+%26+Co&parts[0][name]=Eye&parts[0][price]=2.5&parts[0][is_new]=true&parts[1][name]=Ear"
    made = client.post(PREFIX, content=raw, headers=FORM)
    assert made.json() == {"id": 1, "name": "Bear & Co", "parts": ["Eye 2.5 True", "Ear 1 False"]}


@pytest.mark.parametrize("headers", [JSON, FORM])
def test_what_is_unknown_is_ignored(client: httpx.Client, headers: dict[str, str]) -> None:
    content = {JSON["Content-Type"]: '{"name": "Bear", "mood": {"a": 1}, "parts": [{"name": "Eye", "x": 1}]}'}
    raw = content.get(headers["Content-Type"], "name=Bear&mood[a]=1&parts[][name]=Eye&parts[0][x]=1")
    made = client.post(f"{PREFIX}?colour=red", content=raw, headers=headers)
    assert made.json() == {"id": 1, "name": "Bear", "parts": ["Eye 1 False"]}
    assert client.get(f"{PREFIX}/1?mood=good&name=Bear").status_code == 200


REFUSED: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/7", {}, 404, "There is no such customer."),
    ("GET", "/x", {}, 404, "There is nothing at this path."),
    ("GET", "/1/2/3", {}, 404, "There is nothing at this path."),
    ("PATCH", "", {"json": {}}, 405, "This path does not answer to this method."),
    ("FROBNICATE", "", {}, 400, "The request is malformed."),
    ("POST", "", {"content": b"x" * (LARGEST_BODY_BYTES + 1)}, 413, f"A body may have at most {LARGEST_BODY_BYTES}"),
    ("POST", "/jam", {"content": b"x" * (MAX_BODY_BYTES + 1)}, 413, f"A body may have at most {MAX_BODY_BYTES}"),
    ("POST", "", {"content": b"<a/>", "headers": {"Content-Type": "text/xml"}}, 415, "Send the body as Content-Type: "),
    ("POST", "", {"content": b"{", "headers": JSON}, 400, "The body is not JSON"),
    ("POST", "", {"content": b"name[=x", "headers": FORM}, 400, "The body has a field whose name"),
    ("POST", "", {"json": {}}, 400, "Some fields are not valid: name."),
    ("POST", "", {"content": b"name=a&name=b", "headers": FORM}, 400, "Some fields are not valid: name."),
    ("GET", "/1", {"headers": {"X-API-Key": "unknown"}}, 401, "The API key is unknown"),
    ("POST", "", {"json": {}, "headers": {"X-API-Key": ""}}, 401, "Send an API key"),
    ("POST", "/jam", {}, 409, "It is jammed."),
    ("POST", "/jam", {"headers": {"Idempotency-Key": "a b"}}, 400, "Some fields are not valid: Idempotency-Key."),
    ("POST", "/burst", {}, 500, "Something went wrong on our side."),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "start"), REFUSED)
def test_whatever_is_refused_is_refused_in_its_words(
    client: httpx.Client, method: str, path: str, options: dict[str, Any], status: int, start: str
) -> None:
    response = client.request(method, PREFIX + path, **options)
    assert_refused(response, status, start)
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_a_key_of_too_low_a_scope_is_refused_in_its_words(api: Api, client: httpx.Client) -> None:
    client.post(PREFIX, json={"name": "Bear"})
    reader = {"X-API-Key": api.new_key(Scope.READ)}
    assert client.get(f"{PREFIX}/1", headers=reader).status_code == 200
    assert_refused(client.post(PREFIX, json={"name": "Bear"}, headers=reader), 403, "This needs a key with the scope")
    assert_refused(client.get(f"{PREFIX}/1/wind", headers=reader), 403, "This needs a key with the scope")


def test_a_get_may_write_with_a_key_in_a_header(api: Api, client: httpx.Client) -> None:
    client.post(PREFIX, json={"name": "Bear"})
    assert client.get(f"{PREFIX}/1/wind").json()["name"] == "Bear"
    assert api.data(api.get("/customers/1"))["notes"] == "wound up"
    assert client.head(f"{PREFIX}/1/wind").status_code == 405
    linked: dict[str, Any] = {"params": {"api_key": api.key}, "headers": {"X-API-Key": ""}}
    assert client.get(f"{PREFIX}/1", **linked).status_code == 200
    assert_refused(client.get(f"{PREFIX}/1/wind", **linked), 401, "Send an API key in a header")


def test_an_idempotency_key_keeps_the_answer_as_it_was(api: Api, client: httpx.Client) -> None:
    key = {"Idempotency-Key": "one"}
    first, second = (client.post(PREFIX, json={"name": "Bear"}, headers=key) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert (REPLAYED in first.headers, second.headers[REPLAYED]) == (False, "true")
    assert api.get("/customers").json()["pagination"]["total"] == 1
    assert_refused(client.post(PREFIX, json={"name": "Cat"}, headers=key), 400, "This Idempotency-Key was used before")
    refused, again = (client.post(f"{PREFIX}/jam", headers={"Idempotency-Key": "two"}) for _ in range(2))
    assert_refused(refused, 409, "It is jammed.")
    assert again.content == refused.content
    assert again.headers[REPLAYED] == "true"
    assert api.get("/customers").json()["pagination"]["total"] == 1


def test_a_file_is_made_after_its_transaction(client: httpx.Client) -> None:
    client.post(PREFIX, json={"name": "Bear"})
    label = client.get(f"{PREFIX}/1/label")
    assert label.text == "Bear, True"
    assert label.headers["Content-Type"] == "text/plain"
    assert label.headers["Content-Disposition"] == 'attachment; filename="label.txt"'
    assert_refused(client.get(f"{PREFIX}/7/label"), 404)


def test_a_body_up_to_the_routes_own_limit_is_taken(client: httpx.Client) -> None:
    raw = b'{"name": "Bear", "padding": "' + b"x" * MAX_BODY_BYTES + b'"}'
    assert client.post(PREFIX, content=raw, headers=JSON).status_code == 201


def test_its_requests_are_logged(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tallystick.access"):
        client.get(f"{PREFIX}/7?api_key=secret")
        client.post(f"{PREFIX}/burst")
    lines = [json.loads(each.message) for each in caplog.records if each.name == "tallystick.access"]
    assert [(line["path"], line["status"]) for line in lines] == [(f"{PREFIX}/7", 404), (f"{PREFIX}/burst", 500)]
    assert [each.exc_info is not None for each in caplog.records if each.levelno == logging.ERROR] == [True]


@pytest.mark.slow
def test_its_document_is_its_own(client: httpx.Client) -> None:
    document = client.get(toy.DOCUMENT).json()
    check_is_openapi(document)
    paths = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert paths == {(route.method, PREFIX + route.path) for route in toy.ROUTES}
    assert document["info"]["title"] == "Toys"
    made = document["paths"][PREFIX]["post"]
    assert list(made["requestBody"]["content"]) == list(TOYS.decoders)
    assert made["responses"].keys() == {"201", "400", "401", "403", "408", "409", "413", "415", "429", "500", "503"}
    assert made["responses"]["201"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Toy"}
    assert "content" not in document["paths"][f"{PREFIX}/{{toy_id}}"]["delete"]["responses"]["204"]
    schemas = document["components"]["schemas"]
    assert "additionalProperties" not in schemas["ToyBody"]
    assert "required" in schemas["ToyBody"]
    wound = document["paths"][f"{PREFIX}/{{toy_id}}/wind"]["get"]
    assert wound["security"] == [{"key": [Scope.WRITE]}]
    assert wound["responses"].keys() == {"200", "400", "401", "403", "404", "409", "429", "500", "503"}


def test_the_native_api_stays_as_it_is(client: httpx.Client, api: Api) -> None:
    assert client.get("/docs/openapi.json").content == openapi.document(NATIVE)
    for path in ("/api/v1/nothing", "/api/v1/toysoldier", "/nowhere"):
        assert client.get(path).json()["code"] == "NOT_FOUND"
    assert client.post("/api/v1/customers", content="name=Ann", headers=FORM).status_code == 415
    refused = client.post("/api/v1/customers", json={"name": "Ann", "mood": "good"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["mood"])
    assert client.head("/api/v1/customers").status_code == 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1", "native"),
        ("/api/v1/toy", "native"),
        ("/api/v1/toysoldier", "native"),
        ("/api/v1/toys", "toys"),
        ("/api/v1/toys/1/nothing", "toys"),
        ("/api/v10", "native"),
        ("/", "native"),
        ("/nowhere", "native"),
    ],
)
def test_who_answers_for_a_path(path: str, expected: str) -> None:
    assert responsible((NATIVE, TOYS), path).name == expected


def test_a_route_that_writes_wants_a_key_that_may() -> None:
    assert Route("GET", "/{toy_id}/wind", toy.wind, writes=True).scope == Scope.WRITE
    assert Route("GET", "/{toy_id}", toy.get).scope == Scope.READ


def test_a_route_that_writes_cannot_answer_a_file(api: Api) -> None:
    route = Route("GET", "/{toy_id}/label", toy.label, writes=True)
    with pytest.raises(ValueError, match="writes"):
        responder(route, TOYS, Server.of(api.database, ORIGIN))
