"""Garbage gets the documented refusal with every wrong field named, and never a 500."""

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tallystick.bills.api import ItemBody
from tallystick.http.routes import Route
from tallystick.native.routes import ROUTES
from testing.server import serving
from tests.api import Api
from tests.databases import Kind

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
DEEP = 100_000
ITEM = {"description": "Work", "unit_price": 100}
VALID: dict[str, Any] = {
    "name": "Ann",
    "unit_price": 1,
    "rate": 0,
    "amount": 1,
    "scopes": ["read"],
    "customer_id": 1,
    "items": [ITEM],
}
WITH_BODY = [route for route in ROUTES if route.takes_body and not route.takes_file]
# Usage events read their bodies themselves, and have tests of their own.
# So is whoever has a share link: a token that opens nothing is 404 before anything is read.
WITH_FIELDS = [route for route in WITH_BODY if route.scope is not None and not hasattr(route.body, "read")]
MIB = 1024 * 1024


def path_of(route: Route) -> str:
    """The route's path, with the id of a row that exists."""
    return "/".join("1" if part.startswith("{") else part for part in route.path.split("/"))


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def fields_of(body: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(body)]


def required_of(body: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(body) if field.required]


def assert_refused(response: httpx.Response, status: int, code: str, *fields: str) -> None:
    """The native error body, which names these fields and no other."""
    assert response.status_code == status, response.text
    refusal = response.json()
    assert (refusal["success"], refusal["code"]) == (False, code)
    assert refusal["error"]
    assert sorted(refusal.get("errors", {})) == sorted(fields)
    assert all(sentences and all(sentences) for sentences in refusal.get("errors", {}).values())


@pytest.fixture
def busy(api: Api) -> Api:
    """An account with one row of each kind, whose id is 1."""
    api.post("/customers", {"name": "Ann", "email": "ann@example.com"})
    api.post("/taxes", {"name": "VAT", "rate": 20})
    api.post("/products", {"name": "Hour", "unit_price": 80})
    api.post("/invoices", {"customer_id": 1, "items": [ITEM]})
    return api


BODIES = [
    (b"", 422, "VALIDATION_FAILED", ["customer_id", "items"]),
    (b"{}", 422, "VALIDATION_FAILED", ["customer_id", "items"]),
    (b"[]", 400, "MALFORMED", []),
    (b"null", 400, "MALFORMED", []),
    (b"1", 400, "MALFORMED", []),
    (b'"{}"', 400, "MALFORMED", []),
    (b"{", 400, "MALFORMED", []),
    (b"{} {}", 400, "MALFORMED", []),
    (b"customer_id=1", 400, "MALFORMED", []),
    (b"\xef\xbb\xbf{}", 400, "MALFORMED", []),
    ("{}".encode("utf-16"), 400, "MALFORMED", []),
    (b'{"customer_id": NaN}', 400, "MALFORMED", []),
    (b'{"customer_id": Infinity}', 400, "MALFORMED", []),
    (b'{"customer_id": -Infinity}', 400, "MALFORMED", []),
    (b'{"customer_id": 01}', 400, "MALFORMED", []),
    (b'{"notes": "\xff"}', 400, "MALFORMED", []),
    (b'{"notes": "\xed\xa0\x80"}', 400, "MALFORMED", []),
    (b'{"notes": "\\ud800"}', 422, "VALIDATION_FAILED", ["customer_id", "items", "notes"]),
    (b'{"notes": "\x00"}', 400, "MALFORMED", []),
    (b'{"notes": "\\u0000"}', 422, "VALIDATION_FAILED", ["customer_id", "items", "notes"]),
    (b'{"a\\u0000b": 1}', 422, "VALIDATION_FAILED", ["a\0b", "customer_id", "items"]),
    (b"[" * DEEP, 400, "MALFORMED", []),
    (b"[" * DEEP + b"]" * DEEP, 400, "MALFORMED", []),
    (b'{"items":' * DEEP + b"1" + b"}" * DEEP, 400, "MALFORMED", []),
    (b'{"items": ' + b"[" * DEEP + b"]" * DEEP + b"}", 400, "MALFORMED", []),
    (b'{"notes": "' + b"x" * MIB + b'"}', 413, "PAYLOAD_TOO_LARGE", []),
]


def test_a_body_that_is_no_invoice(busy: Api, subtests: pytest.Subtests) -> None:
    for raw, status, code, fields in BODIES:
        with subtests.test(body=raw[:40]):
            assert_refused(busy.post("/invoices", content=raw, headers=JSON), status, code, *fields)


NUMBER = "items.0.unit_price"


