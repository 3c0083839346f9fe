"""Billing truths of ``scenarios.md`` through the API: M1 to M5, M7 and C3."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pytest

from tests.api import Api
from tests.bills import a_customer, an_invoice, pay, standing

MIXED = [
    {"description": "Standard", "unit_price": "100.00", "tax_rate": 10},
    {"description": "Exempt", "unit_price": "50.00", "tax_rate": 0},
    {"description": "Reduced", "unit_price": "30.00", "tax_rate": 20},
    {"description": "Reduced too", "unit_price": "20.00", "tax_rate": 20},
]
FIFTY = [{"description": f"Line {n}", "unit_price": "241.67", "tax_rate": 20} for n in range(50)]
SHOWN = ("currency", "subtotal", "discount_amount", "tax_total", "taxes", "total", "amount_paid", "balance_due")


def draft(api: Api, **fields: Any) -> Any:
    return api.data(api.post("/invoices", {"customer_id": a_customer(api), **fields}))


def sums(invoice: dict[str, Any]) -> list[str]:
    """As they are written: ``-0.00`` would be seen."""
    return [str(invoice[name]) for name in ("subtotal", "discount_amount", "tax_total", "total", "balance_due")]


def breakdown(invoice: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(str(tax["rate"]), str(tax["base"]), str(tax["amount"])) for tax in invoice["taxes"]]


def test_m1_a_discount_over_three_rates(api: Api) -> None:
    """The discount falls 5.00 / 2.50 / 1.50 / 1.00 on the lines."""
    invoice = draft(api, items=MIXED, discount_type="amount", discount_value="10.00")
    assert sums(invoice) == ["200.00", "10.00", "19.00", "209.00", "209.00"]
    assert breakdown(invoice) == [("10", "95.00", "9.50"), ("0", "47.50", "0.00"), ("20", "47.50", "9.50")]
    assert [str(item["tax_amount"]) for item in invoice["items"]] == ["9.50", "0.00", "5.70", "3.80"]
    assert [str(item["line_total"]) for item in invoice["items"]] == ["100.00", "50.00", "30.00", "20.00"]


def test_m2_a_discount_above_the_subtotal(api: Api) -> None:
    invoice = draft(api, items=MIXED, discount_type="amount", discount_value=1000)
    assert sums(invoice) == ["200.00", "200.00", "0.00", "0.00", "0.00"]
    assert {(base, amount) for _, base, amount in breakdown(invoice)} == {("0.00", "0.00")}


@pytest.mark.parametrize(("rounding", "tax"), [("document", "2416.70"), ("line", "2416.50")])
def test_m3_where_tax_is_rounded(api: Api, rounding: str, tax: str) -> None:
    api.put("/settings", {"rounding": rounding})
    invoice = draft(api, items=FIFTY)
    assert (str(invoice["subtotal"]), str(invoice["tax_total"])) == ("12083.50", tax)
    assert sum(item["tax_amount"] for item in invoice["items"]) == Decimal(tax)
    api.put("/settings", {"rounding": {"line": "document", "document": "line"}[rounding]})
    changed = api.data(api.put(f"/invoices/{invoice['id']}", {"discount_type": "amount", "discount_value": 0}))
    assert str(changed["tax_total"]) == tax, "the rounding is stored with the bill"


@pytest.mark.parametrize("prices_include_tax", [True, False])
@pytest.mark.parametrize("items", [MIXED, FIFTY, [{"description": "x", "unit_price": "0.01", "tax_rate": 20}]])
def test_m4_a_discount_of_100_percent(api: Api, items: list[dict[str, Any]], prices_include_tax: bool) -> None:
    invoice = draft(
        api, items=items, discount_type="percentage", discount_value=100, prices_include_tax=prices_include_tax
    )
    assert sums(invoice)[2:] == ["0.00", "0.00", "0.00"]
    assert api.data(api.post(f"/invoices/{invoice['id']}/publish"))["status"] == "paid"


# 90,071,992,547,409.91: as many cents as 53 bits can count.
LARGEST = {"quantity": 100, "unit_price": "900719925474.0991"}
BILLS: list[dict[str, Any]] = [
    {"items": MIXED, "discount_type": "amount", "discount_value": "10.00"},
    {"items": MIXED, "discount_type": "percentage", "discount_value": "33.333333333333"},
    {"items": FIFTY, "prices_include_tax": True},
    {"items": MIXED, "currency": "JPY"},
    {
        "items": [{"description": "x", "unit_price": "0.0049", "quantity": "1234.567", "tax_rate": "7.7"}],
        "currency": "BHD",
    },
    {"items": [{"description": "x", **LARGEST}]},
]


def test_m5_the_same_totals_wherever_a_bill_is_shown(api: Api, subtests: pytest.Subtests) -> None:
    customer_id = a_customer(api)
    for bill in BILLS:
        with subtests.test(bill=bill):
            body = {"customer_id": customer_id, **bill}
            created = api.data(api.post("/invoices", body))
            path = f"/invoices/{created['id']}"
            surfaces: dict[str, Callable[[], httpx.Response]] = {
                "preview": partial(api.post, "/invoices/preview", body),
                "get": partial(api.get, path),
                "change": partial(api.put, path, {"notes": "x"}),
                "publish": partial(api.post, f"{path}/publish"),
                "get once issued": partial(api.get, path),
                "copy": partial(api.post, f"{path}/duplicate"),
            }
            expected = [str(created[name]) for name in SHOWN]
            assert [str(api.data(api.get("/invoices"))[0][name]) for name in SHOWN] == expected
            for surface, show in surfaces.items():
                shown = api.data(show())
                assert [str(shown[name]) for name in SHOWN] == expected, surface


DIGITS: list[tuple[str, str, str, str]] = [
    ("JPY", "3", "333.3", "1000"),
    ("BHD", "1", "1.0005", "1.001"),
    ("USD", "1", "1.005", "1.01"),
    ("USD", "3", "0.335", "1.01"),
    ("CLF", "1", "0.00005", "0.0001"),
    ("EUR", "100", "900719925474.0991", "90071992547409.91"),
    ("JPY", "0.000000000001", "1", "0"),
]


def test_m7_digits_of_currencies(api: Api, subtests: pytest.Subtests) -> None:
    for currency, quantity, unit_price, total in DIGITS:
        with subtests.test(currency=currency, unit_price=unit_price):
            items = [{"description": "x", "quantity": quantity, "unit_price": unit_price}]
            assert str(draft(api, items=items, currency=currency)["total"]) == total


OVERFLOWS: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([{"unit_price": "92233720368547758.07"}], ["items.0.unit_price"]),  # more digits than a number may have
    ([{**LARGEST, "unit_price": "900719925474.0992"}], ["items.0.unit_price"]),
    ([{"unit_price": "99999999999999", "quantity": "99999999999999"}], ["items.0.unit_price"]),
    ([LARGEST, {"unit_price": "0.01"}], ["total"]),
    ([{**LARGEST, "tax_rate": "0.01"}], ["total"]),
]


def test_m7_what_is_larger_than_an_amount_can_be(api: Api, subtests: pytest.Subtests) -> None:
    customer_id = a_customer(api)
    for items, fields in OVERFLOWS:
        with subtests.test(items=items):
            described = [{"description": "x", **item} for item in items]
            refused = api.post("/invoices", {"customer_id": customer_id, "items": described})
            assert (refused.status_code, list(refused.json()["errors"])) == (422, fields)


def test_c3_a_payment_and_the_rest(api: Api) -> None:
    invoice = an_invoice(api, "249.95")
    assert pay(api, invoice, 10).status_code == 201
    assert standing(api, invoice) == ("partially_paid", "10.00", "0.00", "239.95")
    assert pay(api, invoice, "239.95").status_code == 201
    assert standing(api, invoice) == ("paid", "249.95", "0.00", "0.00")


def test_no_price_is_written_with_an_exponent(api: Api) -> None:
    tiny, words = "0.0000002", '"unit_price":0.0000002,'
    api.post("/customers", {"name": "Ann"})
    api.post("/products", {"name": "Call", "unit_price": tiny})
    api.post("/taxes", {"name": "Tiny", "rate": tiny})
    call = {"product_id": 1, "unit_price": tiny, "quantity": "0.0000003", "tax_id": 1}
    items = [call, {"description": "Work", "unit_price": 1}]
    body = {"customer_id": 1, "items": items}
    schedule = {**body, "frequency": "monthly", "start_date": "2026-01-31"}
    made = [
        api.post(path, content)
        for path, content in (("/invoices", body), ("/quotations", body), ("/recurring-billing", schedule))
    ]
    api.post("/invoices/1/publish")
    made += [api.get("/products/1"), api.get("/invoices/1"), api.post("/invoices/1/credit-note", {})]
    for reply in made:
        assert words in reply.text
        assert "E-" not in reply.text
    assert '"rate":0.0000002' in api.get("/taxes/1").text
    token = api.data(api.get("/invoices/1"))["share_token"]
    assert words in api.client.get(f"/api/v1/public/invoices/{token}").text
