"""Whatever can go wrong below the prefix: the status that fits, and a message that names the field."""

import json
import logging
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tallystick.accounts.types import Scope
from tallystick.http.endpoint import REPLAYED
from tallystick.http.routes import MAX_BODY_BYTES
from tallystick.invoices import store
from tests.bills import a_customer
from tests.dialects.invoice_ng.calls import FORM, INVOICE, ITEMS, PREFIX, Calls, refused, whole

JSON = {"Content-Type": "application/json"}
ITEM = ITEMS[0]


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "start"),
    [
        ("GET", "", {}, 404, "There is nothing at this path."),
        ("GET", "/x", {}, 404, "There is nothing at this path."),
        ("GET", "/1/2/3", {}, 404, "There is nothing at this path."),
        ("GET", "/paid", {}, 404, "There is nothing at this path."),
        ("GET", "/paid/x", {}, 404, "There is nothing at this path."),
        ("GET", "/0", {}, 404, "There is nothing at this path."),
        ("GET", "/9223372036854775808", {}, 404, "There is nothing at this path."),
        ("GET", "/1", {}, 404, "There is no such invoice."),
        ("GET", "/add", {}, 405, "This path does not answer to this method."),
        ("POST", "/all", {}, 405, "This path does not answer to this method."),
        ("POST", "/paid/1", {}, 405, "This path does not answer to this method."),
        ("PATCH", "/1", {}, 405, "This path does not answer to this method."),
        ("POST", "/add", {"content": b"x" * (MAX_BODY_BYTES + 1)}, 413, "A body may have at most 1048576 bytes."),
        ("POST", "/add", {"content": b"<a/>", "headers": {"Content-Type": "text/xml"}}, 415, "Send the body as"),
        ("POST", "/add", {"content": b"{", "headers": JSON}, 400, "The body is not JSON"),
        ("POST", "/add", {"content": b"[]", "headers": JSON}, 400, "The body must be a JSON object."),
        ("POST", "/add", {"content": b"a[=1", "headers": FORM}, 400, "The body has a field whose name"),
        ("POST", "/add", {"content": b"note=%FF", "headers": FORM}, 400, "The body is not a form in UTF-8."),
        ("POST", "/add", {"content": b"items[1][rate]=1", "headers": FORM}, 400, "The list items must have"),
        ("POST", "/add", {"headers": {"X-API-Key": ""}}, 401, "Send an API key"),
        ("GET", "/all", {"headers": {"X-API-Key": "unknown"}}, 401, "The API key is unknown"),
        ("GET", "/all?page=0", {}, 422, "page: "),
        ("GET", "/all?limit=101", {}, 422, "limit: "),
        ("POST", "/add", {"json": {}, "headers": {"Idempotency-Key": "a b"}}, 422, "client: Is required."),
    ],
)
def test_whatever_is_refused_is_refused_in_its_words(
    calls: Calls, method: str, path: str, options: dict[str, Any], status: int, start: str
) -> None:
    response = calls.request(method, path, **options)
    code, message = refused(response)
    assert (code, message[: len(start)]) == (status, start)
    assert len(response.headers["X-Request-Id"]) == 16
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


