"""An account's settings through the API."""

from typing import Any

import pytest

from tests.api import Api

ITEMS = [{"description": "Work", "unit_price": 100}]


def test_the_settings_of_a_new_account(api: Api) -> None:
    settings = Api.data(api.get("/settings"))
    expected = {
        "name": "Example Ltd",
        "currency": "USD",
        "timezone": "UTC",
        "payment_terms_days": 30,
        "rounding": "document",
        "rounding_mode": "half_up",
        "prices_include_tax": False,
        "number_patterns": {
            "invoice": "INV-{YYYY}-{SEQ:4}",
            "quotation": "QUO-{YYYY}-{SEQ:4}",
            "credit_note": "CN-{YYYY}-{SEQ:4}",
        },
    }
    assert {name: settings[name] for name in expected} == expected


def test_every_setting_is_kept(api: Api) -> None:
    wanted: dict[str, Any] = {
        "name": "Beispiel GmbH",
        "address": "Am Markt 1\n10115 Berlin",
        "address_line1": "Am Markt 1",
        "address_line2": "Hinterhaus",
        "city": "Berlin",
        "state": "Berlin",
        "postal_code": "10115",
        "country": "DE",
        "tax_id": "DE136695976",
        "email": "post@example.com",
        "iban": "DE02120300000000202051",
        "bic": "BYLADEM1001",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "language": "de",
        "payment_terms_days": 14,
        "rounding": "line",
        "rounding_mode": "half_even",
        "prices_include_tax": True,
        "default_notes": "Vielen Dank.",
    }
    changed = Api.data(api.put("/settings", wanted))
    assert {name: changed[name] for name in wanted} == wanted
    assert Api.data(api.get("/settings")) == changed


def test_patterns_are_changed_one_by_one(api: Api) -> None:
    patterns = Api.data(api.get("/settings"))["number_patterns"]
    changed = Api.data(api.put("/settings", {"number_patterns": {"invoice": "R{SEQ}"}}))
    assert changed["number_patterns"] == patterns | {"invoice": "R{SEQ}"}


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"number_patterns": {"invoice": "INV-{YYYY}"}}, ["number_patterns.invoice"]),
    ({"number_patterns": {"invoice": "{MM}-{SEQ}"}}, ["number_patterns.invoice"]),
    ({"number_patterns": {"receipt": "{SEQ}"}}, ["number_patterns.receipt"]),
    ({"timezone": "Mars/Olympus"}, ["timezone"]),
    ({"payment_terms_days": -1}, ["payment_terms_days"]),
    ({"payment_terms_days": 3651}, ["payment_terms_days"]),
    ({"name": ""}, ["name"]),
    ({"name": None}, ["name"]),
    ({"rounding": "never", "rounding_mode": "up"}, ["rounding", "rounding_mode"]),
    ({"currency": "EURO", "country": "Germany", "email": "nobody"}, ["country", "currency", "email"]),
]


def test_a_setting_that_cannot_be(api: Api, subtests: pytest.Subtests) -> None:
    before = Api.data(api.get("/settings"))
    for body, wrong in REFUSED:
        with subtests.test(body=body, wrong=wrong):
            refused = api.put("/settings", body)
            assert (refused.status_code, sorted(refused.json()["errors"])) == (422, wrong)
            assert Api.data(api.get("/settings")) == before


def test_a_new_draft_follows_the_settings(api: Api) -> None:
    settings = {"currency": "JPY", "payment_terms_days": 7, "default_notes": "Thanks.", "prices_include_tax": True}
    api.put("/settings", settings)
    api.post("/customers", {"name": "Ann"})
    draft = Api.data(api.post("/invoices", {"customer_id": 1, "items": ITEMS, "issue_date": "2026-02-25"}))
    expected = {"currency": "JPY", "due_date": "2026-03-04", "notes": "Thanks.", "prices_include_tax": True}
    assert {name: draft[name] for name in expected} == expected


def test_what_the_customer_and_the_request_say_wins_over_the_settings(api: Api) -> None:
    api.post("/customers", {"name": "Ann", "currency": "GBP"})
    body = {"customer_id": 1, "items": ITEMS}
    assert Api.data(api.post("/invoices", body))["currency"] == "GBP"
    assert Api.data(api.post("/invoices", {**body, "currency": "chf"}))["currency"] == "CHF"


def test_an_issued_invoice_keeps_the_sellers_details(api: Api) -> None:
    api.post("/customers", {"name": "Ann", "email": "ann@example.com"})
    api.post("/invoices", {"customer_id": 1, "items": ITEMS})
    api.post("/invoices/1/publish")
    before = Api.data(api.get("/invoices/1"))
    api.put("/settings", {"name": "Renamed Ltd", "currency": "JPY", "prices_include_tax": True})
    api.put("/customers/1", {"name": "Bob", "email": None})
    assert Api.data(api.get("/invoices/1")) == before
    assert Api.data(api.get("/invoices"))[0]["customer_name"] == "Ann"