WRONG_ITEMS = [
    ('"unit_price": 1e400', [NUMBER]),
    ('"unit_price": -1e400', [NUMBER]),
    ('"unit_price": 1e-400', [NUMBER]),
    ('"unit_price": 1' + 400 * "0", [NUMBER]),
    ('"unit_price": 0.' + 400 * "1", [NUMBER]),
    ('"unit_price": "NaN"', [NUMBER]),
    ('"unit_price": "sNaN"', [NUMBER]),
    ('"unit_price": "Infinity"', [NUMBER]),
    ('"unit_price": "1e400"', [NUMBER]),
    ('"unit_price": "1,5"', [NUMBER]),
    ('"unit_price": "1_000"', [NUMBER]),
    ('"unit_price": "١٢"', [NUMBER]),
    ('"unit_price": " 1"', [NUMBER]),
    ('"unit_price": ""', [NUMBER]),
    ('"unit_price": true', [NUMBER]),
    ('"unit_price": [1]', [NUMBER]),
    ('"unit_price": 99999999999999999', [NUMBER]),
    ('"unit_price": 1, "quantity": 0', ["items.0.quantity"]),
    ('"unit_price": 1, "quantity": -1', ["items.0.quantity"]),
    ('"unit_price": 1, "quantity": 1e400', ["items.0.quantity"]),
    ('"unit_price": 1, "tax_rate": 101', ["items.0.tax_rate"]),
    ('"unit_price": 1, "tax_rate": -1', ["items.0.tax_rate"]),
    ('"unit_price": 1, "tax_id": 7', ["items.0.tax_id"]),
    ('"unit_price": 1, "product_id": 9223372036854775808', ["items.0.product_id"]),
    ('"unit_price": 1, "product_id": 7', ["items.0.product_id"]),
    ('"unit_price": 1, "discont_value": 5', ["items.0.discont_value"]),
    ('"unit_price": 1, "discount_type": "amount"', ["items.0.discount_value"]),
    ('"unit_price": 1, "discount_type": "half", "discount_value": 5', ["items.0.discount_type"]),
    ('"unit_price": 1, "discount_type": "percentage", "discount_value": 101', ["items.0.discount_value"]),
    ('"unit_price": -1', ["items"]),
    ('"quantity": "x", "unit_price": "y", "z": 1', ["items.0.quantity", NUMBER, "items.0.z"]),
]


def test_an_item_that_is_no_item(busy: Api, subtests: pytest.Subtests) -> None:
    for item, fields in WRONG_ITEMS:
        with subtests.test(item=item):
            raw = f'{{"customer_id": 1, "items": [{{"description": "Work", {item}}}]}}'.encode()
            for path in ("/invoices", "/invoices/preview"):
                assert_refused(busy.post(path, content=raw, headers=JSON), 422, "VALIDATION_FAILED", *fields)


WRONG_FIELDS: list[tuple[dict[str, Any], list[str]]] = [
    ({"customer_id": 7}, ["customer_id"]),
    ({"customer_id": 0}, ["customer_id"]),
    ({"customer_id": -1}, ["customer_id"]),
    ({"customer_id": 2**63}, ["customer_id"]),
    ({"customer_id": "1e0"}, ["customer_id"]),
    ({"customer_id": None}, ["customer_id"]),
    ({"items": []}, ["items"]),
    ({"items": [ITEM] * 1001}, ["items"]),
    ({"items": None}, ["items"]),
    ({"items": {}}, ["items"]),
    ({"items": [None, 1, []]}, ["items.0", "items.1", "items.2"]),
    ({"currency": "XAU"}, ["currency"]),
    ({"currency": "ABC"}, ["currency"]),
    ({"issue_date": "2026-02-30"}, ["issue_date"]),
    ({"issue_date": "tomorrow"}, ["issue_date"]),
    ({"issue_date": "1899-12-31"}, ["issue_date"]),
    ({"issue_date": "9999-12-31"}, ["issue_date"]),
    ({"issue_date": 20260331}, ["issue_date"]),
    ({"issue_date": "2026-03-31", "due_date": "2026-03-30"}, ["due_date"]),
    ({"invoice_number": ""}, ["invoice_number"]),
    ({"invoice_number": " "}, ["invoice_number"]),
    ({"invoice_number": "A\n1"}, ["invoice_number"]),
    ({"invoice_number": "x" * 65}, ["invoice_number"]),
    ({"discount_type": "amount"}, ["discount_value"]),
    ({"discount_value": 5}, ["discount_type"]),
    ({"discount_type": "amount", "discount_value": "0.001"}, ["discount_value"]),
    ({"discont_value": 5}, ["discont_value"]),
    ({"notes": "x" * 10_001}, ["notes"]),
    (
        {"customer_id": 7, "items": [{"tax_id": 7}]},
        ["customer_id", "items.0.description", "items.0.tax_id", NUMBER],
    ),
]


