"""Changes of a draft: a PUT changes what it names, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, refused

OLD: dict[str, Any] = {
    "customer_id": 1,
    "items": [{"description": "Work", "unit_price": 100, "tax_rate": 20}, {"description": "Trip", "unit_price": 50}],
    "issue_date": "2026-03-01",
    "due_date": "2026-03-31",
    "currency": "EUR",
    "notes": "Thanks",
    "payment_terms": "30 days",
    "discount_type": "amount",
    "discount_value": 15,
    "template_id": "plain",
}


@pytest.fixture
def draft(api: Api) -> dict[str, Any]:
    """150.00 less 15.00 (10.00 and 5.00); tax 20 % of 90.00: 153.00."""
    a_customer(api)
    a_customer(api, name="Bob")
    made: dict[str, Any] = api.data(api.post("/invoices", OLD))
    assert made["total"] == 153
    return made


def put(api: Api, **fields: Any) -> dict[str, Any]:
    changed: dict[str, Any] = api.data(api.put("/invoices/1", fields))
    assert api.data(api.get("/invoices/1")) == changed
    return changed


def without_lines(invoice: dict[str, Any], *others: str) -> dict[str, Any]:
    """The invoice but for its stamps, the ids of its lines, and ``others``."""
    left_out = {"version", "updated_at", *others}
    lines = [{name: value for name, value in item.items() if name != "id"} for item in invoice["items"]]
    return {name: value for name, value in invoice.items() if name not in left_out} | {"items": lines}


def test_an_empty_change_changes_nothing(api: Api, draft: dict[str, Any]) -> None:
    changed = put(api)
    assert without_lines(changed) == without_lines(draft)
    assert (draft["version"], changed["version"]) == (1, 2)


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"notes": None}, {"notes": None}),
    ({"notes": ""}, {"notes": ""}),
    ({"payment_terms": "now", "template_id": None}, {"payment_terms": "now", "template_id": None}),
    ({"customer_id": 2}, {"customer_id": 2, "customer_name": "Bob"}),
    ({"invoice_number": "A-1"}, {"invoice_number": "A-1"}),
    ({"due_date": "2026-03-01"}, {"due_date": "2026-03-01"}),
    ({"issue_date": "2026-03-31"}, {"issue_date": "2026-03-31"}),
    ({"due_date": None}, {"due_date": "2026-03-31"}),  # 30 days from the issue
    ({"discount_value": 30}, {"discount_amount": 30, "total": Decimal("136.00")}),
    ({"discount_type": "percentage"}, {"discount_type": "percentage", "discount_amount": Decimal("22.50")}),
    ({"discount_type": None}, {"discount_type": None, "discount_value": None, "total": Decimal("170.00")}),
    ({"prices_include_tax": True}, {"total": Decimal("135.00"), "tax_total": Decimal("15.00")}),
    ({"items": [{"description": "All", "unit_price": 1}]}, {"subtotal": 1, "discount_amount": 1, "total": 0}),
    (
        {"currency": "JPY", "items": [{"description": "All", "unit_price": 100}], "discount_value": 15},
        {"currency": "JPY", "total": 85},
    ),
    ({"currency": "eur"}, {"currency": "EUR", "total": 153}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=repr)
def test_a_change(api: Api, draft: dict[str, Any], change: dict[str, Any], expected: dict[str, Any]) -> None:
    changed = put(api, **change)
    assert {name: changed[name] for name in expected} == expected
    untouched = {"notes", "payment_terms", "issue_date", "due_date", "currency", "customer_id"} - expected.keys()
    assert {name: changed[name] for name in untouched} == {name: draft[name] for name in untouched}


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"customer_id": 7}, ["customer_id"]),
    ({"customer_id": None}, ["customer_id"]),
    ({"items": []}, ["items"]),
    ({"items": [{"unit_price": 1}]}, ["items.0.description"]),
    ({"items": [{"description": " \t", "unit_price": 1}]}, ["items.0.description"]),
    ({"items": [{"description": "", "unit_price": 1}]}, ["items.0.description"]),
    ({"due_date": "2026-02-28"}, ["due_date"]),
    ({"issue_date": "2026-04-01"}, ["due_date"]),
    ({"discount_type": "percentage", "discount_value": 101}, ["discount_value"]),
    ({"currency": "BHD", "discount_value": "0.0001", "items": OLD["items"]}, ["discount_value"]),
    ({"currency": "JPY"}, ["discount_value", "items"]),
    ({"currency": "JPY", "items": OLD["items"]}, ["discount_value"]),
    ({"currency": "JPY", "discount_type": None}, ["items"]),
    ({"currency": "JPY", "discount_type": "percentage"}, ["items"]),
    ({"discont_value": 1, "total": 1}, ["discont_value", "total"]),
]


def test_a_change_that_cannot_be(api: Api, draft: dict[str, Any], subtests: pytest.Subtests) -> None:
    for change, fields in WRONG:
        with subtests.test(change=change):
            response = api.put("/invoices/1", change)
            assert (response.status_code, sorted(response.json()["errors"])) == (422, fields)
            assert api.data(api.get("/invoices/1")) == draft


def test_the_prices_and_taxes_of_untouched_lines_stay(api: Api) -> None:
    a_customer(api)
    api.post("/taxes", {"name": "VAT", "rate": 20})
    api.post("/products", {"name": "Hour", "unit_price": 80, "tax_id": 1})
    api.post("/invoices", {"customer_id": 1, "items": [{"product_id": 1}]})
    api.put("/products/1", {"unit_price": 90, "name": "Dearer hour"})
    api.put("/taxes/1", {"rate": 25})
    (line,) = put(api, notes="Changed")["items"]
    assert (line["description"], line["unit_price"], line["tax_rate"]) == ("Hour", 80, 20)
    (line,) = put(api, items=[{"product_id": 1}])["items"]
    assert (line["description"], line["unit_price"], line["tax_rate"]) == ("Dearer hour", 90, 25)


def test_an_issued_invoice_is_immutable(api: Api) -> None:
    for invoice in (an_invoice(api, 100), an_invoice(api, 0)):
        for change in ({"notes": "x"}, {}, {"items": OLD["items"]}, {"invoice_number": "A-1"}):
            assert refused(api.put(f"/invoices/{invoice['id']}", change)) == (409, "CONFLICT")
        assert api.data(api.get(f"/invoices/{invoice['id']}")) == invoice


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"version": 1}, {}, 200),
        ({"version": 3}, {}, 409),
        ({}, {"If-Match": '"1"'}, 200),
        ({}, {"If-Match": '"2"'}, 412),
    ],
)
def test_a_stale_change_is_refused(api: Api, body: dict[str, Any], headers: dict[str, str], status: int) -> None:
    a_draft(api, 100)
    assert api.put("/invoices/1", {"notes": "Changed", **body}, headers=headers).status_code == status
    assert api.data(api.get("/invoices/1"))["notes"] == ("Changed" if status == 200 else None)


def test_a_number_in_use_is_refused(api: Api) -> None:
    a_draft(api, 100, invoice_number="A-1")
    second = a_draft(api, 100)
    assert refused(api.put(f"/invoices/{second['id']}", {"invoice_number": "A-1"})) == (409, "CONFLICT")
    assert api.put("/invoices/1", {"invoice_number": "A-1"}).status_code == 200
