"""Customers through the API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer, an_invoice, pay

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
        "EUR": amounts(invoiced="150.00", paid="30.00", outstanding="120.00", received="30.00"),
        "JPY": amounts(invoiced="1000", paid="1000", received="1000"),
    }


def amounts(*, invoiced: str, paid: str, received: str, credited: str = "0", **others: str) -> dict[str, Any]:
    return {
        "total_invoiced": Decimal(invoiced),
        "total_paid": Decimal(paid),
        "total_credited": Decimal(credited),
        "received": Decimal(received),
        **{name: Decimal(others.get(name, 0)) for name in ("outstanding", "credit_notes", "credit_balance")},
    }


def test_the_summary_tells_money_from_settlement(api: Api) -> None:
    """The first 100, paid by 60 and 40, is credited whole and so pays the second; 20 of the third's 50 is credited.

    Then the 40 is reversed. The credit is all spent, so nothing of it goes back, and 40 more is owed.
    """
    ann = a_customer(api)
    first, second, third = (an_invoice(api, price, customer_id=ann) for price in (100, 100, 50))
    pay(api, first, 60)
    cheque = api.data(pay(api, first, 40))
    credit(api, first, 100)
    pay(api, second, 100, method="credit")
    credit(api, third, 20)
    pay(api, third, 5, status="failed")
    expected = {"invoiced": "250", "credited": "20", "outstanding": "30", "credit_notes": "120"}
    assert summary(api, ann) == amounts(paid="200", received="100", **expected)
    api.data(api.delete(f"/payments/{cheque['id']}"))
    expected |= {"outstanding": "70"}
    assert summary(api, ann) == amounts(paid="160", received="60", **expected)
    assert api.differences() == []


def summary(api: Api, customer_id: int, currency: str = "USD") -> Any:
    return api.data(api.get(f"/customers/{customer_id}"))["summary"][currency]


def credit(api: Api, invoice: Any, amount: int) -> None:
    items = [{"item_id": invoice["items"][0]["id"], "amount": amount}]
    api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"items": items}))


def test_a_customer_with_a_bill_stays(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/invoices", {"customer_id": 1, "items": ITEMS})
    refused = api.delete("/customers/1")
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert api.get("/customers/1").status_code == 200


def test_what_keeps_a_customer_is_said(api: Api) -> None:
    schedule = {"description": "Rent", "amount": 5, "frequency": "monthly", "start_date": "2999-01-01"}
    ann = a_customer(api)
    api.data(api.post("/recurring-billing", {"customer_id": ann, **schedule}))
    cannot = "This customer cannot be deleted, because it is named by"
    assert api.delete(f"/customers/{ann}").json()["error"] == f"{cannot} a schedule of recurring billing."
    pay(api, an_invoice(api, 5, customer_id=ann), 5)
    said = f"{cannot} an invoice and a payment and a schedule of recurring billing."
    assert api.delete(f"/customers/{ann}").json()["error"] == said
    zoe = a_customer(api)
    api.data(api.post("/quotations", {"customer_id": zoe, "items": ITEMS}))
    assert api.delete(f"/customers/{zoe}").json()["error"] == f"{cannot} a quotation."
    bob = a_customer(api)
    rate = {"service": "vm", "model": "per_unit", "unit_price": 1, "customer_id": bob}
    api.data(api.post("/usage/rates", rate))
    assert api.delete(f"/customers/{bob}").json()["error"] == f"{cannot} a rate of usage."


def test_a_customer_with_usage_stays(api: Api) -> None:
    ann, bob = a_customer(api), a_customer(api)
    event = {"id": "e-1", "customer_id": ann, "service": "vm", "at": "2026-03-01T12:00:00Z"}
    api.data(api.post("/usage/events", event))
    refused = api.delete(f"/customers/{ann}")
    said = "This customer cannot be deleted, because it is named by usage events."
    assert (refused.status_code, refused.json()["error"]) == (409, said)
    assert api.delete(f"/customers/{bob}").status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"version": 1}, {}, 200),
        ({"version": 2}, {}, 409),
        ({}, {"If-Match": "1"}, 422),
        ({}, {"If-Match": '"1"'}, 200),
        ({}, {"If-Match": 'W/"1"'}, 200),
        ({}, {"If-Match": "*"}, 200),
        ({}, {"If-Match": '"2"'}, 412),
        ({"version": 1}, {"If-Match": '"2"'}, 412),
        ({"version": 2}, {"If-Match": '"1"'}, 409),
        ({}, {}, 200),
    ],
)
def test_a_stale_change_is_refused(api: Api, body: dict[str, int], headers: dict[str, str], status: int) -> None:
    api.post("/customers", {"name": "Ann"})
    assert api.put("/customers/1", {"name": "Bob", **body}, headers=headers).status_code == status
    expected = ("Bob", 2) if status == 200 else ("Ann", 1)
    customer = Api.data(api.get("/customers/1"))
    assert (customer["name"], customer["version"]) == expected
