"""The shapes of credit notes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from tallystick.bills.types import LineRow
from tallystick.core.states import CreditNoteState


class WantedCredit(msgspec.Struct, frozen=True, kw_only=True):
    """What to credit of one line: a quantity, or an amount in major units, or with neither all that is left."""

    line_id: int
    quantity: Decimal | None = None
    amount: Decimal | None = None


class NewCreditNote(msgspec.Struct, frozen=True, kw_only=True):
    """A credit note as it is asked for; without ``items`` it credits all that is left of the invoice."""

    items: tuple[WantedCredit, ...] | None = None
    reason: str | None = None


class Credited(NamedTuple):
    """How much of a line earlier credit notes have taken; amounts in minor units."""

    quantity: Decimal
    amount: int
    discount: int
    tax: int


class CreditLine(NamedTuple):
    """A line of a new credit note: the invoice's line, and the part of it that is credited; amounts in minor units."""

    line: LineRow
    quantity: Decimal
    amount: int
    discount: int
    tax: int


class CreditNoteRow(msgspec.Struct, frozen=True):
    """A credit note as it is stored; ``to_credit`` is what exceeded the invoice's balance. Minor units."""

    id: int
    number: str
    number_key: str | None
    number_order: str
    invoice_id: int
    customer_id: int
    customer_name: str
    state: CreditNoteState
    issue_date: date
    currency: str
    discount_type: str | None
    discount_value: Decimal | None
    prices_include_tax: bool
    rounding: str
    rounding_mode: str
    subtotal: int
    discount: int
    tax: int
    total: int
    taxes: list[Any]
    to_credit: int
    reason: str | None
    notes: str | None
    payment_terms: str | None
    customer: dict[str, Any]
    seller: dict[str, Any]
    created_at: datetime
    issued_at: datetime
    version: int


class CreditNote(msgspec.Struct, frozen=True):
    """A credit note, whole. ``invoice_lines`` names, for each line, the invoice's line that it credits."""

    row: CreditNoteRow
    lines: list[LineRow]
    invoice_line_ids: list[int]
    invoice_number: str
