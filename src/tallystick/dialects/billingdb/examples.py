"""For each body that billingdb takes, an example that works; the tests send every one."""

from typing import Any

_INVOICE = {"customer_id": 1, "amount": 100, "date": "2026-01-15", "due_date": "2026-02-15"}

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/invoices"): _INVOICE,
    ("PUT", "/invoices/{id}"): _INVOICE,
}