def test_an_invoice_with_a_wrong_field(busy: Api, subtests: pytest.Subtests) -> None:
    for fields, wrong in WRONG_FIELDS:
        with subtests.test(fields=fields):
            body = {"customer_id": 1, "items": [ITEM], **fields}
            assert_refused(busy.post("/invoices", body), 422, "VALIDATION_FAILED", *wrong)


def test_every_wrong_field_is_named_at_once(busy: Api, subtests: pytest.Subtests) -> None:
    for route in WITH_FIELDS:
        with subtests.test(route=name_of(route)):
            names = [*fields_of(route.body), "nonsense"]
            response = busy.request(route.method, path_of(route), json={name: {"nonsense": 1} for name in names})
            assert response.status_code == 422
            assert {path.partition(".")[0] for path in response.json()["errors"]} == set(names)


WRONG_QUERIES = [
    ("/invoices?page=0", "page"),
    ("/invoices?page=-1", "page"),
    ("/invoices?page=one", "page"),
    ("/invoices?page=1e400", "page"),
    ("/invoices?page=99999999999999999999", "page"),
    ("/invoices?page=1&page=2", "page"),
    ("/invoices?page=", "page"),
    ("/invoices?limit=0", "limit"),
    ("/invoices?limit=101", "limit"),
    ("/invoices?order=up", "order"),
    ("/invoices?sort=number%3B%20DROP%20TABLE", "sort"),
    ("/invoices?sort=%00", "sort"),
    ("/invoices?after=%00", "after"),
    ("/invoices?search=%00", "search"),
    ("/invoices?status=payed", "status"),
    ("/invoices?status=%00", "status"),
    ("/invoices?customer_id=x", "customer_id"),
    ("/invoices?customer_id=9223372036854775808", "customer_id"),
    ("/invoices?from=2026-13-01", "from"),
    ("/invoices?from_date=yesterday", "from_date"),
    ("/invoices?to=9999-12-31", "to"),
    ("/invoices?currency=XXX", "currency"),
    ("/invoices?stauts=paid", "stauts"),
    ("/customers?status=paid", "status"),
    ("/products?is_active=perhaps", "is_active"),
    ("/customers/1?page=1", "page"),
    ("/invoices/next-number?x=1", "x"),
]


def test_a_query_that_is_wrong(busy: Api, subtests: pytest.Subtests) -> None:
    for path, field in WRONG_QUERIES:
        with subtests.test(path=path):
            assert_refused(busy.get(path), 422, "VALIDATION_FAILED", field)


def test_every_wrong_parameter_is_named_at_once(busy: Api) -> None:
    refused = busy.get("/invoices?page=0&limit=0&x=1&order=up")
    assert_refused(refused, 422, "VALIDATION_FAILED", "limit", "order", "page", "x")


def cursor(*parts: object) -> str:
    return urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


FORGED = [
    ("created_at", "x"),
    ("created_at", "%25%25%25"),
    ("created_at", "=" * 5),
    ("created_at", cursor()),
    ("created_at", cursor("created_at", "desc", 1)),
    ("created_at", cursor("created_at", "desc", 1, 2**63)),
    ("created_at", cursor("created_at", "desc", 1, "1")),
    ("created_at", cursor("created_at", "asc", 1, 1)),
    ("created_at", cursor("total", "desc", 1, 1)),
    ("total", cursor("total", "desc", "much", 1)),
    ("total", cursor("total", "desc", "9" * 30, 1)),
    ("total", cursor("total", "desc", "9" * 700, 1)),
    ("total", cursor("total", "desc", 2**63, 1)),
    ("issue_date", cursor("issue_date", "desc", 1, 1)),
    ("issue_date", cursor("issue_date", "desc", "today", 1)),
    ("issue_date", cursor("issue_date", "desc", "\0", 1)),
    ("issue_date", urlsafe_b64encode(b"[" * 700).decode()),
    ("issue_date", urlsafe_b64encode(b"\xff\xff").decode()),
]


def test_a_forged_cursor(busy: Api, subtests: pytest.Subtests) -> None:
    for sort, after in FORGED:
        with subtests.test(sort=sort, after=after):
            assert_refused(busy.get(f"/invoices?sort={sort}&after={after}"), 422, "VALIDATION_FAILED", "after")


NO_IDS = ("0", "-1", "x", "1.0", "1e0", "9223372036854775808", "9" * 40, "%00", "2")


def test_an_id_of_nothing(api: Api, subtests: pytest.Subtests) -> None:
    for route in ROUTES:
        for key in NO_IDS if route.ids else ():
            with subtests.test(route=name_of(route), key=key):
                path = path_of(route).replace("/1", f"/{key}")
                body = {name: value for name, value in VALID.items() if name in required_of(route.body)}
                assert_refused(api.request(route.method, path, json=body), 404, "NOT_FOUND")


