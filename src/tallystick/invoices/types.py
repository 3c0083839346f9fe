"""The shapes of invoices."""

from datetime import date, datetime

import msgspec

from tallystick.bills.types import BillFilter, BillRow, StoredBill
from tallystick.core.account import Account
from tallystick.core.states import InvoiceState, InvoiceStatus, invoice_status


class InvoiceRow(BillRow, frozen=True):
    """An invoice as it is stored; amounts in minor units.

    ``revised_at`` is the instant of its last revision since it was published, None without one.

    ``period_start`` and ``period_end``, both inclusive, are what it bills (EN 16931, BG-14), and ``recurring_id`` names
    the schedule that made it; None on any other.
    """

    state: InvoiceState
    due_date: date
    paid: int = 0
    credited: int = 0
    revised_at: datetime | None = None
    recurring_id: int | None = None
    period_start: date | None = None
    period_end: date | None = None
    deleted_at: datetime | None = None

    @property
    def balance(self) -> int:
        """What is left to pay, in minor units: nothing, once it is voided."""
        return 0 if self.state is InvoiceState.VOIDED else self.sums.total - self.paid - self.credited

    def status(self, account: Account, now: datetime) -> InvoiceStatus:
        """What the invoice shows as its status at the instant ``now``."""
        today = account.today(now)
        return invoice_status(self.state, self.sums.total, self.paid, self.credited, self.due_date, today)


class PaymentLine(msgspec.Struct, frozen=True):
    """A payment as an invoice shows it; ``applied`` is its part that settles this invoice. Minor units."""

    id: int
    amount: int
    applied: int
    method: str
    reference: str | None
    date: date
    notes: str | None
    status: str
    created_at: datetime


class CreditNoteOfInvoice(msgspec.Struct, frozen=True):
    """A credit note as its invoice shows it; ``to_credit`` is what exceeded the balance. Minor units."""

    id: int
    number: str
    issue_date: date
    total: int
    to_credit: int
    reason: str | None


class Invoice(StoredBill[InvoiceRow], frozen=True):
    """An invoice, whole."""

    payments: list[PaymentLine] = []
    credit_notes: list[CreditNoteOfInvoice] = []


class InvoiceFilter(BillFilter[InvoiceStatus], frozen=True, kw_only=True):
    """Which invoices a list selects."""

    recurring_id: int | None = None
