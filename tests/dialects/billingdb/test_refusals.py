"""Whatever can go wrong below /v1 is refused in billingdb's own shape, and each wrong field is named."""

import json
import logging
from typing import Any

import pytest

from tallystick.accounts.types import Scope
from tallystick.dialects.billingdb import errors
from tallystick.http.endpoint import REPLAYED
from tallystick.http.refusals import Refusal
from tallystick.http.routes import MAX_BODY_BYTES
from tallystick.invoices import ops
from tests.api import Api
from tests.bills import a_customer
from tests.dialects.billingdb.invoices import body, made, refused
from tests.dialects.callers import DialectCaller, exact

JSON = {"Content-Type": "application/json"}
NO_PATH = "There is nothing at this path."
REFUSED: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "", {}, 404, NO_PATH),
    ("GET", "/nothing", {}, 404, NO_PATH),
    ("GET", "/invoices/1/nothing", {}, 404, NO_PATH),
    ("GET", "/usage/report", {}, 405, "This path does not answer to this method."),
    ("GET", "/invoices/7", {}, 404, "There is no such invoice."),
    ("GET", "/invoices/x", {}, 404, NO_PATH),
    ("GET", "/invoices/0", {}, 404, NO_PATH),
    ("GET", "/invoices/9223372036854775808", {}, 404, NO_PATH),
    ("DELETE", "/invoices/7", {}, 404, "There is no such invoice."),
    ("PATCH", "/invoices", {"json": {}}, 405, "This path does not answer to this method."),
    ("POST", "/invoices/1", {"json": {}}, 405, "This path does not answer to this method."),
    ("FROBNICATE", "/invoices", {}, 400, "The request is malformed."),
    ("GET", "/invoices?page=0", {}, 400, "page: "),
    ("GET", "/invoices?limit=many", {}, 400, "limit: "),
    ("GET", "/invoices?limit=101", {}, 400, "limit: "),
    ("POST", "/invoices", {"content": b"x" * (MAX_BODY_BYTES + 1)}, 413, "A body may have at most"),
    ("POST", "/invoices", {"content": b"a=1", "headers": {"Content-Type": "text/plain"}}, 415, "Send the body as"),
    ("POST", "/invoices", {"content": b"{", "headers": JSON}, 400, "The body is not JSON"),
    ("POST", "/invoices", {"content": b"[]", "headers": JSON}, 400, "The body must be a JSON object."),
    ("POST", "/invoices", {"content": b"[" * 5000, "headers": JSON}, 400, "The body is"),
    ("POST", "/invoices", {"content": b"\xff", "headers": JSON}, 400, "The body is not JSON"),
    ("POST", "/invoices", {"json": {}, "headers": {"Authorization": ""}}, 401, "Send an API key"),
    ("GET", "/invoices", {"headers": {"Authorization": "Bearer unknown"}}, 401, "The API key is unknown"),
    ("POST", "/invoices", {"headers": {"Idempotency-Key": "a b"}, "json": {}}, 400, "customer_id: Is required."),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "start"), REFUSED)
def test_a_refusal_is_a_sentence(
    billingdb: DialectCaller, method: str, path: str, options: dict[str, Any], status: int, start: str
) -> None:
    response = billingdb.request(method, path, **options)
    found, sentence = refused(response)
    assert (found, sentence[: len(start)]) == (status, start)
    assert len(response.headers["X-Request-Id"]) == 16
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("amount", -1, "amount: Must not be negative."),
        ("amount", "1.001", "amount: Must have at most 2 digits after the point."),
        ("amount", 90071992547409.92, "amount: Is larger than an amount can be."),
        ("amount", "1e15", "amount: Must be a number with at most 15 digits before the point."),
        ("amount", "much", 'amount: Must be a number, as 12 or "12".'),
        ("amount", True, 'amount: Must be a number, as 12 or "12".'),
        ("amount", None, 'amount: Must be a number, as 12 or "12".'),
        ("customer_id", 7, "customer_id: There is no such customer."),
        ("customer_id", 1.5, "customer_id: Must be the id of an existing row, as 17."),
        ("customer_id", "\0", "customer_id: Must not contain the character NUL."),
        ("date", "01/03/2023", "date: Must be a date, as 2026-03-31."),
        ("date", "2999-12-31", "date: Must not be over a year ahead."),
        ("date", 20230301, "date: Must be a date, as 2026-03-31."),
        ("due_date", "2023-02-28", "due_date: Must not be before the issue date."),
        ("due_date", {"on": "2023-03-31"}, "due_date: Must be a date, as 2026-03-31."),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_field_that_is_wrong_is_named_and_nothing_is_done(
    api: Api, billingdb: DialectCaller, method: str, field: str, value: Any, sentence: str
) -> None:
    customer = a_customer(api)
    assert customer != 7
    invoice = made(billingdb, customer)
    path = "/invoices" if method == "POST" else f"/invoices/{invoice['id']}"
    if (field, value) == ("date", "2999-12-31"):
        sent = body(customer, 50, date=value, due_date=value)
    else:
        sent = {**body(customer, 50), field: value}
    assert refused(billingdb.request(method, path, json=sent)) == (400, sentence)
    assert exact(billingdb.get("/invoices")) == [invoice]
    after = made(billingdb, customer)
    assert api.data(api.get(f"/invoices/{after['id']}"))["invoice_number"] == "INV-2023-0002"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_all_that_is_missing_is_named(api: Api, billingdb: DialectCaller, method: str) -> None:
    path = "/invoices" if method == "POST" else f"/invoices/{made(billingdb, a_customer(api))['id']}"
    expected = "customer_id: Is required. amount: Is required. date: Is required. due_date: Is required."
    assert refused(billingdb.request(method, path, json={})) == (400, expected)


