"""The closed list of what can happen, and the form in which its facts are kept."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallystick.core.money import digits, to_decimal

Facts = dict[str, Any]
"""What else to know of an event, as JSON. Amounts are in minor units, beside the ``currency`` that they are in, and
other numbers that may have a fraction are strings. ``store.facts`` has the shape of each event's."""

AMOUNTS = frozenset(
    {
        "amount",
        "amount_credited",
        "amount_paid",
        "base",
        "discount_amount",
        "line_total",
        "subtotal",
        "tax_amount",
        "tax_total",
        "to_credit",
        "total",
    }
)
"""The names of facts that are amounts of money."""

NUMBERS = frozenset({"discount_value", "quantity", "rate", "tax_rate", "unit_price"})
"""The names of facts that are other numbers."""


class Event(StrEnum):
    """What happened, named after what it happened to: the kind of the subject, a dot, and what became of it."""

    CUSTOMER_CREATED = "customer.created"
    CUSTOMER_UPDATED = "customer.updated"
    CUSTOMER_DELETED = "customer.deleted"
    PRODUCT_CREATED = "product.created"
    PRODUCT_UPDATED = "product.updated"
    PRODUCT_DELETED = "product.deleted"
    PRODUCT_DEACTIVATED = "product.deactivated"
    PRODUCT_REACTIVATED = "product.reactivated"
    TAX_CREATED = "tax.created"
    TAX_UPDATED = "tax.updated"
    TAX_DELETED = "tax.deleted"
    INVOICE_CREATED = "invoice.created"
    INVOICE_UPDATED = "invoice.updated"
    INVOICE_DELETED = "invoice.deleted"
    INVOICE_RESTORED = "invoice.restored"
    INVOICE_PURGED = "invoice.purged"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_REVISED = "invoice.revised"
    INVOICE_UNPUBLISHED = "invoice.unpublished"
    INVOICE_SENT = "invoice.sent"
    INVOICE_VIEWED = "invoice.viewed"
    INVOICE_REMINDED = "invoice.reminded"
    INVOICE_PAID = "invoice.paid"
    INVOICE_OVERDUE = "invoice.overdue"
    INVOICE_CREDITED = "invoice.credited"
    INVOICE_VOIDED = "invoice.voided"
    QUOTATION_CREATED = "quotation.created"
    QUOTATION_UPDATED = "quotation.updated"
    QUOTATION_DELETED = "quotation.deleted"
    QUOTATION_ISSUED = "quotation.issued"
    QUOTATION_SENT = "quotation.sent"
    QUOTATION_VIEWED = "quotation.viewed"
    QUOTATION_ACCEPTED = "quotation.accepted"
    QUOTATION_REJECTED = "quotation.rejected"
    QUOTATION_CONVERTED = "quotation.converted"
    CREDIT_NOTE_ISSUED = "credit_note.issued"
    CREDIT_NOTE_SENT = "credit_note.sent"
    CREDIT_NOTE_VIEWED = "credit_note.viewed"
    PAYMENT_CREATED = "payment.created"
    PAYMENT_REVERSED = "payment.reversed"
    PAYMENT_FAILED = "payment.failed"
    RECURRING_CREATED = "recurring.created"
    RECURRING_UPDATED = "recurring.updated"
    RECURRING_DELETED = "recurring.deleted"
    RECURRING_SWITCHED_ON = "recurring.switched_on"
    RECURRING_SWITCHED_OFF = "recurring.switched_off"
    RECURRING_FAILED = "recurring.failed"
    MAIL_FAILED = "mail.failed"
    USAGE_THRESHOLD_REACHED = "usage.threshold_reached"
    WEBHOOK_DEACTIVATED = "webhook.deactivated"
    SETTINGS_UPDATED = "settings.updated"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    USER_INVITED = "user.invited"
    USER_UPDATED = "user.updated"
    USER_REMOVED = "user.removed"
    USER_SIGNED_IN = "user.signed_in"

    @property
    def kind(self) -> str:
        """What the subject is, as ``invoice``."""
        return self.value.partition(".")[0]


def of_kind(kind: str) -> list[Event]:
    """All that can happen to a subject of this kind, as ``invoice``."""
    return [event for event in Event if event.kind == kind]


def in_major_units(facts: Facts) -> Facts:
    """Facts as they are shown: amounts in major units with exactly their currency's digits, and numbers as such."""
    return {name: _shown(name, value, facts.get("currency")) for name, value in facts.items()}


def _shown(name: str, value: Any, currency: str | None) -> Any:
    if isinstance(value, dict):
        inner = value.get("currency", currency)
        return {key: _shown(key, each, inner) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(name, each, currency) for each in value]
    if name in AMOUNTS and currency is not None:
        return to_decimal(value, digits(currency))
    if name in NUMBERS and value is not None:
        return Decimal(value)
    return value