NUMBER = 'Must be a number, as 12 or "12".'
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"client": "x"}, "client: Must be the id of an existing row, as 17."),
    ({"client": 999}, "client: There is no such customer."),
    ({"client": None}, "client: "),
    ({"invoice_no": " "}, "invoice_no: Must be a text of 1 to 64 characters on one line."),
    ({"invoice_no": "DRAFT-7"}, "invoice_no: Must not begin with DRAFT-"),
    ({"payment_status": "paid"}, "payment_status: "),
    ({"payment_status": ""}, "payment_status: "),
    ({"description": "x" * 501}, "description: "),
    ({"description": "a\0b"}, "description: Must not contain the character NUL."),
    ({"currency": "XAU"}, "currency: Must be a currency code of ISO 4217, as EUR."),
    ({"tax_rate": 101}, "tax_rate: Must be a percentage from 0 to 100."),
    ({"tax_rate": "five"}, f"tax_rate: {NUMBER}"),
    ({"issue_date": "06/06/2017"}, "issue_date: Must be a date, as 2026-03-31."),
    ({"issue_date": "2999-01-01"}, "issue_date: Must not be over a year ahead."),
    ({"due_date": "2017-06-05"}, "due_date: Must not be before the issue date."),
    ({"note": ["x"]}, "note: "),
    ({"items": []}, "items: "),
    ({"items": [ITEM] * 1001}, "items: "),
    ({"items": [None]}, "items.0: "),
    ({"items": [{**ITEM, "description": " "}]}, "items.0.description: "),
    ({"items": [ITEM, {**ITEM, "quantity": 0}]}, "items.1.quantity: Must be above 0."),
    ({"items": [{**ITEM, "rate": "1e400"}]}, "items.0.rate: Must be a number with at most 15 digits"),
    ({"items": [{**ITEM, "rate": "1,5"}]}, f"items.0.rate: {NUMBER}"),
    ({"items": [{**ITEM, "rate": "999999999999999"}]}, "items.0.rate: Is larger than an amount can be."),
    ({"items": [{**ITEM, "rate": -1}]}, "items: A bill cannot go below zero."),
    ({"items": [{"quantity": 1, "rate": 1}]}, "items.0.description: Is required."),
]


def test_a_field_that_is_wrong_is_named(calls: Calls, subtests: pytest.Subtests) -> None:
    client = a_customer(calls.api)
    invoice_id = calls.an_id(client=client)
    before = calls.native(invoice_id)
    body = {**INVOICE, "client": client, "invoice_no": "INV-02"}
    for fields, start in WRONG:
        with subtests.test(fields=str(fields)[:60]):
            status, message = refused(calls.post("/add", {**body, **fields}))
            assert (status, message[: len(start)]) == (422, start)
            if fields != {"client": None}:
                assert refused(calls.put(invoice_id, **fields))[0] in (409, 422)
    assert calls.native(invoice_id) == before
    assert len(whole(calls.get("/all"))["data"]) == 1


def test_every_field_that_is_wrong_is_named_at_once(calls: Calls) -> None:
    _status, message = refused(calls.post("/add", {"tax_rate": "x", "items": [{"rate": "x"}]}))
    named = ("client", "invoice_no", "payment_status", "tax_rate", "items.0.description", "items.0.quantity")
    assert all(f"{name}: " in message for name in (*named, "items.0.rate"))


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"payment_date": None}, "payment_date: "),
        ({"payment_date": "1969-12-31"}, "payment_date: Must be a day from 1970-01-01 to tomorrow"),
        ({"amount_paid": 0}, "amount_paid: Must be above 0."),
        ({"amount_paid": "0.001"}, "amount_paid: Must have at most 2 digits after the point."),
        ({"amount_paid": None}, "amount_paid: "),
        ({"payment_method": 7}, "payment_method: "),
        ({"id": "x"}, "id: "),
    ],
)
def test_a_payment_that_is_wrong_is_refused(calls: Calls, fields: dict[str, Any], start: str) -> None:
    body = {"id": calls.an_id(), "payment_date": "2017-06-10", "amount_paid": 5, **fields}
    status, message = refused(calls.post("/record-payment", body))
    assert (status, message[: len(start)]) == (422, start)


def test_an_address_that_is_wrong_is_refused(calls: Calls) -> None:
    invoice_id = calls.an_id()
    for email in ("", "ann", None):
        status, message = refused(calls.post("/send", {"id": invoice_id, "email": email}))
        assert (status, message[:7]) == (422, "email: ")
    assert refused(calls.post("/send", {"id": invoice_id}))[1] == "email: Is required."


def test_in_another_currency_the_items_are_sent_anew(calls: Calls) -> None:
    invoice_id = calls.an_id()
    for changes in ({"currency": "USD"}, {"currency": "USD", "tax_rate": 7}):
        status, message = refused(calls.put(invoice_id, **changes))
        assert (status, message) == (422, "items: Send the items anew with the currency: their prices are in NGN.")