def test_what_is_unknown_is_ignored(api: Api, billingdb: DialectCaller) -> None:
    sent = {**body(a_customer(api)), "currency": "EUR", "line_items": [], "status": "paid", "id": 99}
    created = exact(billingdb.post("/invoices?verbose=1", sent))
    assert (created["id"], list(created)) == (1, ["id", "customer_id", "amount", "date", "due_date"])


def test_a_key_needs_the_scope(api: Api, billingdb: DialectCaller) -> None:
    invoice = made(billingdb, a_customer(api))
    reader = {"Authorization": f"Bearer {api.new_key(Scope.READ)}"}
    assert billingdb.get("/invoices", headers=reader).status_code == 200
    for method, path in (
        ("POST", "/invoices"),
        ("PUT", f"/invoices/{invoice['id']}"),
        ("DELETE", f"/invoices/{invoice['id']}"),
    ):
        refusal = refused(billingdb.request(method, path, json=body(1), headers=reader))
        assert refusal == (403, "This needs a key with the scope write.")
    writer = {"Authorization": f"Bearer {api.new_key(Scope.WRITE)}"}
    assert billingdb.delete(f"/invoices/{invoice['id']}", headers=writer).status_code == 204


def test_a_key_may_come_as_it_does_natively(api: Api) -> None:
    assert api.client.get("/v1/invoices", headers={"X-API-Key": api.key}).json() == []
    assert api.client.get(f"/v1/invoices?api_key={api.key}").json() == []


def test_another_accounts_invoice_is_not_found(api: Api, billingdb: DialectCaller) -> None:
    invoice = made(billingdb, a_customer(api))
    other = Api(api.database)
    theirs = {"Authorization": f"Bearer {other.key}"}
    assert refused(billingdb.get(f"/invoices/{invoice['id']}", headers=theirs))[0] == 404
    assert exact(billingdb.get("/invoices", headers=theirs)) == []
    sentence = "customer_id: There is no such customer."
    assert refused(billingdb.post("/invoices", body(invoice["customer_id"]), headers=theirs)) == (400, sentence)


def test_an_idempotency_key_keeps_the_answer(api: Api, billingdb: DialectCaller) -> None:
    customer, key = a_customer(api), {"Idempotency-Key": "one"}
    first, second = (billingdb.post("/invoices", body(customer), headers=key) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content) == (201, first.content)
    assert second.headers[REPLAYED] == "true"
    assert len(exact(billingdb.get("/invoices"))) == 1
    status, sentence = refused(billingdb.post("/invoices", body(customer, 50), headers=key))
    assert (status, sentence.startswith("This Idempotency-Key was used before")) == (400, True)


def test_a_failure_is_told_without_a_trace(
    api: Api, billingdb: DialectCaller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ops, "create", fail)
    with caplog.at_level(logging.INFO, "tallystick.access"):
        status, sentence = refused(billingdb.post("/invoices?api_key=secret", body(a_customer(api))))
    assert (status, sentence.startswith("Something went wrong on our side.")) == (500, True)
    (line,) = [json.loads(each.message) for each in caplog.records if each.name == "tallystick.access"][-1:]
    assert (line["path"], line["status"]) == ("/v1/invoices", 500)


@pytest.mark.parametrize(
    ("status", "expected"), [(400, 400), (422, 400), (409, 409), (429, 429), (500, 500), (503, 503)]
)
def test_every_status_has_the_one_shape(status: int, expected: int) -> None:
    answer = errors.refusal(Refusal(status, "CODE", "A sentence.", {}))
    assert (answer.status, answer.body) == (expected, b'{"error":"A sentence."}')


def test_a_field_is_named_as_its_clients_know_it() -> None:
    fields = {"issue_date": ["Is late."], "items.0.unit_price": ["Is large."], "total": ["Is large."]}
    answer = errors.refusal(Refusal(422, "CODE", "A sentence.", fields))
    assert answer.body == b'{"error":"date: Is late. amount: Is large."}'
    before = errors.refusal(Refusal(422, "CODE", "", {"due_date": ["Must not be before the issue_date."]}))
    assert before.body == b'{"error":"due_date: Must not be before the date."}'
    conflict = errors.refusal(Refusal(409, "CODE", "Leave out the issue_date.", {}))
    assert conflict.body == b'{"error":"Leave out the date."}'
