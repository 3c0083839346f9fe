"""Some of everything that can happen to bills and money, done through the API."""

from typing import Any

from testing.caller import Caller
from tests.bills import a_customer, a_draft, an_invoice, pay

VAT: dict[str, Any] = {"description": "Design", "quantity": 3, "unit_price": "33.33", "tax_rate": 19}
REBATE: dict[str, Any] = {"description": "Rebate", "unit_price": "-10", "tax_rate": 19}
TEN_PERCENT: dict[str, Any] = {"discount_type": "percentage", "discount_value": 10}


def do_business(api: Caller) -> None:
    """The invoices 1 to 14, the payments 1 to 9, the credit notes 1 to 3, the quotations 1 to 5: always the same."""
    api.put("/settings", {"country": "DE", "default_notes": "Thank you, and auf Wiedersehen.", "language": "de"})
    ann, yuki = a_customer(api), a_customer(api, name="Yuki 株式会社", currency="JPY", email="yuki@example.com")
    api.post("/taxes", {"name": "VAT", "rate": "7.5", "category": "S"})
    api.post("/products", {"name": "Hour", "unit_price": "80.125", "tax_id": 1, "sku": "H-1"})
    _be_paid(api, ann)
    _credit(api, ann)
    _correct(api, ann)
    _bill_in_yen(api, yuki)
    _quote(api, ann)


def _be_paid(api: Caller, ann: int) -> None:
    in_parts = an_invoice(api, customer_id=ann, items=[VAT, REBATE, {"product_id": 1}], **TEN_PERCENT)
    pay(api, in_parts, 40, reference="TX-1")
    pay(api, in_parts, 10, method="card")
    overpaid = an_invoice(api, 100, customer_id=ann)
    pay(api, overpaid, 120, excess="credit")
    from_credit = an_invoice(api, 50, 50, customer_id=ann, prices_include_tax=True)
    pay(api, from_credit, 15, method="credit")
    pay(api, from_credit, 30, status="failed")
    reversed_payment = api.data(pay(api, from_credit, 5))
    api.delete(f"/payments/{reversed_payment['id']}")
    two = [an_invoice(api, 60, customer_id=ann), an_invoice(api, 70, customer_id=ann)]
    shares = [{"invoice_id": invoice["id"], "amount": 20} for invoice in two]
    api.data(api.post("/payments", {"customer_id": ann, "amount": 40, "allocations": shares}))


def _credit(api: Caller, ann: int) -> None:
    invoice = an_invoice(api, customer_id=ann, items=[VAT, {**VAT, "quantity": "2.5"}], **TEN_PERCENT)
    line = invoice["items"][0]["id"]
    api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"items": [{"item_id": line, "quantity": 1}]}))
    api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"reason": "Never delivered"}))
    paid = an_invoice(api, 100, customer_id=ann)
    api.data(api.post(f"/invoices/{paid['id']}/mark-paid"))
    credited = {"items": [{"item_id": paid["items"][0]["id"], "amount": 40}]}
    api.data(api.post(f"/invoices/{paid['id']}/credit-note", credited))


def _correct(api: Caller, ann: int) -> None:
    voided = an_invoice(api, 10, customer_id=ann)
    api.data(api.post(f"/invoices/{voided['id']}/void"))
    withdrawn = an_invoice(api, 11, customer_id=ann, invoice_number="OWN-7")
    api.data(api.post(f"/invoices/{withdrawn['id']}/unpublish"))
    api.data(api.delete(f"/invoices/{withdrawn['id']}"))
    again = an_invoice(api, 12, customer_id=ann)
    api.data(api.post(f"/invoices/{again['id']}/unpublish"))
    api.data(api.post(f"/invoices/{again['id']}/publish"))
    api.data(api.delete(f"/invoices/{a_draft(api, 13, customer_id=ann)['id']}"))


def _bill_in_yen(api: Caller, yuki: int) -> None:
    invoice = an_invoice(api, "333.3", "0.5", customer_id=yuki)
    pay(api, invoice, 100)


def _quote(api: Caller, ann: int) -> None:
    offer = {"customer_id": ann, "items": [VAT], "notes": 'A "quoted", long\nnote', **TEN_PERCENT}
    for verbs in (("publish",), ("publish", "accept", "convert"), ("convert",), ("publish", "reject"), ()):
        quotation = api.data(api.post("/quotations", offer))
        for verb in verbs:
            body = {"name": "Ann", "reason": "Too dear"} if verb == "reject" else {}
            api.data(api.post(f"/quotations/{quotation['id']}/{verb}", body))
