"""Receipts of payments."""

from typing import Any

from tests.api import Api
from tests.bills import a_customer, an_invoice, pay, refused
from tests.documents.pdfs import text_of


def lines_of(api: Api, payment: Any) -> list[str]:
    response = api.get(f"/payments/{payment['id']}/pdf")
    assert response.status_code == 200, response.text
    return text_of(response.content)


def test_a_receipt_says_what_came_in_and_what_it_settles(api: Api) -> None:
    customer = a_customer(api, name="Ann Example", country="GB")
    invoices = [
        an_invoice(api, price, customer_id=customer, issue_date="2026-03-01", currency="EUR", invoice_number=number)
        for price, number in ((100, "A-1"), (50, "A-2"))
    ]
    body = {"customer_id": customer, "amount": 170, "currency": "EUR", "date": "2026-03-15", "excess": "credit"}
    allocations = [
        {"invoice_id": each["id"], "amount": amount} for each, amount in zip(invoices, (100, 30), strict=True)
    ]
    payment = api.data(api.post("/payments", {**body, "reference": "TX 7", "allocations": allocations}))
    lines = lines_of(api, payment)
    assert f"Receipt {payment['id']}" in lines
    assert "Document Date Invoice total This payment Still due" in lines
    assert "Invoice A-1 1 Mar 2026 100.00 100.00 0.00" in lines
    assert "Invoice A-2 1 Mar 2026 50.00 30.00 20.00" in lines
    assert "To your credit 40.00" in lines
    assert "Amount received EUR 170.00" in lines
    assert {"Paid on 15 March 2026", "Paid by bank transfer", "Reference TX 7"} <= {*lines}


def test_a_failed_payment_has_none(api: Api) -> None:
    invoice = an_invoice(api, 100)
    failed = api.data(pay(api, invoice, 100, status="failed"))
    assert refused(api.get(f"/payments/{failed['id']}/pdf")) == (409, "CONFLICT")


def test_that_of_a_reversed_one_says_so(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 100))
    assert not any("Payment reversed" in line for line in lines_of(api, payment))
    api.data(api.delete(f"/payments/{payment['id']}"))
    assert any("Payment reversed" in line for line in lines_of(api, payment))
