"""The shapes of credit notes."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from tallystick.bills.header import Header
from tallystick.bills.labels import Labels
from tallystick.bills.sums import Sums
from tallystick.bills.types import LineRow, Views
from tallystick.core.party import Buyer, Seller
from tallystick.core.states import CreditNoteState
from tallystick.core.totals import TaxTotal


class WantedCredit(msgspec.Struct, frozen=True, kw_only=True):
    """What to credit of one line: a quantity, or an amount in major units, or with neither all that is left."""

    line_id: int
    quantity: Decimal | None = None
    amount: Decimal | None = None


class NewCreditNote(msgspec.Struct, frozen=True, kw_only=True):
    """A credit note as it is asked for; without ``items`` it credits all that is left of the invoice."""

    items: tuple[WantedCredit, ...] | None = None
    reason: str | None = None
    labels: Labels = Labels()


class CreditedSoFar(NamedTuple):
    """How much of a line earlier credit notes have taken; amounts in minor units."""

    quantity: Decimal
    amount: int
    discount: int
    tax: int

    @property
    def net(self) -> int:
        """What its tax was charged on, or contained in."""
        return self.amount - self.discount

    def after(self, quantity: Decimal, amount: int, discount: int, tax: int) -> "CreditedSoFar":
        """How much it is once this is taken too."""
        return CreditedSoFar(self.quantity + quantity, self.amount + amount, self.discount + discount, self.tax + tax)


NOTHING_CREDITED = CreditedSoFar(Decimal(0), 0, 0, 0)


class Part(NamedTuple):
    """The part of an invoice's line that is credited; amounts in minor units."""

    line: LineRow
    quantity: Decimal
    amount: int
    discount: int

    @property
    def net(self) -> int:
        """What its tax is charged on, or contained in."""
        return self.amount - self.discount


class CreditLine(NamedTuple):
    """A line of a credit note: a part of an invoice's line, with its share of the tax; amounts in minor units."""

    line: LineRow
    quantity: Decimal
    amount: int
    discount: int
    tax: int


class Given(NamedTuple):
    """A credit note, and what of it is the customer's credit, in minor units."""

    credit_note_id: int
    invoice_id: int
    amount: int


class CreditNoteRow(msgspec.Struct, frozen=True):
    """A credit note as it is stored; minor units.

    ``to_credit`` is what exceeded the invoice's balance, less what went back onto it when a payment was reversed.
    """

    id: int
    number: str
    number_scope: str | None
    number_sequence: int | None
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
    calculation: str
    sums: Sums
    taxes: tuple[TaxTotal, ...]
    to_credit: int
    reason: str | None
    header: Header
    labels: Labels
    views: Views
    share_token: str | None
    customer: Buyer
    seller: Seller
    created_at: datetime
    issued_at: datetime
    version: int


class CreditNoteLine(LineRow, frozen=True):
    """A stored line of a credit note, and the invoice's line that it credits."""

    invoice_line_id: int


class CreditNote(msgspec.Struct, frozen=True):
    """A credit note, whole."""

    row: CreditNoteRow
    lines: list[CreditNoteLine]
    invoice_number: str


class CreditNoteFilter(NamedTuple):
    """Which credit notes a list selects."""

    customer_id: int | None = None
    invoice_id: int | None = None
    external_id: str | None = None
