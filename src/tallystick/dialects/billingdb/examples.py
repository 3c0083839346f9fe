"""For each body that billingdb takes, an example that works; the tests send every one."""

from typing import Any

_INVOICE = {"customer_id": 1, "amount": 100, "date": "2026-01-15", "due_date": "2026-02-15"}

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/invoices"): _INVOICE,
    ("PUT", "/invoices/{id}"): _INVOICE,
    ("POST", "/usage/events"): {
        "event_id": "e-1",
        "resource_id": "i-1234567890abcdef0",
        "resource_name": "web-server-1",
        "service": "EC2",
        "region": "us-west-1",
        "start_time": "2022-01-01T00:00:00Z",
        "end_time": "2022-01-01T01:00:00Z",
        "cost": "0.50",
    },
    ("POST", "/usage/report"): {
        "start_date": "2022-01-01",
        "end_date": "2022-01-31",
        "filters": {"region": "us-west-1", "service": "EC2"},
    },
}
