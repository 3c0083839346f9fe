"""The shapes of quotations."""

from datetime import date, datetime
from typing import NamedTuple

from tallystick.bills.types import BillFilter, BillRow, StoredBill
from tallystick.core.account import Account
from tallystick.core.states import QuotationState, QuotationStatus, quotation_status


class CustomerAnswer(NamedTuple):
    """What is known of an answer beside that it was given: by whom, and why."""

    by: str | None = None
    reason: str | None = None


class QuotationRow(BillRow, frozen=True):
    """A quotation as it is stored; amounts in minor units. ``invoice_id`` is the invoice that it is converted to."""

    state: QuotationState
    valid_until: date
    accepted_at: datetime | None = None
    rejected_at: datetime | None = None
    answered_by: str | None = None
    answer_reason: str | None = None
    converted_at: datetime | None = None
    invoice_id: int | None = None

    def status(self, account: Account, now: datetime) -> QuotationStatus:
        """What the quotation shows as its status at the instant ``now``."""
        return quotation_status(self.state, self.valid_until, account.today(now))


class Quotation(StoredBill[QuotationRow], frozen=True):
    """A quotation, whole."""


QuotationFilter = BillFilter[QuotationStatus]
