"""Customers through the API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import Api

ITEMS = [{"description": "Work", "unit_price": 100}]


def names(api: Api, search: str) -> list[str]:
    return sorted(row["name"] for row in Api.data(api.get("/customers", params={"search": search})))


def test_a_customer_is_made_read_changed_and_deleted(api: Api) -> None:
    fields = {
        "name": "Ann Example",
        "email": "ann@example.com",
        "phone": "+44 20 7946 0000",
        "address": "1 High Street\nLondon",
        "address_line1": "1 High Street",
        "address_line2": "Flat 2",
        "city": "London",
        "state": "Greater London",
        "postal_code": "SW1A 1AA",
        "country": "GB",
        "tax_id": "GB999999973",
        "currency": "GBP",
        "language": "en-GB",
        "notes": "Pays late.",
    }
    made = api.post("/customers", fields)
    assert made.status_code == 201
    customer = Api.data(made)
    assert {name: customer[name] for name in fields} == fields
    assert customer["version"] == 1
    read = Api.data(api.get(f"/customers/{customer['id']}"))
    assert read == customer | {"summary": {}}
    changed = Api.data(api.put(f"/customers/{customer['id']}", {"phone": None, "city": "Leeds"}))
    assert changed == customer | {
        "phone": None,
        "city": "Leeds",
        "version": 2,
        "updated_at": changed["updated_at"],
    }
    assert Api.data(api.delete(f"/customers/{customer['id']}")) == {"id": customer["id"]}
    assert api.get(f"/customers/{customer['id']}").status_code == 404
    assert api.delete(f"/customers/{customer['id']}").status_code == 404


SEARCHES = [
    ("özil", ["Mesut ÖZIL"]),
    ("ÖZIL", ["Mesut ÖZIL"]),
    ("öz", ["Mesut ÖZIL"]),
    ("ДМИТРИЙ", ["Дмитрий"]),
    ("ann", ["100% Ann", "Ann_B"]),
    ("%", ["100% Ann"]),
    ("_", ["Ann_B"]),
    ("\\", ["Back\\slash"]),
    ("/", ["Sl/ash"]),
    ("example.com", ["Ann_B"]),
    ("7946", ["Sl/ash"]),
    ("'; --", []),
    ("", ["100% Ann", "Ann_B", "Back\\slash", "Mesut ÖZIL", "Sl/ash", "Дмитрий"]),
]


def test_search(api: Api, subtests: pytest.Subtests) -> None:
    for name in ("Mesut ÖZIL", "Дмитрий", "100% Ann", "Back\\slash"):
        api.post("/customers", {"name": name})
    api.post("/customers", {"name": "Ann_B", "email": "B@EXAMPLE.COM"})
    api.post("/customers", {"name": "Sl/ash", "phone": "+44 20 7946 0000"})
    for search, expected in SEARCHES:
        with subtests.test(search=search, expected=expected):
            assert names(api, search) == expected


def test_the_summary_adds_up_by_currency(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})

    def issue(currency: str, price: int) -> int:
        new = {"customer_id": 1, "currency": currency, "items": [{"description": "Work", "unit_price": price}]}
        invoice: int = Api.data(api.post("/invoices", new))["id"]
        api.post(f"/invoices/{invoice}/publish")
        return invoice

    issue("EUR", 100)
    api.post(f"/invoices/{issue('EUR', 50)}/payments", {"amount": 30})
    api.post(f"/invoices/{issue('JPY', 1000)}/mark-paid")
    api.post("/invoices", {"customer_id": 1, "currency": "USD", "items": ITEMS})  # a draft bills nothing

    assert Api.data(api.get("/customers/1"))["summary"] == {
        "EUR": amounts(invoiced="150.00", paid="30.00", outstanding="120.00"),
        "JPY": amounts(invoiced="1000", paid="1000", outstanding="0"),
    }


def amounts(*, invoiced: str, paid: str, outstanding: str) -> dict[str, Any]:
    return {
        "total_invoiced": Decimal(invoiced),
        "total_paid": Decimal(paid),
        "outstanding": Decimal(outstanding),
        "credit_balance": Decimal(0),
    }


def test_a_customer_with_a_bill_stays(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/invoices", {"customer_id": 1, "items": ITEMS})
    refused = api.delete("/customers/1")
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert api.get("/customers/1").status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"version": 1}, {}, 200),
        ({"version": 2}, {}, 409),
        ({}, {"If-Match": "1"}, 200),
        ({}, {"If-Match": '"1"'}, 200),
        ({}, {"If-Match": 'W/"1"'}, 200),
        ({}, {"If-Match": "*"}, 200),
        ({}, {"If-Match": '"2"'}, 409),
        ({"version": 1}, {"If-Match": "2"}, 200),  # what the body says counts
        ({}, {}, 200),
    ],
)
def test_a_stale_change_is_refused(api: Api, body: dict[str, int], headers: dict[str, str], status: int) -> None:
    api.post("/customers", {"name": "Ann"})
    assert api.put("/customers/1", {"name": "Bob", **body}, headers=headers).status_code == status
    expected = ("Bob", 2) if status == 200 else ("Ann", 1)
    customer = Api.data(api.get("/customers/1"))
    assert (customer["name"], customer["version"]) == expected
