"""The native wire of statistics."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

import msgspec

from tallystick.core.account import Account
from tallystick.core.money import digits
from tallystick.core.states import InvoiceStatus, QuotationStatus
from tallystick.stats import ops
from tallystick.stats.types import Age, Amounts, Month, Stats, StatsFilter
from tallystick.wire import render
from tallystick.wire.aging import AgingJson
from tallystick.wire.call import Call, Query
from tallystick.wire.scalars import Currency, Day

S = TypeVar("S", InvoiceStatus, QuotationStatus)


class StatsQuery(Query, frozen=True, kw_only=True):
    """``from`` and ``to`` select bills by their issue date and payments by theirs; ``currency`` those in one."""

    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None
    currency: Currency | None = None


class QuotationCounts(msgspec.Struct, frozen=True):
    """How many quotations show each status."""

    draft: int
    sent: int
    accepted: int
    rejected: int
    expired: int
    converted: int


class InvoiceCounts(msgspec.Struct, frozen=True):
    """How many invoices show each status."""

    draft: int
    sent: int
    partially_paid: int
    paid: int
    overdue: int
    voided: int


class AmountsJson(msgspec.Struct, frozen=True):
    """What business in one currency comes to.

    Of the issued invoices the sums of ``total``, ``amount_paid``, ``amount_credited`` and ``balance_due``, and of the
    ``balance_due`` of those that are overdue: ``invoiced`` = ``paid`` + ``credited`` + ``outstanding``. Beside them
    ``received``, the money of the payments that succeeded and are not reversed, without those by ``credit``;
    ``credit_notes``, the sum of their ``total``; and ``customer_credit``, what the customers have to their credit.
    """

    invoiced: Decimal
    paid: Decimal
    credited: Decimal
    outstanding: Decimal
    overdue: Decimal
    received: Decimal
    credit_notes: Decimal
    customer_credit: Decimal


class MonthJson(msgspec.Struct, frozen=True):
    """The revenue of one month, as ``2026-03``."""

    month: str
    amount: Decimal


class RecurringStatsJson(msgspec.Struct, frozen=True):
    """The schedules that will bill again, and what those that run now come to in a month without tax, by currency."""

    active: int
    monthly_revenue: dict[str, Decimal]


class StatsJson(msgspec.Struct, frozen=True):
    """An account's business as of a day of its own calendar; amounts in major units, by currency."""

    as_of: date
    customers: int
    quotations: QuotationCounts
    invoices: InvoiceCounts
    amounts: dict[str, AmountsJson]
    aging: dict[str, AgingJson]
    revenue: dict[str, list[MonthJson]]
    recurring: RecurringStatsJson
    seal_head: str | None


def filter_from(query: StatsQuery, account: Account) -> StatsFilter:
    """What the query selects."""
    return StatsFilter(
        from_date=query.from_.on_calendar_of(account) if query.from_ else None,
        to_date=query.to.on_calendar_of(account) if query.to else None,
        currency=query.currency,
    )


def to_json(stats: Stats) -> StatsJson:
    """The statistics as the API shows them."""
    return StatsJson(
        as_of=stats.as_of,
        customers=stats.customers,
        quotations=QuotationCounts(**_by_name(stats.quotations)),
        invoices=InvoiceCounts(**_by_name(stats.invoices)),
        amounts={code: amounts_json(amounts, digits(code)) for code, amounts in stats.amounts.items()},
        aging={code: aging_json(aging, digits(code)) for code, aging in stats.aging.items()},
        revenue={code: revenue_json(revenue, digits(code)) for code, revenue in stats.revenue.items()},
        recurring=RecurringStatsJson(
            active=stats.active_schedules,
            monthly_revenue={code: render.amount(minor, digits(code)) for code, minor in stats.monthly_revenue.items()},
        ),
        seal_head=stats.seal_head.hex() if stats.seal_head else None,
    )


def _by_name(counts: Mapping[S, int]) -> dict[str, int]:
    return {status.value: count for status, count in counts.items()}


def amounts_json(amounts: Amounts, places: int) -> AmountsJson:
    """What business in one currency comes to."""
    return AmountsJson(*(render.amount(minor, places) for minor in amounts))


def aging_json(aging: Mapping[Age, int], places: int) -> AgingJson:
    """What is outstanding in one currency."""
    return AgingJson(*(render.amount(aging[age], places) for age in Age))


def revenue_json(revenue: Mapping[Month, int], places: int) -> list[MonthJson]:
    """The revenue in one currency, oldest month first."""
    return [MonthJson(str(month), render.amount(minor, places)) for month, minor in revenue.items()]


def show(call: Call, query: StatsQuery) -> StatsJson:
    """Show statistics: what the lists add up to.

    What is in the trash counts for nothing, and drafts and voided invoices only as such: they are in no amount.
    Statuses, overdue amounts and ages are as of today in the account's time zone, whatever the dates selected.

    `revenue` is that of twelve months, the last of them this one or that of `to`: the totals without tax of the
    invoices issued in a month, less those of its credit notes. Each bill belongs to the month of its issue date, and
    what was issued before `from` counts for nothing. A void takes an invoice out of the month of its issue, as if it
    had never been; to leave a month as it was reported, write a credit note, which is dated today.

    `received` is by the dates of the payments, and `customer_credit` is as of now, whatever the dates selected.

    `recurring.active` counts the schedules that will bill again, and `recurring.monthly_revenue` is what those of them
    that have started and have not ended come to, without tax. It takes a month for a twelfth of a year of 365 days: 12
    a year for a monthly schedule, 4 for a quarterly one, 365 for a daily one, 365/7 for a weekly one, divided by the
    interval. The sum is rounded once, half up. Customers and schedules have no issue date, so dates do not select
    among them.

    `seal_head` is the hash of the newest seal of the account: whoever keeps it elsewhere can tell later, by
    `tallystick verify --head`, whether the chain of seals still holds it.
    """
    return to_json(ops.compute(call.tx, call.account, filter_from(query, call.account)))
