"""Products through the API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import Api


def test_a_product_is_made_read_changed_and_deleted(api: Api) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 20})
    fields: dict[str, Any] = {
        "name": "Hour",
        "description": "An hour of work",
        "sku": "H-1",
        "unit_price": Decimal(80),
        "currency": "EUR",
        "unit": "h",
        "tax_id": 1,
        "is_active": True,
    }
    made = api.post("/products", fields | {"unit_price": "80"})
    assert made.status_code == 201
    product = Api.data(made)
    assert {name: product[name] for name in fields} == fields
    assert Api.data(api.get("/products/1")) == product
    changed = Api.data(api.put("/products/1", {"unit_price": "80.125", "sku": None}))
    assert (changed["unit_price"], changed["sku"], changed["version"]) == (Decimal("80.125"), None, 2)
    assert Api.data(api.delete("/products/1")) == {"id": 1}
    assert api.get("/products/1").status_code == 404


PRICES = [
    ("EUR", "80", "80.00"),
    ("JPY", "80", "80"),
    ("BHD", "80", "80.000"),
    (None, "80", "80.00"),
    ("EUR", "0.123456789012", "0.123456789012"),
    ("EUR", "-5.5", "-5.50"),
]


def test_a_price_is_shown_with_its_currencys_digits(api: Api, subtests: pytest.Subtests) -> None:
    for currency, price, expected in PRICES:
        with subtests.test(currency=currency, price=price, expected=expected):
            product = Api.data(api.post("/products", {"name": "Hour", "unit_price": price, "currency": currency}))
            assert str(product["unit_price"]) == expected


def test_a_product_in_use_is_deactivated_and_comes_back(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/products", {"name": "Hour", "unit_price": 80})
    new = {"customer_id": 1, "items": [{"product_id": 1}]}
    assert api.post("/invoices", new).status_code == 201
    kept = api.delete("/products/1")
    assert (kept.status_code, Api.data(kept)["is_active"]) == (200, False)
    assert "deactivated" in kept.json()["message"]
    refused = api.post("/invoices", new)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["items.0.product_id"])
    assert [row["id"] for row in Api.data(api.get("/products?is_active=true"))] == []
    assert [row["id"] for row in Api.data(api.get("/products?is_active=false"))] == [1]
    assert Api.data(api.post("/products/1/reactivate"))["is_active"] is True
    assert api.post("/invoices", new).status_code == 201


def test_a_sku_is_unique_within_the_account(api: Api) -> None:
    assert api.post("/products", {"name": "Hour", "unit_price": 1, "sku": "H"}).status_code == 201
    assert api.post("/products", {"name": "Day", "unit_price": 8, "sku": "D"}).status_code == 201
    for refused in (
        api.post("/products", {"name": "X", "unit_price": 1, "sku": "H"}),
        api.put("/products/2", {"sku": "H"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
        assert "H" in refused.json()["error"]
    assert api.put("/products/1", {"sku": "H"}).status_code == 200
    for _ in range(2):
        assert api.post("/products", {"name": "No SKU", "unit_price": 1}).status_code == 201


def test_a_product_has_a_tax_of_its_account(api: Api) -> None:
    api.post("/products", {"name": "Hour", "unit_price": 1})
    new = {"name": "Day", "unit_price": 1, "tax_id": 7}
    for refused in (api.post("/products", new), api.put("/products/1", {"tax_id": 7})):
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["tax_id"])


SEARCHES = [("STÜHLE", ["Stühle"]), ("h-1", ["Hour"]), ("of work", ["Hour"]), ("", ["Hour", "Stühle"]), ("%", [])]


def test_search(api: Api, subtests: pytest.Subtests) -> None:
    api.post("/products", {"name": "Hour", "unit_price": 1, "sku": "H-1", "description": "An hour of WORK"})
    api.post("/products", {"name": "Stühle", "unit_price": 1})
    for search, expected in SEARCHES:
        with subtests.test(search=search, expected=expected):
            found = Api.data(api.get("/products", params={"search": search, "sort": "name", "order": "asc"}))
            assert [row["name"] for row in found] == expected
