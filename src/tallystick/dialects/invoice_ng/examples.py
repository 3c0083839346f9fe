"""For each body that invoice.ng takes, an example that works; the tests send every one."""

from typing import Any

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/add"): {
        "client": 1,
        "invoice_no": "INV-02",
        "payment_status": "Not Paid",
        "description": "Website",
        "currency": "NGN",
        "tax_rate": 5,
        "issue_date": "2026-06-06",
        "due_date": "2026-06-20",
        "items": [
            {"description": "Web Development Fee", "quantity": 1, "rate": "150000"},
            {"description": "Domain Registration", "quantity": 4, "rate": "2500"},
        ],
    },
    ("PUT", "/{invoice_id}"): {"note": "Soon"},
    ("POST", "/send"): {"id": 1, "email": "ann@example.com"},
    ("POST", "/record-payment"): {"id": 1, "payment_date": "2026-06-10", "amount_paid": 5},
}
