"""Invoices for the tests of iqraa's API, made through it."""

from typing import Any

from tests.dialects.callers import DialectCaller, exact

ANN = {"customerName": "Ann Example", "customerEmail": "ann@example.com"}


def body(amount: Any = 9999, *lines: dict[str, Any], customer: Any = ANN, **fields: Any) -> dict[str, Any]:
    """A request that makes an invoice."""
    components = {"customerDetails": customer} | ({"lineItems": list(lines)} if lines else {})
    return {"amount": amount, "currency": "USD", "description": "Monthly plan", "components": components, **fields}


def made(iqraa: DialectCaller, amount: Any = 9999, *lines: dict[str, Any], **fields: Any) -> Any:
    """A new invoice, as the reply has it."""
    response = iqraa.post("/invoices", body(amount, *lines, **fields))
    assert response.status_code == 201, response.text
    return exact(response)


def refused(response: Any) -> tuple[int, str]:
    """The status and the sentence of a refusal, which has its shape and nothing else in it."""
    assert response.headers["Content-Type"] == "application/json"
    told = response.json()
    assert list(told) == ["statusCode", "message", "error"], response.text
    assert (told["statusCode"], type(told["error"])) == (response.status_code, str)
    return response.status_code, told["message"]
