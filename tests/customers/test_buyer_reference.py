"""A customer's buyer reference (EN 16931, BT-10) is that of a new bill which names none."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer, an_invoice

ITEMS = [{"description": "Work", "unit_price": 100, "tax_rate": 0}]
SCHEDULE = {"frequency": "monthly", "start_date": "2026-03-01"}
WAYS: list[tuple[str, dict[str, Any]]] = [("invoices", {}), ("quotations", {}), ("recurring-billing", SCHEDULE)]


def made(api: Api, path: str, **fields: Any) -> Any:
    return api.data(api.post(f"/{path}", {"items": ITEMS, **fields}))["buyer_reference"]


@pytest.mark.parametrize(("path", "fields"), WAYS)
@pytest.mark.parametrize(
    ("of_customer", "of_bill", "expected"),
    [
        ("04011000-1234512345-06", {}, "04011000-1234512345-06"),
        ("04011000-1234512345-06", {"buyer_reference": None}, "04011000-1234512345-06"),
        ("04011000-1234512345-06", {"buyer_reference": "Desk 7"}, "Desk 7"),
        (None, {"buyer_reference": "Desk 7"}, "Desk 7"),
        (None, {}, None),
    ],
)
def test_a_bill_that_names_none_has_its_customers(
    api: Api, path: str, fields: dict[str, Any], of_customer: str | None, of_bill: dict[str, Any], expected: str | None
) -> None:
    customer_id = a_customer(api, buyer_reference=of_customer)
    assert made(api, path, customer_id=customer_id, **fields, **of_bill) == expected


def test_it_is_shown_changed_and_removed(api: Api) -> None:
    path = f"/customers/{a_customer(api, buyer_reference='Desk 7')}"
    assert api.data(api.get(path))["buyer_reference"] == "Desk 7"
    assert api.data(api.put(path, {"buyer_reference": "Desk 8"}))["buyer_reference"] == "Desk 8"
    assert api.data(api.put(path, {"buyer_reference": None}))["buyer_reference"] is None
    assert list(api.put(path, {"buyer_reference": "x" * 201}).json()["errors"]) == ["buyer_reference"]


def test_bills_keep_the_one_that_they_were_made_with(api: Api) -> None:
    customer_id = a_customer(api, buyer_reference="Desk 7")
    body = {"customer_id": customer_id, "items": ITEMS}
    quotation = api.data(api.post("/quotations", body))
    schedule = api.data(api.post("/recurring-billing", {**body, **SCHEDULE}))
    invoice = api.data(api.post("/invoices", body))
    api.data(api.put(f"/customers/{customer_id}", {"buyer_reference": "Desk 8"}))
    billed = api.data(api.post("/recurring-billing/process", {"ids": [schedule["id"]]}))["invoices"]
    converted = api.data(api.post(f"/quotations/{quotation['id']}/convert"))["id"]
    for invoice_id in (invoice["id"], converted, *billed):
        assert api.data(api.get(f"/invoices/{invoice_id}"))["buyer_reference"] == "Desk 7", invoice_id
    copy = api.data(api.post(f"/invoices/{invoice['id']}/duplicate"))
    assert copy["buyer_reference"] == "Desk 7"
    assert billed
    cleared = api.data(api.put(f"/invoices/{invoice['id']}", {"buyer_reference": None}))
    assert cleared["buyer_reference"] is None


@pytest.mark.parametrize(("path", "fields"), WAYS)
@pytest.mark.parametrize(
    ("of_other", "of_change", "expected"),
    [
        ("Desk 8", {}, "Desk 8"),
        (None, {}, None),
        ("Desk 8", {"buyer_reference": "Desk 9"}, "Desk 9"),
        ("Desk 8", {"buyer_reference": None}, None),
    ],
)
def test_another_customer_brings_their_own(
    api: Api, path: str, fields: dict[str, Any], of_other: str | None, of_change: dict[str, Any], expected: str | None
) -> None:
    body = {"customer_id": a_customer(api, buyer_reference="Desk 7"), "items": ITEMS, **fields}
    bill = f"/{path}/{api.data(api.post(f'/{path}', body))['id']}"
    other = {"customer_id": a_customer(api, buyer_reference=of_other)}
    assert api.data(api.put(bill, {**other, **of_change}))["buyer_reference"] == expected


def test_the_same_customer_keeps_that_of_the_bill(api: Api) -> None:
    own = {"customer_id": a_customer(api, buyer_reference="Desk 7")}
    bill = f"/invoices/{api.data(api.post('/invoices', {**own, 'items': ITEMS, 'buyer_reference': 'Desk 9'}))['id']}"
    assert api.data(api.put(bill, {**own, "notes": "Thanks"}))["buyer_reference"] == "Desk 9"


def test_a_revision_for_another_customer_has_theirs(api: Api) -> None:
    invoice = an_invoice(api, 100, customer_id=a_customer(api, buyer_reference="Desk 7"))
    other = {"customer_id": a_customer(api, buyer_reference="Desk 8")}
    assert api.data(api.post(f"/invoices/{invoice['id']}/revise", other))["buyer_reference"] == "Desk 8"
