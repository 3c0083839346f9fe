"""Bills for tests, made through the API."""

from decimal import Decimal
from typing import Any

from testing.caller import Caller

Amount = str | int | Decimal


def a_customer(api: Caller, **fields: Any) -> int:
    """The id of a new customer."""
    customer_id: int = api.data(api.post("/customers", {"name": "Ann Example", **fields}))["id"]
    return customer_id


def a_draft(api: Caller, *prices: Amount, customer_id: int | None = None, **fields: Any) -> Any:
    """A new draft with one line a price, without tax unless ``fields`` bring other items."""
    items = [{"description": "Work", "unit_price": str(price), "tax_rate": 0} for price in prices]
    body = {"customer_id": customer_id or a_customer(api), "items": items, **fields}
    return api.data(api.post("/invoices", body))


def an_invoice(api: Caller, *prices: Amount, customer_id: int | None = None, **fields: Any) -> Any:
    """As ``a_draft``, published."""
    draft = a_draft(api, *prices, customer_id=customer_id, **fields)
    return api.data(api.post(f"/invoices/{draft['id']}/publish"))


def pay(api: Caller, invoice: Any, amount: Amount, **fields: Any) -> Any:
    """The reply to a payment of an invoice."""
    return api.post(f"/invoices/{invoice['id']}/payments", {"amount": str(amount), **fields})


def standing(api: Caller, invoice: Any) -> tuple[str, str, str, str]:
    """An invoice's status, and what of it is paid, credited and due."""
    now = api.data(api.get(f"/invoices/{invoice['id']}"))
    return now["status"], str(now["amount_paid"]), str(now["amount_credited"]), str(now["balance_due"])


def credit_of(api: Caller, customer_id: int, currency: str = "USD") -> str:
    """A customer's credit balance."""
    return str(api.data(api.get(f"/customers/{customer_id}"))["summary"][currency]["credit_balance"])


def refused(response: Any) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return response.status_code, response.json()["code"]
