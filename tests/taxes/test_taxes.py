"""Taxes through the API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import Api


def test_a_tax_is_made_read_changed_and_deleted(api: Api) -> None:
    fields = {"name": "VAT", "rate": Decimal("19.5"), "category": "S", "exemption_reason": None, "is_default": False}
    made = api.post("/taxes", {"name": "VAT", "rate": "19.50"})
    assert made.status_code == 201
    tax = Api.data(made)
    assert {name: tax[name] for name in fields} == fields
    assert Api.data(api.get("/taxes/1")) == tax
    assert Api.data(api.put("/taxes/1", {"rate": 20}))["rate"] == 20
    assert Api.data(api.delete("/taxes/1")) == {"id": 1}
    assert api.get("/taxes/1").status_code == 404


CATEGORIES = [
    ("S", "20", 201),
    ("S", "0", 422),
    ("S", "0.01", 201),
    ("Z", "0", 201),
    ("E", "0", 201),
    ("AE", "0", 201),
    ("K", "0", 201),
    ("G", "0", 201),
    ("O", "0", 201),
    ("Z", "20", 422),
    ("AE", "0.01", 422),
    ("X", "0", 422),
    ("S", "100.01", 422),
    ("S", "-1", 422),
]


def test_only_the_standard_category_charges(api: Api, subtests: pytest.Subtests) -> None:
    for category, rate, status in CATEGORIES:
        with subtests.test(category=category, rate=rate, status=status):
            new = {"name": "Tax", "rate": rate, "category": category}
            assert api.post("/taxes", new).status_code == status


@pytest.mark.parametrize(("rate", "category"), [("0", "Z"), ("0.00", "Z"), ("0.01", "S"), (20, "S")])
def test_a_tax_without_a_category_is_standard_or_zero_rated(api: Api, rate: Any, category: str) -> None:
    assert Api.data(api.post("/taxes", {"name": "Tax", "rate": rate}))["category"] == category


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"category": "S", "rate": 0}, "rate", "BR-S-5"),
    ({"category": "Z", "rate": 20}, "rate", "BR-Z-5"),
    ({"category": "E", "rate": 20}, "rate", "BR-E-5"),
    ({"category": "AE", "rate": 20}, "rate", "BR-AE-5"),
    ({"category": "K", "rate": 20}, "rate", "BR-IC-5"),
    ({"category": "G", "rate": 20}, "rate", "BR-G-5"),
    ({"category": "O", "rate": 20}, "rate", "BR-O-5"),
    ({"category": "S", "rate": 20, "exemption_reason": "Why not"}, "exemption_reason", "BR-S-10"),
    ({"category": "Z", "rate": 0, "exemption_reason": "Why not"}, "exemption_reason", "BR-Z-10"),
    ({"rate": 0, "exemption_reason": "Why not"}, "exemption_reason", "BR-Z-10"),
]


def test_a_refusal_names_the_field_and_the_rule(api: Api, subtests: pytest.Subtests) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 7})
    for fields, field, rule in REFUSALS:
        with subtests.test(**fields):
            refusals = [api.post("/taxes", {"name": "Tax", **fields})]
            if "category" in fields:
                refusals.append(api.put("/taxes/1", fields))
            for refused in refusals:
                assert refused.status_code == 422
                assert refused.json()["errors"][field][0].startswith(f"{rule}: ")
    assert [(tax["rate"], tax["category"]) for tax in Api.data(api.get("/taxes"))] == [(7, "S")]


def test_a_change_to_an_exempt_category_needs_the_rate_0(api: Api) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 20})
    assert api.put("/taxes/1", {"category": "E"}).status_code == 422
    assert Api.data(api.get("/taxes/1"))["category"] == "S"
    exempt = {"category": "E", "rate": 0, "exemption_reason": "Article 132"}
    assert Api.data(api.put("/taxes/1", exempt))["exemption_reason"] == "Article 132"


def test_a_new_default_takes_the_place_of_the_old_one(api: Api) -> None:
    for name in ("First", "Second", "Third"):
        api.post("/taxes", {"name": name, "rate": 20, "is_default": name != "Third"})
    assert defaults(api) == ["Second"]
    api.put("/taxes/1", {"is_default": True})
    assert defaults(api) == ["First"]
    api.put("/taxes/1", {"is_default": False})
    assert defaults(api) == []


def defaults(api: Api) -> list[str]:
    return [tax["name"] for tax in Api.data(api.get("/taxes")) if tax["is_default"]]


ITEM: dict[str, Any] = {"description": "Work", "unit_price": 100}


def test_a_tax_in_use_stays_and_issued_bills_keep_their_copy(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/taxes", {"name": "VAT", "rate": 20})
    for _ in range(2):
        api.post("/invoices", {"customer_id": 1, "items": [{**ITEM, "tax_id": 1}]})
    api.post("/invoices/1/publish")
    before = Api.data(api.get("/invoices/1"))
    assert api.delete("/taxes/1").status_code == 409
    assert api.put("/taxes/1", {"rate": 25}).status_code == 200
    assert Api.data(api.get("/invoices/1")) == before
    assert before["tax_total"] == 20


def test_a_tax_of_a_product_stays(api: Api) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 20})
    api.post("/products", {"name": "Hour", "unit_price": 80, "tax_id": 1})
    assert api.delete("/taxes/1").status_code == 409
    api.delete("/products/1")
    assert api.delete("/taxes/1").status_code == 200


SOURCES: list[tuple[dict[str, Any], str]] = [
    ({}, "7"),  # the account's default
    ({"tax_rate": 0}, "0"),
    ({"tax_rate": 20}, "20"),
    ({"tax_id": 2}, "19"),
    ({"product_id": 1}, "19"),
    ({"product_id": 1, "tax_rate": 0}, "0"),
    ({"product_id": 1, "tax_id": 1}, "7"),
    ({"product_id": 2}, "7"),
]


def test_where_the_tax_of_a_line_comes_from(api: Api, subtests: pytest.Subtests) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/taxes", {"name": "Reduced", "rate": 7, "is_default": True})
    api.post("/taxes", {"name": "Standard", "rate": 19})
    api.post("/products", {"name": "Hour", "unit_price": 80, "tax_id": 2})
    api.post("/products", {"name": "Day", "unit_price": 600})
    for item, rate in SOURCES:
        with subtests.test(item=item, rate=rate):
            shown = Api.data(api.post("/invoices/preview", {"customer_id": 1, "items": [{**ITEM, **item}]}))
            assert shown["items"][0]["tax_rate"] == Decimal(rate)
            assert shown["tax_total"] == Decimal(rate)
