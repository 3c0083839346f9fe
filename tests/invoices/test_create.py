"""A new invoice: what it takes from where, and every field of the reply."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import Api, opened
from tests.clock import Clock

NOON = "2026-03-31T12:30:00Z"
ITEM: dict[str, Any] = {"description": "Work", "unit_price": 100}


@pytest.fixture
def seller(api: Api) -> Api:
    """An account with a customer, a tax of 20 % and a product of 80.00 with that tax."""
    api.put("/settings", {"currency": "EUR"})
    api.post("/customers", {"name": "Ann", "email": "ann@example.com"})
    api.post("/taxes", {"name": "VAT", "rate": 20})
    api.post("/products", {"name": "Hour", "unit_price": 80, "unit": "h", "tax_id": 1})
    return api


def create(api: Api, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = Api.data(api.post("/invoices", {"customer_id": 1, "items": [ITEM], **fields}))
    return made


def text(row: dict[str, Any], *names: str) -> list[str]:
    """Fields as they are written, so that 5 is not 5.00."""
    return [str(row[name]) for name in names]


WHOLE: dict[str, Any] = {
    "id": 1,
    "invoice_number": "DRAFT-1",
    "customer_id": 1,
    "customer_name": "Ann",
    "status": "draft",
    "issue_date": "2026-03-31",
    "due_date": "2026-04-14",
    "currency": "EUR",
    "subtotal": Decimal("265.99"),
    "discount_type": "percentage",
    "discount_value": 5,
    "discount_amount": Decimal("13.30"),
    "tax_total": Decimal("44.36"),
    "total": Decimal("297.05"),
    "amount_paid": 0,
    "amount_credited": 0,
    "balance_due": Decimal("297.05"),
    "notes": "Thank you",
    "payment_terms": "14 days",
    "prices_include_tax": False,
    "template_id": "plain",
    "share_token": None,
    "share_url": None,
    "issued_at": None,
    "version": 1,
    "payments": [],
    "credit_notes": [],
    "send_log": [],
}
FIRST_LINE: dict[str, Any] = {
    "id": 0,
    "product_id": 1,
    "description": "Hour",
    "quantity": 3,
    "unit": "h",
    "unit_price": Decimal("80.00"),
    "discount_type": "percentage",
    "discount_value": 10,
    "tax_id": 1,
    "tax_rate": 20,
    "tax_amount": Decimal("41.04"),
    "line_total": Decimal("216.00"),
}


def test_the_whole_reply(seller: Api) -> None:
    """216.00 + 49.99 less 5 % (13.30, split 10.80 and 2.50); tax 20 % of 205.20 and 7 % of 47.49."""
    items = [
        {"product_id": 1, "quantity": 3, "discount_type": "percentage", "discount_value": 10},
        {"description": "Book", "unit_price": "49.99", "tax_rate": 7},
    ]
    invoice = create(
        seller,
        items=items,
        discount_type="percentage",
        discount_value=5,
        issue_date="2026-03-31",
        due_date="2026-04-14",
        notes="Thank you",
        payment_terms="14 days",
        template_id="plain",
    )
    assert {name: invoice[name] for name in WHOLE} == WHOLE
    assert [(tax["rate"], tax["category"], tax["base"], tax["amount"]) for tax in invoice["taxes"]] == [
        (20, "S", Decimal("205.20"), Decimal("41.04")),
        (7, "S", Decimal("47.49"), Decimal("3.32")),
    ]
    assert invoice["customer"]["email"] == "ann@example.com"
    assert invoice["items"][0] | {"id": 0} == FIRST_LINE
    assert Api.data(seller.get("/invoices/1")) == invoice


def test_a_preview_is_the_create_that_stores_nothing(seller: Api) -> None:
    body = {
        "customer_id": 1,
        "items": [{"product_id": 1, "quantity": "1.5"}, ITEM],
        "discount_type": "fixed",
        "discount_value": 1,
    }
    preview = Api.data(seller.post("/invoices/preview", body))
    assert seller.get("/invoices").json()["pagination"]["total"] == 0
    created = Api.data(seller.post("/invoices", body))
    unstored = {"id", "invoice_number", "created_at", "updated_at", "items"}
    assert {name: preview[name] for name in preview.keys() - unstored} == {
        name: created[name] for name in created.keys() - unstored
    }
    assert [item | {"id": None} for item in created["items"]] == preview["items"]
    assert (preview["id"], created["id"]) == (None, 1)


SUMS: list[tuple[dict[str, Any], list[str]]] = [
    ({"items": [{"product_id": 1}]}, ["80.00", "16.00", "96.00"]),
    ({"items": [{"product_id": 1, "unit_price": 0}]}, ["0.00", "0.00", "0.00"]),
    ({"items": [{"product_id": 1, "quantity": "0.5", "tax_rate": 0}]}, ["40.00", "0.00", "40.00"]),
    ({"items": [ITEM, {"description": "Rebate", "unit_price": -25, "tax_rate": 0}]}, ["75.00", "0.00", "75.00"]),
    ({"items": [{**ITEM, "tax_rate": "8.875"}]}, ["100.00", "8.88", "108.88"]),
    ({"items": [{**ITEM, "discount_type": "fixed", "discount_value": 1000}]}, ["0.00", "0.00", "0.00"]),
    ({"discount_type": "amount", "discount_value": "12.34"}, ["100.00", "0.00", "87.66"]),
    ({"discount_type": "percentage", "discount_value": 0}, ["100.00", "0.00", "100.00"]),
    (
        {"currency": "JPY", "items": [{"description": "Work", "unit_price": "333.3", "quantity": 3}]},
        ["1000", "0", "1000"],
    ),
    (
        {"prices_include_tax": True, "items": [{**ITEM, "unit_price": p, "tax_rate": 19} for p in (340, "13.90")]},
        ["353.90", "56.51", "353.90"],
    ),
]


def test_the_sums(seller: Api, subtests: pytest.Subtests) -> None:
    for fields, expected in SUMS:
        with subtests.test(fields=fields, expected=expected):
            assert text(create(seller, **fields), "subtotal", "tax_total", "total") == expected


def test_1000_lines_are_a_bill(seller: Api) -> None:
    invoice = create(seller, items=[{**ITEM, "unit_price": "0.01", "tax_rate": 20}] * 1000)
    assert text(invoice, "subtotal", "tax_total", "total") == ["10.00", "2.00", "12.00"]
    assert len(invoice["items"]) == 1000
    assert Api.data(seller.get("/invoices/1")) == invoice


@pytest.mark.parametrize(
    ("currency", "status"),
    [(None, 201), ("EUR", 201), ("USD", 422)],
)
def test_a_price_counts_only_in_its_own_currency(seller: Api, currency: str | None, status: int) -> None:
    seller.put("/products/1", {"currency": "EUR"})
    body = {"customer_id": 1, "items": [{"product_id": 1}], "currency": currency}
    assert seller.post("/invoices", body).status_code == status
    priced = {"customer_id": 1, "items": [{"product_id": 1, "unit_price": 90}], "currency": currency}
    assert seller.post("/invoices", priced).status_code == 201


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"product_id": 99}, {"items.0.product_id": ["There is no such product."]}),
        (
            {"quantity": 2},
            {
                "items.0.description": ["Is required for a line without a product."],
                "items.0.unit_price": ["Is required for a line without a product."],
            },
        ),
    ],
)
def test_only_a_line_without_a_product_must_say_what_it_is(seller: Api, item: Any, expected: Any) -> None:
    refused = seller.post("/invoices", {"customer_id": 1, "items": [item]})
    assert (refused.status_code, refused.json()["errors"]) == (422, expected)


DATES: list[tuple[str, dict[str, Any], str, str]] = [
    ("UTC", {}, "2026-03-31", "2026-04-30"),
    ("Pacific/Auckland", {}, "2026-04-01", "2026-05-01"),
    ("America/Los_Angeles", {}, "2026-03-31", "2026-04-30"),
    ("Pacific/Auckland", {"issue_date": "2026-03-31"}, "2026-03-31", "2026-04-30"),
    ("Pacific/Auckland", {"issue_date": "2026-01-31T11:30:00Z"}, "2026-02-01", "2026-03-03"),
    ("America/Los_Angeles", {"issue_date": "2026-01-31T07:59:00Z"}, "2026-01-30", "2026-03-01"),
    ("UTC", {"issue_date": "2026-01-31", "due_date": "2026-01-31"}, "2026-01-31", "2026-01-31"),
    ("UTC", {"due_date": None, "issue_date": None}, "2026-03-31", "2026-04-30"),
]


def test_dates_are_those_of_the_accounts_calendar(database_url: str, subtests: pytest.Subtests) -> None:
    with opened(database_url, clock=Clock(NOON)) as api:
        api.post("/customers", {"name": "Ann"})
        for timezone, fields, issue_date, due_date in DATES:
            with subtests.test(timezone=timezone, fields=fields):
                api.put("/settings", {"timezone": timezone})
                invoice = create(api, **fields)
                assert (invoice["issue_date"], invoice["due_date"]) == (issue_date, due_date)


def test_a_client_may_give_the_number(seller: Api) -> None:
    assert create(seller, invoice_number="2026/A-1")["invoice_number"] == "2026/A-1"
    taken = seller.post("/invoices", {"customer_id": 1, "items": [ITEM], "invoice_number": "2026/A-1"})
    assert (taken.status_code, taken.json()["code"]) == (409, "CONFLICT")
    published = Api.data(seller.post("/invoices/1/publish"))
    assert published["invoice_number"] == "2026/A-1"


def test_ids_may_be_text(seller: Api) -> None:
    invoice = Api.data(seller.post("/invoices", {"customer_id": "1", "items": [{"product_id": "1", "tax_id": "1"}]}))
    assert (invoice["customer_id"], invoice["items"][0]["product_id"]) == (1, 1)
