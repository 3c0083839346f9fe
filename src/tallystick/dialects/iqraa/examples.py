"""For each body that iqraa takes, an example that works; the tests send every one."""

from typing import Any

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/invoices"): {
        "amount": 9999,
        "currency": "USD",
        "description": "The premium plan of a year",
        "status": "FINALIZED",
        "components": {
            "lineItems": [{"description": "Premium plan", "quantity": 1, "unitPrice": "99.99"}],
            "customerDetails": {"customerName": "Ann Lee", "customerEmail": "ann@example.com"},
        },
    },
}
