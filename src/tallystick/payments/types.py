"""The shapes of payments."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from tallystick.core.labels import Metadata
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.credit_notes.types import Given
from tallystick.invoices.types import InvoiceRow


class Excess(StrEnum):
    """What to do with money beyond the balance."""

    REFUSE = "refuse"
    CREDIT = "credit"


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment to record. ``amount`` in major units; None is the whole balance."""

    amount: Decimal | None = None
    method: PaymentMethod = PaymentMethod.BANK_TRANSFER
    reference: str | None = None
    date: dt.date | None = None
    notes: str | None = None
    status: PaymentStatus = PaymentStatus.SUCCEEDED
    excess: Excess = Excess.REFUSE
    external_id: str | None = None
    metadata: Metadata = {}


class CustomerPayment(NewPayment, frozen=True, kw_only=True):
    """A payment of several invoices; without ``shares`` the oldest due first."""

    customer_id: int
    amount: Decimal
    currency: str | None = None
    shares: "tuple[WantedShare, ...] | None" = None


class WantedShare(msgspec.Struct, frozen=True):
    """The part of a payment, in major units, that shall settle one invoice."""

    invoice_id: int
    amount: Decimal


class Allocation(msgspec.Struct, frozen=True):
    """The part of a payment, in minor units, that settles one invoice."""

    invoice_id: int
    invoice_number: str | None
    amount: int


class Payment(msgspec.Struct, frozen=True):
    """A payment as it is stored; ``to_credit`` is its part that became the customer's credit. Minor units."""

    id: int
    customer_id: int
    currency: str
    amount: int
    to_credit: int
    method: PaymentMethod
    reference: str | None
    date: dt.date
    notes: str | None
    status: PaymentStatus
    created_at: dt.datetime
    reversed_at: dt.datetime | None
    external_id: str | None
    metadata: Metadata
    version: int
    allocations: list[Allocation] = []


class Returned(NamedTuple):
    """What a reversal did to an invoice, as it was before; minor units.

    ``share`` is what the payment had settled of it; ``notes`` are its credit notes whose credit settles it instead.
    """

    invoice: InvoiceRow
    share: int
    notes: list[Given]

    @property
    def put_back(self) -> int:
        """What of the customer's credit went back onto the invoice."""
        return sum(note.amount for note in self.notes)

    @property
    def balance(self) -> int:
        """What is left to pay after the reversal."""
        return self.invoice.balance + self.share - self.put_back


class Reversal(NamedTuple):
    """A payment that is reversed, and what that did to each invoice."""

    payment: Payment
    returned: list[Returned]


class PaymentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which payments a list selects; dates inclusive."""

    external_id: str | None = None
    customer_id: int | None = None
    invoice_id: int | None = None
    method: PaymentMethod | None = None
    status: PaymentStatus | None = None
    currency: str | None = None
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    search: str | None = None
