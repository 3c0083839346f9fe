"""How money comes in, and what becomes of it."""

from enum import StrEnum


class PaymentMethod(StrEnum):
    """How money came in; ``credit`` is the customer's own credit balance."""

    BANK_TRANSFER = "bank_transfer"
    CASH = "cash"
    CARD = "card"
    CHECK = "check"
    CREDIT = "credit"
    OTHER = "other"


class PaymentStatus(StrEnum):
    """What became of a payment. A failed attempt changes no balance; a reversed one no longer does."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REVERSED = "reversed"
