"""Statements of account: what a customer was billed, has paid and owes, by day."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from tallystick.core.party import Buyer, Seller
from tallystick.documents import ops
from tallystick.documents.frame import For
from tallystick.documents.payable import payment
from tallystick.documents.statements import OpenInvoice, Statement, aging, statement_document
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.clock import Clock
from tests.documents.made import NOW, account_in
from tests.documents.pdfs import text_of

YEAR = {"from": "2026-01-01", "to": "2026-12-31"}


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    """A business that bills in euros, on a day in June."""
    with opened(database_url, clock=Clock("2026-06-15T12:00:00Z")) as api:
        api.data(api.put("/settings", {"currency": "EUR"}))
        yield api


@pytest.fixture
def customer(api: Api) -> int:
    """A customer with two invoices, a payment on account, and a credit note; and with what counts for nothing."""
    customer = a_customer(api, name="Ann Example")
    first = an_invoice(
        api, 100, customer_id=customer, issue_date="2026-03-01", due_date="2026-03-31", invoice_number="A-1"
    )
    second = an_invoice(
        api, 60, customer_id=customer, issue_date="2026-06-01", due_date="2026-07-01", invoice_number="A-2"
    )
    api.data(pay(api, first, 130, date="2026-04-10", excess="credit"))
    api.data(pay(api, second, 10, date="2026-06-02", method="credit"))
    items = [{"item_id": second["items"][0]["id"], "amount": 5}]
    api.data(api.post(f"/invoices/{second['id']}/credit-note", {"items": items}))
    a_draft(api, 7, customer_id=customer)
    void = an_invoice(api, 8, customer_id=customer)
    api.data(api.post(f"/invoices/{void['id']}/void"))
    reversed_ = api.data(pay(api, second, 9, date="2026-06-03"))
    api.data(api.delete(f"/payments/{reversed_['id']}"))
    an_invoice(api, 9, customer_id=customer, currency="USD")
    an_invoice(api, 10)
    return customer


def statement(api: Api, customer: int, **query: str) -> Any:
    return api.data(api.get(f"/customers/{customer}/statement", params=query))


def test_its_entries_lead_from_the_opening_balance_to_the_closing_one(api: Api, customer: int) -> None:
    found = statement(api, customer, **YEAR)
    entries = [
        tuple(map(str, (each["date"], each["kind"], each["amount"], each["balance"]))) for each in found["entries"]
    ]
    assert entries == [
        ("2026-03-01", "invoice", "100.00", "100.00"),
        ("2026-04-10", "payment", "-130.00", "-30.00"),
        ("2026-06-01", "invoice", "60.00", "30.00"),
        ("2026-06-15", "credit_note", "-5.00", "25.00"),
    ]
    assert (str(found["opening"]), str(found["closing"]), found["currency"]) == ("0.00", "25.00", "EUR")
    assert list(found) == ["from", "to", "currency", "opening", "entries", "closing", "aging"]
    assert {*found["entries"][0]} == {"date", "kind", "number", "amount", "balance"}


def test_what_was_before_is_in_the_opening_balance(api: Api, customer: int) -> None:
    found = statement(api, customer, **{"from": "2026-06-01", "to": "2026-06-10"})
    assert (str(found["opening"]), str(found["closing"]), len(found["entries"])) == ("-30.00", "30.00", 1)


def test_it_is_of_the_last_year_in_the_customers_currency_unless_asked(api: Api, customer: int) -> None:
    found = statement(api, customer)
    assert (found["from"], found["to"], found["currency"]) == ("2025-06-16", "2026-06-15", "EUR")
    assert str(statement(api, customer, currency="USD")["closing"]) == "9.00"
    assert str(statement(api, customer, currency="GBP")["closing"]) == "0.00"


def test_what_is_open_has_an_age(api: Api, customer: int) -> None:
    # Of A-2, 60 - 10 - 5 = 45 are open, due on 1 July.
    ages = {
        "2026-07-01": "current",
        "2026-07-02": "1_30",
        "2026-07-31": "1_30",
        "2026-08-01": "31_60",
        "2026-12-31": "over_90",
    }
    for day, age in ages.items():
        found = statement(api, customer, **{"from": "2026-01-01", "to": day})["aging"]
        assert {name: str(amount) for name, amount in found.items() if amount} == {age: "45.00"}


@pytest.mark.parametrize(
    ("late_days", "expected"),
    [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (1000, 4)],
)
def test_ages(late_days: int, expected: int) -> None:
    due = date(2026, 1, 1)
    sums = aging([OpenInvoice(due, 7), OpenInvoice(due, 3)], date.fromordinal(due.toordinal() + late_days))
    assert sums == [10 if at == expected else 0 for at in range(5)]


def test_its_pdf_says_the_same(api: Api, customer: int) -> None:
    response = api.get(f"/customers/{customer}/statement/pdf", params=YEAR)
    assert response.headers["Content-Type"] == "application/pdf"
    lines = text_of(response.content)
    assert "Statement of account" in lines
    assert "Opening balance 0.00" in lines
    assert "1 Mar 2026 Invoice A-1 100.00 100.00" in lines
    assert "10 Apr 2026 Payment 130.00 −30.00" in lines
    assert "Closing balance EUR 25.00" in lines
    assert "Over 90 days" in " ".join(lines)
    german = api.get(f"/customers/{customer}/statement/pdf", params={**YEAR, "language": "de", "template": "modern"})
    assert "Endsaldo EUR 25,00" in text_of(german.content)


@pytest.mark.parametrize(
    ("language", "reference"),
    [(None, "Customer no. 7"), ("de", "Kundennummer 7"), ("fr-BE", "N° client 7"), ("sv", "Customer no. 7")],
)
def test_it_is_paid_under_the_customers_number_in_the_sellers_words(language: str | None, reference: str) -> None:
    seller = Seller(name="Ours", language=language, iban="DE02120300000000202051")
    whom = For(structs.replace(account_in("en"), seller=seller), NOW)
    day = date(2026, 1, 1)
    owed = Statement(currency="EUR", from_date=day, to_date=day, opening=100, movements=[], aging=[100, 0, 0, 0, 0])
    document = statement_document(owed, Buyer(id=7, name="Ann Example", language="ja"), whom)
    assert {row.key: row.text for row in document.meta}["customer_number"] == "7"
    told = payment(None, seller, reference, 100, whom.reader(seller, Buyer(id=7, name="", language="ja"), "EUR"))
    assert told is not None
    assert told.qr is not None
    assert document.payment == told


def test_wrong_days_are_refused(api: Api, customer: int) -> None:
    wrong = api.get(f"/customers/{customer}/statement", params={"from": "2026-02-02", "to": "2026-02-01"})
    assert (wrong.status_code, wrong.json()["errors"]) == (422, {"to": ["Must not be before the first day."]})
    assert api.get("/customers/999/statement", params=YEAR).status_code == 404


def test_a_long_one_is_refused(api: Api, customer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "MOST_MOVEMENTS", 3)
    refused = api.get(f"/customers/{customer}/statement/pdf", params=YEAR)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["from"])
