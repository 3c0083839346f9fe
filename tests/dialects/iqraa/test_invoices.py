"""iqraa's invoices, sentence by sentence of its contract; each read through the native API too."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.api import ORIGIN, Api
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.dialects.callers import DialectCaller, exact
from tests.dialects.iqraa.invoices import ANN, body, made, refused
from tests.documents.pdfs import text_of


def native(api: Api, invoice: Any) -> Any:
    """The invoice as the native API shows it."""
    return api.data(api.get(f"/invoices/{invoice['id']}"))


def customers(api: Api) -> list[str]:
    return [row["name"] for row in api.data(api.get("/customers", params={"order": "asc"}))]


def line(amount: Any = None, **fields: Any) -> dict[str, Any]:
    return {"description": "Work", **({} if amount is None else {"amount": amount}), **fields}


@pytest.mark.parametrize(
    ("status", "native_status", "has_number", "payments"),
    [
        (None, "draft", False, []),
        ("DRAFT", "draft", False, []),
        ("FINALIZED", "sent", True, []),
        ("PAID", "paid", True, ["succeeded"]),
        ("PAYMENT_FAILED", "sent", True, ["failed"]),
        ("VOID", "voided", True, []),
    ],
)
def test_what_a_status_does(
    api: Api, iqraa: DialectCaller, status: str | None, native_status: str, has_number: bool, payments: list[str]
) -> None:
    invoice = made(iqraa, status=status)
    found = native(api, invoice)
    assert (found["status"], invoice["status"]) == (native_status, status or "DRAFT")
    assert invoice["invoiceNumber"].startswith("INV-") is has_number
    assert [payment["status"] for payment in found["payments"]] == payments
    assert [payment["amount"] for payment in found["payments"]] == [Decimal("99.99")] * len(payments)
    assert found["balance_due"] == (0 if native_status in ("paid", "voided") else Decimal("99.99"))


@pytest.mark.parametrize(("currency", "total"), [("JPY", "9999"), ("USD", "99.99"), ("BHD", "9.999"), ("aed", "99.99")])
def test_currencies_of_any_digits(api: Api, iqraa: DialectCaller, currency: str, total: str) -> None:
    invoice = made(iqraa, currency=currency)
    found = native(api, invoice)
    assert (invoice["amount"], invoice["currency"]) == (9999, currency.upper())
    assert (str(found["total"]), found["currency"]) == (total, currency.upper())


def test_the_largest_amount(api: Api, iqraa: DialectCaller) -> None:
    invoice = made(iqraa, 2**53 - 1)
    assert (invoice["amount"], native(api, invoice)["total"]) == (2**53 - 1, Decimal("90071992547409.91"))


def test_without_line_items_the_description_is_the_line(api: Api, iqraa: DialectCaller) -> None:
    for invoice in (made(iqraa), exact(iqraa.post("/invoices", {**body(), "components": {"lineItems": []}}))):
        found = native(api, invoice)
        assert [(item["description"], item["unit_price"]) for item in found["items"]] == [
            ("Monthly plan", Decimal("99.99"))
        ]
        assert found["title"] == invoice["description"] == "Monthly plan"


def test_line_items_add_up(api: Api, iqraa: DialectCaller) -> None:
    lines = line("90.00", quantity=3, unitPrice=30), line("12.50", unitPrice="12.50"), line("-2.50", unitPrice="-2.5")
    found = native(api, made(iqraa, 10000, *lines))
    assert found["total"] == 100
    assert [item["line_total"] for item in found["items"]] == [90, Decimal("12.5"), Decimal("-2.5")]


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"amount": 99.99}, "99.99"),
        ({"amount": "99.99", "quantity": 2}, "49.995"),
        ({"amount": "99.99", "quantity": 7}, "14.284285714286"),
        ({"unitPrice": "33.33", "quantity": 3}, "33.33"),
    ],
)
def test_a_line_may_leave_out_its_price(api: Api, iqraa: DialectCaller, fields: dict[str, Any], price: str) -> None:
    (item,) = native(api, made(iqraa, 9999, line(**fields)))["items"]
    assert (str(item["unit_price"]), item["line_total"]) == (price, Decimal("99.99"))


def test_line_items_must_add_up_to_the_amount(api: Api, iqraa: DialectCaller) -> None:
    response = iqraa.post("/invoices", body(9998, line(unitPrice="99.99")))
    both_named = (
        "amount: Is not what the line items add up to: 99.99 USD, as amount 9999. "
        "components.lineItems: Add up to 99.99 USD, and not to the amount 9998."
    )
    assert refused(response) == (400, both_named)
    assert (exact(iqraa.get("/invoices")), customers(api)) == ([], [])


def test_a_lines_amount_is_checked(iqraa: DialectCaller) -> None:
    response = iqraa.post("/invoices", body(6000, line("60", unitPrice=20, quantity=2)))
    status, message = refused(response)
    assert status == 400
    assert message.startswith(
        "components.lineItems.0.amount: Is not quantity times unitPrice, which is 40.00. amount: Is not"
    )


def test_the_default_tax_is_contained(api: Api, iqraa: DialectCaller) -> None:
    api.data(api.post("/taxes", {"name": "VAT", "rate": 19, "is_default": True}))
    api.data(api.put("/settings", {"prices_include_tax": False, "default_notes": "Thanks"}))
    found = native(api, made(iqraa, 11900, line(unitPrice=100), line(unitPrice=19)))
    # 119 contain 19 at 19 %.
    assert (found["total"], found["tax_total"], found["prices_include_tax"]) == (119, 19, True)
    assert found["notes"] is None


def test_the_customer_is_found_by_e_mail(api: Api, iqraa: DialectCaller) -> None:
    customer = a_customer(api, name="Ann Known", email="Ann@Example.com", city="Leeds")
    other = {**ANN, "customerName": "Anna", "customerCity": "York"}
    for invoice in (made(iqraa), made(iqraa, customer=other, status="FINALIZED")):
        assert (invoice["customerName"], invoice["customerEmail"]) == ("Ann Known", "Ann@Example.com")
        assert native(api, invoice)["customer_id"] == customer
    kept = api.data(api.get(f"/customers/{customer}"))
    assert (kept["version"], kept["city"]) == (1, "Leeds")


def test_without_an_address_by_name(api: Api, iqraa: DialectCaller) -> None:
    a_customer(api, name="Ben", email="ben@example.com")
    first, second = (made(iqraa, customer={"customerName": "Ben", "customerEmail": ""}) for _ in range(2))
    assert (first["customerName"], first["customerEmail"]) == ("Ben", "")
    assert native(api, first)["customer_id"] == native(api, second)["customer_id"]
    assert customers(api) == ["Ben", "Ben"]


@pytest.mark.parametrize(
    "components", [None, {}, {"customerDetails": None}, {"customerDetails": {"customerName": " ", "customerCity": "X"}}]
)
def test_without_details_it_is_the_unnamed_customer(api: Api, iqraa: DialectCaller, components: Any) -> None:
    for status in ("DRAFT", "PAID"):
        invoice = exact(iqraa.post("/invoices", {**body(status=status), "components": components}))
        assert (invoice["customerName"], invoice["customerEmail"]) == ("", "")
        assert native(api, invoice)["customer"]["city"] is None
        assert exact(iqraa.get("/invoices"))[0] == invoice
    assert customers(api) == ["Unnamed customer"]


def test_an_address_is_a_name(api: Api, iqraa: DialectCaller) -> None:
    made(iqraa, customer={"customerEmail": "ann@example.com"})
    assert customers(api) == ["ann@example.com"]


def test_parallel_requests_make_one_customer(api: Api, iqraa: DialectCaller) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: iqraa.post("/invoices", body(status="FINALIZED")), range(16)))
    assert [reply.status_code for reply in replies] == [201] * 16
    assert len({reply.json()["invoiceNumber"] for reply in replies}) == 16
    assert customers(api) == ["Ann Example"]


@pytest.mark.parametrize(
    ("words", "country", "address"),
    [
        ("United States", "US", "1 High St"),
        ("usa", "US", "1 High St"),
        ("The Netherlands", "NL", "1 High St"),
        ("DE", "DE", "1 High St"),
        ("DEU", "DE", "1 High St"),
        ("Türkiye", "TR", "1 High St"),
        ("Cote d'Ivoire", "CI", "1 High St"),
        ("Bosnia and Herzegovina", "BA", "1 High St"),
        ("Atlantis", None, "1 High St\nAtlantis"),
        ("", None, "1 High St"),
    ],
)
def test_a_country_is_known_by_its_code_or_name(
    api: Api, iqraa: DialectCaller, words: str, country: str | None, address: str
) -> None:
    found = native(api, made(iqraa, customer={**ANN, "customerAddress": "1 High St", "customerCountry": words}))
    assert (found["customer"]["country"], found["customer"]["address"]) == (country, address)


def test_payment_terms_are_days(api: Api, iqraa: DialectCaller) -> None:
    for terms, days in ((0, 0), (30.0, 30), (None, 30), ("45", 45)):
        found = native(api, made(iqraa, paymentTerms=terms, status="FINALIZED"))
        assert days_between(found["issue_date"], found["due_date"]) == days


def days_between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def test_the_days_of_service_are_those_of_utc(api: Api, iqraa: DialectCaller) -> None:
    api.data(api.put("/settings", {"timezone": "Asia/Dubai"}))
    dates = {"startDate": "2024-01-01T23:30:00.000Z", "renewalDate": "2024-02-02T01:00:00+02:00"}
    found = native(api, made(iqraa, **dates))
    # The renewal is on 1 February in UTC, and the last day of service the one before.
    assert (found["service_start"], found["service_end"]) == ("2024-01-01", "2024-01-31")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"planCode": "P", "planName": "Plan"}, "Plan"),
        ({"planCode": "P"}, "P"),
        ({"planName": "Plan", "planCode": ""}, "Plan"),
        ({}, None),
        ({"planCode": None, "planName": " "}, None),
    ],
)
def test_the_plan(iqraa: DialectCaller, fields: dict[str, Any], expected: str | None) -> None:
    invoice = made(iqraa, **fields)
    assert invoice.get("planType") == expected
    assert list(invoice)[-1] == ("downloadLink" if expected is None else "planType")


def test_the_link_opens_the_pdf_without_a_key(api: Api, iqraa: DialectCaller) -> None:
    for status, mark in (("DRAFT", "DRAFT"), ("FINALIZED", None), ("PAID", None), ("VOID", "VOID")):
        invoice = made(iqraa, status=status)
        link = invoice["downloadLink"]
        assert link.startswith(f"{ORIGIN}/public/invoices/")
        opened = api.client.get(link)
        assert (opened.status_code, opened.headers["Content-Type"]) == (200, "application/pdf")
        said = text_of(opened.content)
        assert any(invoice["invoiceNumber"] in each for each in said)
        for each in ("DRAFT", "VOID"):
            assert any(each in words and "DRAFT-" not in words for words in said) is (each == mark)


def test_a_drafts_link_stays_when_it_is_issued(api: Api, iqraa: DialectCaller) -> None:
    draft = made(iqraa)
    assert api.client.get(draft["downloadLink"].removesuffix("/pdf")).status_code == 404
    api.data(api.post(f"/invoices/{draft['id']}/publish"))
    issued = exact(iqraa.get(f"/invoices/{draft['id']}"))
    assert (issued["status"], issued["downloadLink"]) == ("FINALIZED", draft["downloadLink"])
    assert api.client.get(draft["downloadLink"].removesuffix("/pdf")).status_code == 200


def test_an_invoice_made_natively(api: Api, iqraa: DialectCaller) -> None:
    customer = a_customer(api, name="Ben", email="ben@example.com")
    draft = a_draft(api, 50, customer_id=customer)
    shown = exact(iqraa.get(f"/invoices/{draft['id']}"))
    assert shown == {
        "id": str(draft["id"]),
        "invoiceNumber": draft["invoice_number"],
        "date": draft["issue_date"],
        "status": "DRAFT",
        "amount": 5000,
        "currency": "USD",
        "description": "",
        "customerName": "Ben",
        "customerEmail": "ben@example.com",
        "downloadLink": "",
    }
    assert exact(iqraa.get("/invoices")) == [shown]
    assert exact(iqraa.get(f"/invoices/{an_invoice(api, 50)['id']}"))["downloadLink"].endswith("/pdf")


def both(iqraa: DialectCaller, invoice: Any) -> str:
    """The status that one and the list show alike."""
    one = exact(iqraa.get(f"/invoices/{invoice['id']}"))
    (row,) = (each for each in exact(iqraa.get("/invoices")) if each["id"] == one["id"])
    assert row == one
    status: str = one["status"]
    return status


def test_a_failed_attempt_shows_while_it_is_the_last(api: Api, iqraa: DialectCaller) -> None:
    invoice = made(iqraa, status="PAYMENT_FAILED")
    made(iqraa, status="FINALIZED")
    assert both(iqraa, invoice) == "PAYMENT_FAILED"
    api.data(pay(api, invoice, 40))
    assert both(iqraa, invoice) == "FINALIZED"
    api.data(pay(api, invoice, 10, status="failed"))
    assert both(iqraa, invoice) == "PAYMENT_FAILED"
    api.data(pay(api, invoice, "59.99"))
    assert both(iqraa, invoice) == "PAID"


def test_a_payment_that_is_reversed_leaves_it_finalized(api: Api, iqraa: DialectCaller) -> None:
    invoice = made(iqraa, status="PAID")
    (payment,) = native(api, invoice)["payments"]
    api.data(api.delete(f"/payments/{payment['id']}"))
    assert both(iqraa, invoice) == "FINALIZED"


def test_what_is_overdue_is_finalized(api: Api, iqraa: DialectCaller) -> None:
    late = an_invoice(api, 50, issue_date="2024-01-01", due_date="2024-01-02")
    assert native(api, late)["status"] == "overdue"
    assert both(iqraa, late) == "FINALIZED"


def test_nothing_to_pay_is_paid_once_it_is_issued(iqraa: DialectCaller) -> None:
    assert [both(iqraa, made(iqraa, 0, status=status)) for status in ("DRAFT", "FINALIZED", "PAID", "VOID")] == [
        *("DRAFT", "PAID", "PAID", "VOID")
    ]


def test_the_list_is_newest_first_and_may_be_asked_for_in_parts(api: Api, iqraa: DialectCaller) -> None:
    ids = [made(iqraa, status=status)["id"] for status in ("DRAFT", "VOID", "PAID", "FINALIZED", "DRAFT")]
    trashed = made(iqraa)
    api.data(api.delete(f"/invoices/{trashed['id']}"))
    assert [each["id"] for each in exact(iqraa.get("/invoices"))] == ids[::-1]
    assert [each["id"] for each in exact(iqraa.get("/invoices?limit=2&page=2"))] == [ids[2], ids[1]]
    assert [each["id"] for each in exact(iqraa.get("/invoices?page=1"))] == ids[::-1]
    assert iqraa.get(f"/invoices/{trashed['id']}").status_code == 404


def test_what_is_unknown_is_ignored(iqraa: DialectCaller) -> None:
    sent = body(9999, line(unitPrice="99.99", sku="x"), colour="red", templateId="nothing", id=7)
    sent["components"]["footer"] = {"text": "x"}
    sent["components"]["customerDetails"] |= {"customerPhone": 1}
    invoice = exact(iqraa.post("/invoices?verbose=1", sent))
    assert (invoice["id"], invoice["amount"]) == ("1", 9999)
