"""The shapes of statistics; amounts in minor units."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import msgspec

from tallystick.core.periods import Frequency
from tallystick.core.states import InvoiceState, InvoiceStatus, QuotationStatus


class StatsFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which bills count: by their issue date, inclusive, and their currency."""

    from_date: date | None = None
    to_date: date | None = None
    currency: str | None = None


class Age(StrEnum):
    """How many days ago an open invoice was due."""

    CURRENT = "current"
    """It is not overdue."""
    UP_TO_30 = "1_30"
    UP_TO_60 = "31_60"
    UP_TO_90 = "61_90"
    OVER_90 = "over_90"


class Month(NamedTuple):
    """A month of the calendar."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


class Invoiced(NamedTuple):
    """The invoices of one currency and state that are dated in one month."""

    currency: str
    state: InvoiceState
    month: Month
    counted: int
    total: int
    tax: int
    paid: int


class Open(NamedTuple):
    """The issued invoices of one currency and age on which something is owed."""

    currency: str
    age: Age
    counted: int
    partially_paid: int
    balance: int


class CreditedInMonth(NamedTuple):
    """The credit notes of one currency that are dated in one month."""

    currency: str
    month: Month
    total: int
    tax: int


class Scheduled(NamedTuple):
    """The active schedules of one currency and rhythm.

    ``net`` is what one period of those that are running comes to, without tax.
    """

    currency: str
    frequency: Frequency
    interval: int
    counted: int
    net: int


class Sum(NamedTuple):
    """An amount in one currency."""

    currency: str
    amount: int


class Amounts(NamedTuple):
    """What the issued invoices of one currency come to: invoiced = paid + credited + outstanding.

    Beside it what came in, what was credited, and what of both is still the customers' credit.
    """

    invoiced: int
    paid: int
    credited: int
    outstanding: int
    overdue: int
    received: int
    credit_notes: int
    customer_credit: int


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """An account's business on the day ``as_of``. Each mapping by currency has the same currencies."""

    as_of: date
    customers: int
    quotations: Mapping[QuotationStatus, int]
    invoices: Mapping[InvoiceStatus, int]
    amounts: Mapping[str, Amounts]
    aging: Mapping[str, Mapping[Age, int]]
    revenue: Mapping[str, Mapping[Month, int]]
    active_schedules: int
    monthly_revenue: Mapping[str, int]
    seal_head: bytes | None
