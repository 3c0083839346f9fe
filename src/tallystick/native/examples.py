"""For each body that the native API takes, an example that works; the tests send every one."""

from typing import Any

_ITEM = {
    "description": "Consulting",
    "quantity": 2,
    "unit_price": "12.50",
    "tax_rate": 20,
    "discount_type": "percentage",
    "discount_value": 10,
}
_BILL = {"customer_id": 1, "items": [_ITEM], "discount_type": "amount", "discount_value": 1}
_MAIL = {"to": "john@example.com", "subject": "As ordered", "message": "Thank you for your order."}
_YES, _NO = {"name": "Jane Roe"}, {"name": "Jane Roe", "reason": "It is above our budget."}

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", "/settings"): {"name": "Example AG", "number_patterns": {"invoice": "R{YYYY}-{SEQ}"}},
    ("POST", "/api-keys"): {"name": "for a script", "scopes": ["read"]},
    ("POST", "/customers"): {"name": "John Doe", "email": "john@example.com", "country": "DE", "currency": "EUR"},
    ("PUT", "/customers/{customer_id}"): {"city": "Berlin"},
    ("POST", "/products"): {"name": "Support", "unit_price": 80, "sku": "S-2", "unit": "hour"},
    ("PUT", "/products/{product_id}"): {"unit_price": "99.125"},
    ("POST", "/taxes"): {"name": "VAT", "rate": 19},
    ("PUT", "/taxes/{tax_id}"): {"rate": "7.5"},
    ("POST", "/templates"): {"name": "Ours", "from": "classic"},
    ("PUT", "/templates/{template_id}"): {"name": "Ours, in blue"},
    ("POST", "/templates/{template_id}/preview"): {"invoice_id": 1},
    ("POST", "/invoices"): _BILL,
    ("POST", "/invoices/preview"): _BILL,
    ("PUT", "/invoices/{invoice_id}"): {"notes": "Thank you"},
    ("POST", "/invoices/batch"): {"action": "publish", "ids": [1, 2]},
    ("POST", "/invoices/trash/batch"): {"action": "restore", "ids": [4, 5]},
    ("POST", "/invoices/{invoice_id}/revise"): {"notes": "As ordered"},
    ("POST", "/invoices/{invoice_id}/send"): _MAIL,
    ("POST", "/invoices/{invoice_id}/mark-paid"): {"method": "bank_transfer", "reference": "2026/17"},
    ("POST", "/invoices/{invoice_id}/payments"): {"amount": 5, "method": "cash"},
    ("POST", "/invoices/{invoice_id}/credit-note"): {"reason": "One hour less"},
    ("POST", "/quotations"): _BILL,
    ("POST", "/quotations/preview"): _BILL,
    ("PUT", "/quotations/{quotation_id}"): {"notes": "Gladly"},
    ("POST", "/quotations/{quotation_id}/send"): _MAIL,
    ("POST", "/quotations/{quotation_id}/accept"): _YES,
    ("POST", "/quotations/{quotation_id}/reject"): _NO,
    ("POST", "/public/quotations/{token}/accept"): _YES,
    ("POST", "/public/quotations/{token}/reject"): _NO,
    ("PUT", "/credit-notes/{credit_note_id}"): {"external_id": "RMA-1", "metadata": {"batch": "7"}},
    ("POST", "/payments"): {"customer_id": 1, "amount": 5, "currency": "EUR"},
    ("PUT", "/payments/{payment_id}"): {"external_id": "TX-1", "metadata": {"batch": "7"}},
    ("POST", "/recurring-billing"): {
        "customer_id": 1,
        "frequency": "monthly",
        "amount": 15000,
        "description": "Monthly fee",
        "tax_rate": 20,
    },
    ("PUT", "/recurring-billing/{recurring_id}"): {"notes": "As agreed"},
    ("POST", "/recurring-billing/{recurring_id}/toggle"): {"catch_up": True},
    ("POST", "/usage/events"): {"id": "e-1", "customer_id": 1, "meter": "calls", "at": "2026-01-15T12:00:00Z"},
    ("POST", "/usage/meters"): {"key": "api_calls", "name": "Calls of the API", "aggregation": "sum"},
    ("POST", "/usage/meters/preview"): {
        "key": "calls",
        "aggregation": "sum",
        "group_by": ["region"],
        "from": "2026-01-01",
        "to": "2026-03-31",
    },
    ("PUT", "/usage/meters/{key}"): {"name": "Calls", "group_by": ["region"]},
    ("POST", "/usage/rates"): {
        "meter": "calls",
        "model": "graduated",
        "tiers": [{"up_to": 1000, "unit_price": 0}, {"unit_price": "0.002"}],
    },
    ("PUT", "/usage/rates/{rate_id}"): {"flat": 5},
    ("POST", "/recurring-billing/process"): {"dry_run": True},
}
