"""The shapes of invoices."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.bills.types import Item, LineRow
from tallystick.core.account import Account
from tallystick.core.bill import DiscountType
from tallystick.core.states import InvoiceState, Status, status


class InvoiceRow(msgspec.Struct, frozen=True):
    """An invoice as it is stored; amounts in minor units.

    ``customer`` and ``seller`` are the copies taken at issue, None on a draft; ``customer_name`` is the copy's, or
    the customer's own on a draft.
    """

    id: int
    number: str | None
    customer_id: int
    customer_name: str
    state: InvoiceState
    issue_date: date
    due_date: date
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
    paid: int
    credited: int
    notes: str | None
    payment_terms: str | None
    template_id: str | None
    share_token: str | None
    customer: dict[str, Any] | None
    seller: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    issued_at: datetime | None
    deleted_at: datetime | None
    version: int

    @property
    def balance(self) -> int:
        """What is left to pay, in minor units."""
        return self.total - self.paid - self.credited

    @property
    def shown_number(self) -> str:
        """The invoice's number, or what stands for it on a draft."""
        return self.number or (f"DRAFT-{self.id}" if self.id else "DRAFT")

    def status(self, account: Account, now: datetime) -> Status:
        """What the invoice shows as its status at the instant ``now``."""
        today = account.today(now)
        return status(self.state, self.total, self.paid, self.credited, self.due_date, today)


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


class Invoice(msgspec.Struct, frozen=True):
    """An invoice, whole. ``customer`` is the copy taken at issue, or the customer's own details on a draft."""

    row: InvoiceRow
    lines: list[LineRow]
    customer: dict[str, Any]
    payments: list[PaymentLine] = []


class InvoiceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change in a draft; UNSET stays as it is."""

    customer_id: int | UnsetType = UNSET
    items: tuple[Item, ...] | UnsetType = UNSET
    issue_date: date | None | UnsetType = UNSET
    due_date: date | None | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    discount_type: DiscountType | None | UnsetType = UNSET
    discount_value: Decimal | None | UnsetType = UNSET
    prices_include_tax: bool | UnsetType = UNSET
    notes: str | None | UnsetType = UNSET
    payment_terms: str | None | UnsetType = UNSET
    template_id: str | None | UnsetType = UNSET
    number: str | None | UnsetType = UNSET


class InvoiceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which invoices a list selects; dates inclusive, by issue date."""

    statuses: frozenset[Status] = frozenset()
    customer_id: int | None = None
    from_date: date | None = None
    to_date: date | None = None
    search: str | None = None
    currency: str | None = None
