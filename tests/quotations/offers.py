"""Quotations for tests, made through the API."""

from typing import Any

import httpx

from testing.caller import Caller
from tests.bills import Amount, a_customer

IHS = {
    "customer_id": 1,
    "valid_until": "2026-03-30",
    "notes": "Thank you for your business",
    "items": [
        {"description": "Web Development Services", "quantity": 10, "unit_price": 5000},
        {"description": "Hosting (1 Year)", "quantity": 1, "unit_price": 12000},
    ],
}
"""The body that ``seeds/ihs-billing.txt`` posts."""


def offer(api: Caller, *prices: Amount, customer: str = "Ann Example", **fields: Any) -> httpx.Response:
    """The reply to a new quotation with one line a price, without tax unless ``fields`` bring other items."""
    items = [{"description": "Work", "unit_price": str(price), "tax_rate": 0} for price in prices]
    customer_id = fields.pop("customer_id", None) or a_customer(api, name=customer)
    return api.post("/quotations", {"customer_id": customer_id, "items": items, **fields})


def a_quotation(api: Caller, *prices: Amount, **fields: Any) -> Any:
    """A new draft."""
    return api.data(offer(api, *prices, **fields))


def act(api: Caller, quotation: Any, action: str) -> httpx.Response:
    """The reply to an action on a quotation."""
    return api.post(f"/quotations/{quotation['id']}/{action}")


def status_of(api: Caller, quotation: Any) -> str:
    """What a quotation shows now."""
    status: str = api.data(api.get(f"/quotations/{quotation['id']}"))["status"]
    return status