def test_a_key_that_may_only_read(calls: Calls) -> None:
    invoice_id = calls.an_id()
    reader = {"headers": {"X-API-Key": calls.api.new_key(Scope.READ)}}
    assert calls.get("/all", **reader).status_code == 200
    assert calls.get(f"/{invoice_id}", **reader).status_code == 200
    for method, path in (
        ("POST", "/add"),
        ("PUT", f"/{invoice_id}"),
        ("POST", "/send"),
        ("POST", "/record-payment"),
        ("GET", f"/paid/{invoice_id}"),
        ("GET", f"/not-paid/{invoice_id}"),
        ("DELETE", f"/{invoice_id}"),
    ):
        assert refused(calls.request(method, path, **reader)) == (403, "This needs a key with the scope write.")
    assert calls.invoice(invoice_id)["payment_status"] == "Not Paid"


def test_a_key_comes_in_three_places_but_in_a_header_for_a_get_that_writes(calls: Calls) -> None:
    invoice_id = calls.an_id()
    linked: dict[str, Any] = {"params": {"api_key": calls.api.key}, "headers": {"X-API-Key": ""}}
    bearer = {"headers": {"X-API-Key": "", "Authorization": f"Bearer {calls.api.key}"}}
    assert calls.get("/all", **linked).status_code == 200
    for path in (f"/paid/{invoice_id}", f"/not-paid/{invoice_id}"):
        assert refused(calls.get(path, **linked))[0] == 401
        assert calls.request("HEAD", path).status_code == 405
        assert calls.invoice(invoice_id)["payment_status"] == "Not Paid"
    whole(calls.get(f"/paid/{invoice_id}", **bearer))
    assert calls.invoice(invoice_id)["payment_status"] == "Paid"


def test_an_idempotency_key_keeps_the_answer(calls: Calls) -> None:
    body = {**INVOICE, "client": a_customer(calls.api)}
    key = {"headers": {"Idempotency-Key": "one"}}
    first, again = (calls.post("/add", body, **key) for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert refused(calls.post("/add", {**body, "note": "x"}, **key))[0] == 422
    assert len(whole(calls.get("/all"))["data"]) == 1


def test_a_bug_is_not_told(calls: Calls, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("SELECT secret")

    monkeypatch.setattr(store, "get", broken)
    with caplog.at_level(logging.INFO):
        status, message = refused(calls.get("/1?api_key=secret"))
    assert (status, message.partition(".")[0]) == (500, "Something went wrong on our side")
    lines = [json.loads(each.message) for each in caplog.records if each.name == "tallystick.access"]
    assert [(line["path"], line["status"]) for line in lines] == [(f"{PREFIX}/1", 500)]


def test_a_database_that_fails_is_refused_in_its_words(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_arguments: object) -> None:
        raise OperationalError("SELECT secret", {}, Exception("database is locked"))

    monkeypatch.setattr(store, "get", locked)
    status, message = refused(calls.get("/1"))
    assert status >= 500
    assert "secret" not in message


NASTY: list[Any] = [
    *(None, True, 0, -1, 2**63, 10**400, "", " ", "1e400", "\0", "x" * 20_000, "\u202e", "{SEQ}", "Paid"),
    *([], [[]], [None], {}, {"": 1}, [{}]),
]


@pytest.mark.slow
def test_no_value_of_any_field_breaks_anything(calls: Calls) -> None:
    client = a_customer(calls.api)
    invoice_id = calls.an_id(client=client)
    base = {**INVOICE, "client": client, "note": ""}
    payment = {"id": invoice_id, "payment_date": "2017-06-10", "amount_paid": 1, "payment_method": "Cash"}
    sent = {"id": invoice_id, "email": "ann@example.com", "phone": "1"}
    bodies = [("/add", base | {name: value}) for name in base for value in NASTY]
    bodies += [("/add", base | {"items": [{**ITEM, name: value}]}) for name in ITEM for value in NASTY]
    bodies += [("/record-payment", payment | {name: value}) for name in payment for value in NASTY]
    bodies += [("/send", sent | {name: value}) for name in sent for value in NASTY]
    for path, body in bodies:
        assert calls.post(path, body).status_code < 500, body
        if path == "/add":
            assert calls.put(invoice_id, **body).status_code < 500, body
