"""The shapes of payments."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum

import msgspec


class Method(StrEnum):
    """How money came in; ``credit`` is the customer's own credit balance."""

    BANK_TRANSFER = "bank_transfer"
    CASH = "cash"
    CARD = "card"
    CHECK = "check"
    CREDIT = "credit"
    OTHER = "other"


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment to record. ``amount`` in major units; None pays the whole balance."""

    amount: Decimal | None = None
    method: Method = Method.BANK_TRANSFER
    reference: str | None = None
    date: dt.date | None = None
    notes: str | None = None
