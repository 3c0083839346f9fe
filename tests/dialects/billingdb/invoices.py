"""Invoices for the tests of billingdb's API, made through it."""

from typing import Any

from tests.dialects.callers import DialectCaller, exact


def body(customer_id: int, amount: Any = 100, **fields: Any) -> dict[str, Any]:
    """A request that makes or changes an invoice."""
    return {
        "customer_id": customer_id,
        "amount": amount if isinstance(amount, int) else str(amount),
        "date": "2023-03-01",
        "due_date": "2023-03-31",
        **fields,
    }


def made(billingdb: DialectCaller, customer_id: int, amount: Any = 100, **fields: Any) -> Any:
    """A new invoice, as the reply has it."""
    response = billingdb.post("/invoices", body(customer_id, amount, **fields))
    assert response.status_code == 201
    return exact(response)


def refused(response: Any) -> tuple[int, str]:
    """The status and the sentence of a refusal, which has nothing else in it."""
    assert response.headers["Content-Type"] == "application/json"
    assert list(response.json()) == ["error"], response.text
    return response.status_code, response.json()["error"]
