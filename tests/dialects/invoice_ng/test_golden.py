"""Every example of the document: its request as printed, its reply with the same names, types and values."""

import re
from typing import Any
from urllib.parse import quote

from tallystick.delivery.ops import NO_SMTP
from tests.bills import a_customer
from tests.dialects import seeds
from tests.dialects.invoice_ng.calls import (
    ADD,
    BASE,
    BUYER,
    EDIT,
    FORM,
    IN_LIST,
    INVOICE,
    ITEMS,
    OF_ONE,
    PREFIX,
    SEED,
    Calls,
    as_here,
    refused,
    requests,
    shown,
    whole,
)

PARAMETER = re.compile(r"^(\w+)(?: \[ \])? \| [a-z]+ \| ", re.MULTILINE)
MARK_PAID = "GET", f"{PREFIX}/paid/{{id}}"
MARK_NOT_PAID = "GET", f"{PREFIX}/not-paid/{{id}}"
RECORD = "POST", f"{PREFIX}/record-payment"
SEND = "POST", f"{PREFIX}/send"
DELETE = "DELETE", f"{PREFIX}/{{id}}"


def parameters(method: str, path: str) -> list[str]:
    """The names in the document's tables of a request's parameters, the items' behind the invoice's own."""
    _before, _request, after = seeds.text(SEED).partition(f"{method}\n{BASE}{path}\n")
    return PARAMETER.findall(after.partition("HTTP/1.1")[0])


def ask(calls: Calls, request: tuple[str, str], invoice_id: object = "", body: Any = None) -> Any:
    """The whole reply to a request at the path that the document prints, with this id in it."""
    method, path = request
    return whole(calls.request(method, path.removeprefix(PREFIX).replace("{id}", str(invoice_id)), json=body))


def as_form(body: dict[str, Any]) -> str:
    """A body as a form, with the names that the document's table gives to the items' fields."""
    pairs = [(name, value) for name, value in body.items() if name != "items"]
    pairs += [(f"items[{n}][{name}]", value) for n, item in enumerate(ITEMS) for name, value in item.items()]
    return "&".join(f"{quote(name, safe='[]')}={quote(str(value))}" for name, value in pairs)


def assert_as_shown(made: Any, request: tuple[str, str]) -> None:
    """An invoice that was written is the document's, but for its ids and its instants."""
    example = shown(*request)
    assert seeds.shape(made) == seeds.shape(example)
    assert made == {**example, "invoice": [as_here(example["invoice"][0], made["invoice"][0])]}


def pay(calls: Calls, invoice_id: str, amount: int) -> None:
    """Records a payment with a reference, which only the native API takes."""
    body = {"amount": amount, "reference": "FLW_PT023kV3"}
    calls.api.data(calls.api.post(f"/invoices/{invoice_id}/payments", body))


def test_these_are_the_requests_of_the_document() -> None:
    assert requests() == [IN_LIST, OF_ONE, ADD, EDIT, SEND, RECORD, MARK_PAID, MARK_NOT_PAID, DELETE]


def test_an_invoice_is_made_as_the_document_shows(calls: Calls) -> None:
    body = {"client": str(a_customer(calls.api, **BUYER)), **INVOICE}
    assert set(parameters(*ADD)) - {"quantity", "rate", "note"} == set(body)
    assert_as_shown(ask(calls, ADD, body=body), ADD)


def test_a_form_makes_the_same(calls: Calls) -> None:
    body = as_form({"client": a_customer(calls.api, **BUYER), **INVOICE})
    assert "items[1][description]=Domain%20Registration" in body
    assert_as_shown(whole(calls.post("/add", content=body, headers=FORM)), ADD)


def test_an_invoice_is_changed_as_the_document_shows(calls: Calls) -> None:
    buyer = a_customer(calls.api, **BUYER)
    was = {"description": "Untitled", "tax_rate": 7, "note": "Soon", "items": [{**ITEMS[0], "quantity": 3}]}
    invoice_id = calls.an_id(**was, issue_date="2017-06-01", due_date="2017-07-01", currency="USD")
    body = {**INVOICE, "client": buyer, "note": ""}
    assert set(parameters(*EDIT)) - {"quantity", "rate"} == set(body)
    assert_as_shown(ask(calls, EDIT, invoice_id, body), EDIT)


def test_an_invoice_is_got_as_the_document_shows(calls: Calls) -> None:
    invoice_id = calls.an_id()
    pay(calls, invoice_id, 157000)
    got, example = ask(calls, OF_ONE, invoice_id), shown(*OF_ONE)
    # Nothing is sent yet, so there is no line of the log to compare.
    assert seeds.shape({**got, "send_log": example["send_log"]}) == seeds.shape(example)
    assert got["items"] == example["items"]
    paid, owed = {"amount_paid": "157000"}, {"outstanding_balance": "11000"}
    # The document shows a payment of 157000 beside nothing paid; here they agree.
    assert got["invoice"] == [{**as_here(example["invoice"][0], got["invoice"][0]), **paid, **owed}]


def test_the_list_is_as_the_document_shows(calls: Calls) -> None:
    body = {"note": "Thank you for your patronage.", "payment_status": "Paid"}
    calls.an_id(**body)
    listed, example = ask(calls, IN_LIST), shown(*IN_LIST)
    assert seeds.shape(listed) == seeds.shape(example)
    # The document shows a paid invoice on which everything is due; here they agree.
    settled = {"amount_paid": "168000", "outstanding_balance": "0"}
    assert listed["data"] == [{**as_here(example["data"][0], listed["data"][0]), **settled}]


def test_what_is_done_is_said_as_the_document_shows(calls: Calls) -> None:
    invoice_id = calls.an_id()
    payment = {"id": invoice_id, "payment_date": "2017-06-10", "amount_paid": 8000, "payment_method": "Cash"}
    assert set(parameters(*RECORD)) == set(payment)
    assert ask(calls, RECORD, body=payment) == shown(*RECORD)
    assert ask(calls, MARK_PAID, invoice_id) == shown(*MARK_PAID)
    assert ask(calls, MARK_NOT_PAID, invoice_id) == shown(*MARK_NOT_PAID)
    assert ask(calls, DELETE, invoice_id) == shown(*DELETE)


def test_nothing_is_sent_without_a_mail_server(calls: Calls) -> None:
    invoice_id = calls.an_id()
    # The document's own line for the address has lost its name.
    assert parameters(*SEND) == ["id", "phone"]
    before = calls.native(invoice_id)
    status, message = refused(calls.post("/send", {"id": invoice_id, "email": "dana@example.com"}))
    assert (status, message) == (409, NO_SMTP)
    assert calls.native(invoice_id) == before
