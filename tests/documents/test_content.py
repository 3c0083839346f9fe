"""What a document says of a bill: the amounts that the bill has, in its reader's words."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tallystick.documents.document import Document
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.clock import Clock
from tests.documents.made import document_of, texts_of, totals_of
from tests.quotations.offers import a_quotation, act

NOON = "2026-03-15T12:00:00Z"
SPACE = "\N{NO-BREAK SPACE}"
IBAN = "DE02120300000000202051"


@pytest.fixture
def clock() -> Clock:
    """Noon of a day in March, until a test moves it."""
    return Clock(NOON)


@pytest.fixture
def german(database_url: str, clock: Clock) -> Iterator[Api]:
    """A business in Germany."""
    with opened(database_url, clock=clock) as api:
        settings = {"currency": "EUR", "iban": IBAN, "address": "Hafen 1", "city": "Hamburg", "country": "DE"}
        api.data(api.put("/settings", settings))
        yield api


def state_of(api: Api, invoice: Any) -> tuple[str, str]:
    """The key and the words of how an invoice stands."""
    state = document_of(api, "invoice", invoice).state
    assert state is not None
    return state.key, state.text


def headline_of(document: Document) -> dict[str, str]:
    return {item.label: item.text for item in document.headline}


@pytest.fixture
def austrian(german: Api) -> Document:
    """An invoice to a customer in Austria, of which a part is paid."""
    customer = a_customer(german, name="Ömer & Co", language="de", country="AT", city="Linz", tax_id="ATU12345678")
    design = {"description": "Entwurf\nDrei Wege", "quantity": "2.5", "unit": "hour", "unit_price": "1000.125"}
    setting = {"description": "Satz", "unit_price": 50, "discount_type": "percentage", "discount_value": 10}
    items = [{**design, "tax_rate": 19}, {**setting, "tax_rate": 7}]
    fields = {"discount_type": "amount", "discount_value": 45.31, "invoice_number": "RE-7"}
    invoice = an_invoice(german, customer_id=customer, items=items, **fields)
    pay(german, invoice, "1000.10", date="2026-03-15")
    return document_of(german, "invoice", invoice)


def test_its_sums_are_the_bills(austrian: Document) -> None:
    # 2500.3125 + 45.00 = 2545.31, less 45.31 = 2500.00: 44.51 and 0.80 off, so bases 2455.80 and 44.20;
    # tax 466.602 + 3.094 = 469.69; total 2969.69
    assert totals_of(austrian) == {
        "Zwischensumme": "2.545,31",
        "Rabatt": "−45,31",
        "Nettobetrag": "2.500,00",
        f"USt. 19{SPACE}% auf 2.455,80": "466,60",
        f"USt. 7{SPACE}% auf 44,20": "3,09",
        "Bruttobetrag": "2.969,69",
        "Bezahlt 15.03.2026, Überweisung": "−1.000,10",
        "Zu zahlen": "1.969,59",
    }
    assert [row.weight for row in austrian.totals] == [0, 0, 0, 0, 0, 1, 0, 2]


def test_its_lines_are_the_bills(austrian: Document) -> None:
    labels = [column.label for column in austrian.table.columns]
    assert labels == ["Pos.", "Bezeichnung", "Menge", "Einzelpreis", "Rabatt", "USt.", "Betrag"]
    first, second = austrian.table.rows
    assert (first.cells["description"], first.detail) == ("Entwurf", "Drei Wege")
    assert (first.cells["quantity"], first.unit, first.cells["unit_price"]) == ("2,5", "Stunden", "1.000,125")
    assert (first.run, second.run) == ("2.500,31", "2.545,31")
    assert (second.cells["discount"], second.cells["amount"]) == (f"−10{SPACE}%", "45,00")


def test_it_is_written_as_its_reader_writes(austrian: Document) -> None:
    assert (austrian.language, austrian.region, austrian.direction) == ("de", "AT", "ltr")
    # As Austria has it (CLDR): the sign comes first.
    assert headline_of(austrian) == {"Zu zahlen": f"€{SPACE}1.969,59", "Fällig am": "14. April 2026"}
    assert {item.label: item.text for item in austrian.meta} == {
        "Rechnungsnummer": "RE-7",
        "Datum": "15. März 2026",
        "Fällig am": "14. April 2026",
        "Ihre USt-IdNr.": "ATU12345678",
    }
    assert austrian.customer is not None
    assert (austrian.customer.name, austrian.customer.lines) == ("Ömer & Co", ["Linz", "Österreich"])


def test_it_tells_how_to_pay(austrian: Document) -> None:
    assert austrian.seller.lines == ["Hafen 1", "Hamburg"]
    assert (austrian.paper.size, austrian.paper.window) == ("a4", "left")
    assert austrian.payment is not None
    assert [item.text for item in austrian.payment.rows] == ["Example Ltd", "DE02 1203 0000 0000 2020 51", "RE-7"]
    assert austrian.payment.qr is not None


def test_with_prices_that_include_tax_the_tax_stands_below_the_total(german: Api) -> None:
    items = [{"description": "Book", "unit_price": price, "tax_rate": 19} for price in ("340.00", "13.90")]
    document = document_of(german, "invoice", an_invoice(german, items=items, prices_include_tax=True))
    # 353.90 x 19 / 119 = 56.5050...
    assert totals_of(document) == {"Total incl. tax": "353.90", "of which VAT 19% on 297.39": "56.51"}
    assert [row.weight for row in document.totals] == [2, 0]


def test_a_bill_without_tax_or_discount_has_its_total_alone(german: Api) -> None:
    tax = german.data(german.post("/taxes", {"name": "None", "rate": 0, "category": "O", "exemption_reason": "§ 19"}))
    items = [{"description": "Work", "unit_price": 100, "tax_id": tax["id"]}]
    document = document_of(german, "invoice", an_invoice(german, items=items))
    assert totals_of(document) == {"Total": "100.00"}
    assert [(notice.key, notice.text) for notice in document.notices] == [("exempt", "§ 19")]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Reverse charge: the customer accounts for the VAT. Art. 196"),
        ("de", "Steuerschuldnerschaft des Leistungsempfängers. Art. 196"),
    ],
)
def test_why_no_tax_is_charged_is_told_in_the_readers_words_and_the_sellers(
    german: Api, language: str, expected: str
) -> None:
    tax = {"name": "Reverse charge", "rate": 0, "category": "AE", "exemption_reason": "Art. 196"}
    items = [{"description": "Work", "unit_price": 100, "tax_id": german.data(german.post("/taxes", tax))["id"]}]
    invoice = an_invoice(german, items=items)
    assert [notice.text for notice in document_of(german, "invoice", invoice, language).notices] == [expected]


@pytest.mark.parametrize(
    ("credited", "paid", "expected"),
    [
        (100, 0, ("credited", "Settled by credit note")),
        (40, 0, ("due", "Due 14 April")),
        (40, 60, ("paid", "Paid 15 March")),
        (40, 10, ("partly_paid", "€10.00 paid, €50.00 due 14 April")),
        (0, 100, ("paid", "Paid 15 March")),
        (0, 0, ("due", "Due 14 April")),
    ],
)
def test_a_bill_claims_no_payment_where_there_was_none(
    german: Api, credited: int, paid: int, expected: tuple[str, str]
) -> None:
    invoice = an_invoice(german, 100)
    if credited:
        items = [{"item_id": invoice["items"][0]["id"], "amount": credited}]
        german.data(german.post(f"/invoices/{invoice['id']}/credit-note", {"items": items}))
    if paid:
        german.data(pay(german, invoice, paid, date="2026-03-15"))
    assert state_of(german, invoice) == expected
    document = document_of(german, "invoice", invoice)
    assert (document.payment is None) is (credited + paid == 100)
    assert len(document.history.rows if document.history else []) == bool(credited) + bool(paid)


def test_it_stands_as_of_its_readers_day(german: Api, clock: Clock) -> None:
    invoice = an_invoice(german, 100, due_date="2026-03-16")
    assert state_of(german, invoice) == ("due", "Due 16 March")
    clock.set("2026-03-16T12:00:00Z")
    assert state_of(german, invoice) == ("due_today", "Due today")
    clock.set("2027-03-17T12:00:00Z")
    assert state_of(german, invoice) == ("overdue", "Was due 16 March 2026")
    payment = document_of(german, "invoice", invoice).payment
    assert payment is not None
    assert payment.text == "This was due on 16 March 2026. Please pay it now."


def test_a_draft_and_a_void_bill_say_so(german: Api) -> None:
    draft = a_draft(german, 100)
    document = document_of(german, "invoice", draft)
    assert document.mark is not None
    assert (document.mark.key, document.mark.text, document.payment) == ("draft", "Draft", None)
    assert headline_of(document) == {"Total": "€100.00", "Due date": "14 April 2026"}
    german.data(german.post(f"/invoices/{draft['id']}/publish"))
    german.data(german.post(f"/invoices/{draft['id']}/void"))
    void = document_of(german, "invoice", draft)
    assert void.mark is not None
    assert (void.mark.key, void.payment) == ("void", None)
    assert headline_of(void) == {"Void": "Nothing to pay", "Total": "€100.00"}


def test_a_revised_bill_says_when(german: Api, clock: Clock) -> None:
    invoice = an_invoice(german, 100)
    clock.set("2026-03-20T12:00:00Z")
    german.data(german.post(f"/invoices/{invoice['id']}/revise", {"notes": "Mended"}))
    document = document_of(german, "invoice", invoice)
    assert [item.text for item in document.meta if item.key == "revised"] == ["20 March 2026"]
    assert document.notes == ["Mended"]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([], ("draft", "Draft")),
        (["publish"], ("open_quotation", "Open until 31 March")),
        (["publish", "accept"], ("accepted", "Accepted 15 March")),
        (["publish", "reject"], ("rejected", "Declined 15 March")),
        (["publish", "convert"], ("accepted", "Accepted 15 March")),
    ],
)
def test_a_quotation(german: Api, actions: list[str], expected: tuple[str, str]) -> None:
    quotation = a_quotation(german, 100, valid_until="2026-03-31")
    for action in actions:
        german.data(act(german, quotation, action))
    document = document_of(german, "quotation", quotation)
    assert document.state is not None
    assert (document.state.key, document.state.text) == expected
    assert headline_of(document) == {"Total": "€100.00", "Valid until": "31 March 2026"}
    assert (document.payment, document.history) == (None, None)


def test_a_credit_note(german: Api) -> None:
    invoice = an_invoice(german, 100, 50)
    items = [{"item_id": invoice["items"][0]["id"], "amount": 40}]
    body = {"items": items, "reason": "Damaged"}
    note = german.data(german.post(f"/invoices/{invoice['id']}/credit-note", body))
    document = document_of(german, "credit_note", note)
    assert document.heading == f"Credit note {note['credit_note_number']}"
    assert {item.label: item.text for item in document.meta} == {
        "Credit note no.": note["credit_note_number"],
        "Date": "15 March 2026",
        "Credit for invoice": invoice["invoice_number"],
        "Reason": "Damaged",
    }
    assert totals_of(document)["Total credit"] == "40.00"
    assert document.state is not None
    assert document.state.text == "Issued 15 March"


def test_a_tax_invoice_is_called_so_where_law_asks(german: Api) -> None:
    german.data(german.put("/settings", {"country": "AU", "currency": "AUD"}))
    items = [{"description": "Work", "unit_price": 100, "tax_rate": 10}]
    taxed, untaxed = an_invoice(german, items=items), an_invoice(german, 100)
    assert document_of(german, "invoice", taxed).title == "Tax invoice"
    assert document_of(german, "invoice", untaxed).title == "Invoice"
    assert "Tax 10% on 100.00" in totals_of(document_of(german, "invoice", taxed))


def test_no_character_garbles_what_a_reader_sees(german: Api) -> None:
    hostile = "a\u202eb\u0007c\u2066d\u2028e\u0301"
    names = ("name", "address", "address_line1", "city", "state", "postal_code", "tax_id")
    german.data(german.put("/settings", {**dict.fromkeys(names, hostile), "iban": hostile, "bic": hostile}))
    customer = a_customer(german, **dict.fromkeys(names, hostile))
    items = [{"description": hostile, "unit": hostile, "unit_price": 1}]
    header = dict.fromkeys(("title", "purchase_order", "buyer_reference", "project", "notes", "payment_terms"), hostile)
    invoice = an_invoice(german, customer_id=customer, items=items, invoice_number="A\u202eB", **header)
    texts = [text for _path, text in texts_of(document_of(german, "invoice", invoice))]
    assert texts.count("abcdé") >= 10
    assert [text for text in texts if re.search("[\x00-\x09\x0b-\x1f\u2028\u202e\u2066]", text)] == []