WRONG_HEADERS = [
    ("POST", "Idempotency-Key", ""),
    ("POST", "Idempotency-Key", "x" * 256),
    ("POST", "Idempotency-Key", "a b"),
    ("PUT", "If-Match", "x"),
    ("PUT", "If-Match", ""),
    ("PUT", "If-Match", '"x'),
    ("PUT", "If-Match", "-1"),
    ("PUT", "If-Match", "1.5"),
    ("PUT", "If-Match", "9" * 10),
    ("PUT", "If-Match", '"1" "2"'),
    ("PUT", "If-Match", '"1", *'),
]


def test_a_header_that_is_wrong(busy: Api, subtests: pytest.Subtests) -> None:
    for method, header, value in WRONG_HEADERS:
        with subtests.test(header=header, value=value):
            path = "/customers" if method == "POST" else "/customers/1"
            refused = busy.request(method, path, json={"name": "Bob"}, headers={header: value})
            assert_refused(refused, 422, "VALIDATION_FAILED", header)


NO_KEYS = ("", "x", "1.x", "9" * 30 + ".x", "0.x", "-1.x", "x" * 10_000, ".")


def test_a_key_that_opens_nothing(busy: Api, subtests: pytest.Subtests) -> None:
    for secret in NO_KEYS:
        with subtests.test(secret=secret[:40]):
            assert_refused(busy.get("/invoices", headers={"X-API-Key": secret}), 401, "UNAUTHORIZED")
            assert_refused(busy.get(f"/invoices?api_key={secret}", headers={"X-API-Key": ""}), 401, "UNAUTHORIZED")


NOT_JSON = ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", "x")


def test_a_body_of_another_type(busy: Api, subtests: pytest.Subtests) -> None:
    for kind in NOT_JSON:
        with subtests.test(kind=kind):
            refused = busy.post("/customers", content=b'{"name": "Ann"}', headers={"Content-Type": kind})
            assert_refused(refused, 415, "UNSUPPORTED_MEDIA_TYPE")


BEYOND_A_DATABASE = [2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, "\0", "x" * 20_000, "\U0001f600"]
NASTY: dict[Kind, list[Any]] = {
    "sqlite": [
        *BEYOND_A_DATABASE,
        *(None, True, 0, -1, 1, "", " ", "0", "1e400", "\u202e", "{SEQ}", "2026-01-01", "EUR"),
        *([], [[]], [None], {}, {"": 1}, [{}], ["read"]),
    ],
    # What is refused by its type alone is so over any database.
    "postgresql": BEYOND_A_DATABASE,
}


@pytest.mark.parametrize("route", WITH_BODY, ids=name_of)
def test_no_value_of_any_field_breaks_anything(busy: Api, database_kind: Kind, route: Route) -> None:
    nasty = NASTY[database_kind]
    base = {name: value for name, value in VALID.items() if name in fields_of(route.body)}
    bodies = [base | {name: value} for name in fields_of(route.body) for value in nasty]
    if "items" in base:
        bodies += [base | {"items": [{**ITEM, name: value}]} for name in fields_of(ItemBody) for value in nasty]
    for body in bodies:
        response = busy.request(route.method, path_of(route), json=body)
        assert response.status_code < 500, body


def test_nothing_breaks_over_a_real_connection(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        post = server.post
        big = b'{"name": "' + b"x" * (10 * MIB) + b'"}'
        assert_refused(post("/customers", content=big, headers=JSON), 413, "PAYLOAD_TOO_LARGE")
        assert_refused(post("/customers", content=iter([big]), headers=JSON), 413, "PAYLOAD_TOO_LARGE")
        chunked = post("/customers", content=iter([b'{"name": ', b'"Ann"}']), headers=JSON)
        assert (chunked.status_code, chunked.json()["data"]["name"]) == (201, "Ann")
        assert_refused(post("/customers", content=b'{"name": "\xff"}', headers=JSON), 400, "MALFORMED")
        assert_refused(server.get("/customers?search=%FF%00"), 422, "VALIDATION_FAILED", "search")
        for path in ("/%FF%00", "/customers/%FF", "/customers/%D9%A1"):
            assert_refused(server.get(path), 404, "NOT_FOUND")
        for method, path, header in (("POST", "", "Idempotency-Key"), ("PUT", "/1", "If-Match")):
            response = server.request(method, f"/customers{path}", json={"name": "B"}, headers={header: "١".encode()})
            assert_refused(response, 422, "VALIDATION_FAILED", header)
        assert server.get("/customers").json()["pagination"]["total"] == 1
        assert "Traceback" not in server.log
