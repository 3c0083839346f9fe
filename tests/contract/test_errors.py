"""One shape for every error, on every route."""

from typing import Any

import httpx
import pytest

from tallystick.accounts.types import Scope
from tallystick.http.routes import Route
from tallystick.native.routes import PREFIX, ROUTES
from tests.api import Api
from tests.contract import examples
from tests.contract.document import Document
from tests.contract.examples import Examples
from tests.refusals import BEFORE_ANY_STATEMENT

pytestmark = pytest.mark.slow

WITH_KEYS = [route for route in ROUTES if "token" not in route.ids]
WITH_BODY = [route for route in examples.WRITES if route.has_body]
WITH_IDS = [route for route in ROUTES if route.ids]
JSON = {"Content-Type": "application/json"}
# What reads its body itself, such as usage events, which come in three forms, has tests of its own.
WITH_BODY_OF_FIELDS = [route for route in WITH_BODY if not hasattr(route.body, "read")]
AS_JSON = [route for route in WITH_BODY if not route.takes_file]
WITH_BODIES = [route for route in examples.WRITES if route.takes_body and not hasattr(route.body, "read")]


def refused(response: httpx.Response, status: int, code: str) -> dict[str, list[str]]:
    """The wrong fields of a reply that is this error."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    assert len(response.headers["X-Request-Id"]) == 16
    body = response.json()
    assert body.pop("success") is False
    assert body.pop("error").endswith(".")
    assert body.pop("code") == code
    errors: dict[str, list[str]] = body.pop("errors", {})
    assert body == {}
    assert all(sentence.endswith((".", "?")) for sentences in errors.values() for sentence in sentences)
    return errors


def assert_documented(document: Document, route: Route, response: httpx.Response) -> None:
    assert document.faults(route, response) == [], examples.name(route)


def test_no_route_answers_without_a_good_key(api: Api) -> None:
    document, known = Document.of(api), Examples(api)
    for route in WITH_KEYS:
        url = PREFIX + known.path_of(route)
        for headers in (
            {},
            {"X-API-Key": "unknown"},
            {"Authorization": "Basic " + api.key},
            {"Authorization": "Bearer"},
        ):
            response = api.client.request(route.method, url, json=examples.body_of(route), headers=headers)
            assert refused(response, 401, "UNAUTHORIZED") == {}
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert_documented(document, route, response)


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
def test_no_route_answers_above_the_scope_of_a_key(api: Api, scope: Scope) -> None:
    document, known, key = Document.of(api), Examples(api), api.new_key(scope)
    above = {Scope.READ: {Scope.WRITE, Scope.ADMIN}, Scope.WRITE: {Scope.ADMIN}}[scope]
    too_high = [route for route in ROUTES if route.scope in above]
    assert len(too_high) >= 3
    for route in too_high:
        response = api.request(
            route.method, known.path_of(route), json=examples.body_of(route), headers={"X-API-Key": key}
        )
        assert refused(response, 403, "FORBIDDEN") == {}
        assert_documented(document, route, response)


@pytest.mark.parametrize(
    "given", ["999999", str(2**63 - 1), str(2**63), "0", "-1", "1.0", "abc", "%C3%BC", "%00", "1e3"]
)
def test_an_id_of_no_row_is_not_found(api: Api, given: str) -> None:
    document, known = Document.of(api), Examples(api)
    for route in WITH_IDS:
        response = known.send(route, **{route.ids[-1]: given})
        assert refused(response, 404, "NOT_FOUND") == {}
        assert_documented(document, route, response)


@BEFORE_ANY_STATEMENT
def test_a_path_of_no_route_is_not_found(api: Api) -> None:
    for path in ("/nothing", "/customers/1/nothing", "/invoices/1/publish/now"):
        assert refused(api.get(path), 404, "NOT_FOUND") == {}


@BEFORE_ANY_STATEMENT
def test_a_method_that_a_path_does_not_have_is_refused(api: Api) -> None:
    known = Examples(api)
    for route in ROUTES:
        response = api.request("PATCH", known.path_of(route), json={})
        assert refused(response, 405, "METHOD_NOT_ALLOWED") == {}
        methods = {other.method for other in ROUTES if other.path == route.path}
        methods |= {
            "HEAD" for other in ROUTES if other.path == route.path and (other.method, other.reads) == ("GET", True)
        }
        assert set(response.headers["Allow"].split(", ")) - {"OPTIONS"} == methods


@BEFORE_ANY_STATEMENT
def test_a_body_too_large_is_refused(api: Api) -> None:
    document, known = Document.of(api), Examples(api)
    for route in WITH_BODY:
        body = b'{"notes": "' + b"x" * route.max_body_bytes + b'"}'
        response = api.request(route.method, known.path_of(route), content=body, headers=JSON)
        assert refused(response, 413, "PAYLOAD_TOO_LARGE") == {}
        assert_documented(document, route, response)


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize(
    "media",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        ";",
        "application/json; charset=utf-16",
    ],
)
def test_a_body_that_is_not_json_by_its_type_is_refused(api: Api, media: str) -> None:
    document, known = Document.of(api), Examples(api)
    for route in WITH_BODY:
        response = api.request(route.method, known.path_of(route), content=b"{}", headers={"Content-Type": media})
        assert refused(response, 415, "UNSUPPORTED_MEDIA_TYPE") == {}
        assert_documented(document, route, response)


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"NaN",
        b'{"name": "\xff"}',
        b'{"name": 1e400000000000000000000}',
        b'{"items": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_json_object_is_refused(api: Api, body: bytes) -> None:
    document, known = Document.of(api), Examples(api)
    for route in WITH_BODY_OF_FIELDS:
        response = api.request(route.method, known.path_of(route), content=body, headers=JSON)
        assert refused(response, 400, "MALFORMED") == {}
        assert_documented(document, route, response)


@BEFORE_ANY_STATEMENT
def test_an_unknown_field_is_refused_by_its_name(api: Api) -> None:
    document, known = Document.of(api), Examples(api)
    for route in AS_JSON:
        body = (examples.body_of(route) or {}) | {"discont_value": 10}
        response = api.request(route.method, known.path_of(route), json=body)
        assert list(refused(response, 422, "VALIDATION_FAILED")) == ["discont_value"]
        assert_documented(document, route, response)


@BEFORE_ANY_STATEMENT
def test_an_unknown_parameter_is_refused_by_its_name(api: Api) -> None:
    document, known = Document.of(api), Examples(api)
    for route in ROUTES:
        path = known.path_of(route) + "?serch=x&api_key=ignored"
        response = api.request(route.method, path, **examples.sent(route))
        assert list(refused(response, 422, "VALIDATION_FAILED")) == ["serch"]
        assert_documented(document, route, response)


@BEFORE_ANY_STATEMENT
@pytest.mark.parametrize("wrong", [{"a": {"b": []}}, [[]], "\0"], ids=["object", "list", "NUL"])
def test_all_wrong_fields_are_refused_by_their_names(api: Api, wrong: Any) -> None:
    document, known = Document.of(api), Examples(api)
    for route in WITH_BODIES:
        names = set(route.body.__struct_encode_fields__)
        response = api.request(route.method, known.path_of(route), json=dict.fromkeys(names, wrong))
        errors = refused(response, 422, "VALIDATION_FAILED")
        assert {path.partition(".")[0] for path in errors} == names
        assert_documented(document, route, response)
