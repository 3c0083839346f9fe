"""The SQL of statistics: over sums that are kept ahead (ADR 52), or over an index that holds all it takes (ADR 25)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    Text,
    and_,
    case,
    cast,
    extract,
    func,
    or_,
    select,
)

from tallystick.bills.store import dated_within
from tallystick.core.account import Account
from tallystick.core.figures import FigureKind
from tallystick.core.states import InvoiceState, QuotationStatus
from tallystick.quotations.store import shows
from tallystick.stats.types import Age, CreditedInMonth, Invoiced, Month, Open, Scheduled, StatsFilter, Sum
from tallystick.store import figures
from tallystick.store.db import Tx
from tallystick.store.sums import refusing_overflow, summed
from tallystick.store.tables import customer_credits, customers, quotations, recurring

INVOICED = ("total", "tax", "paid")
CREDITED = ("total", "tax")


def count_customers(tx: Tx, account: Account) -> int:
    """How many customers the account has."""
    query = select(func.count()).select_from(customers).where(customers.c.account_id == account.id)
    return tx.one(query, int)


def count_quotations(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> dict[QuotationStatus, int]:
    """How many quotations show each status on this day, of those statuses that any shows."""
    expired = (shows(QuotationStatus.EXPIRED, today), QuotationStatus.EXPIRED.value)
    query = (
        select(case(expired, else_=cast(quotations.c.state, Text)).label("status"), func.count().label("counted"))
        .where(*_of(quotations, account, wanted), *_dated(quotations.c.issue_date, wanted, today))
        .group_by("status")
    )
    return dict(tx.rows(query, _status))


def _status(status: str, counted: int) -> tuple[QuotationStatus, int]:
    return QuotationStatus(status), counted


def invoices_by_month(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> list[Invoiced]:
    """The invoices outside the trash, by currency, state and month."""
    rows = figures.kept(account, FigureKind.INVOICE, wanted.currency)
    query = (
        select(rows.c.currency, rows.c.state, *_month(rows.c.day))
        .add_columns(*_sums(rows, "counted", *INVOICED))
        .where(*_dated(rows.c.day, wanted, today))
        .group_by(rows.c.currency, rows.c.state, "year", "month")
        .having(func.sum(rows.c.counted) > 0)
    )
    with refusing_overflow():
        return tx.rows(query, _invoiced)


def _invoiced(currency: str, state: str, year: Any, month: Any, *sums: int) -> Invoiced:
    return Invoiced(currency, InvoiceState(state), _month_of(year, month), *sums)


def open_invoices(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> list[Open]:
    """The issued invoices on which something is owed on this day, by currency and age."""
    rows = figures.kept(account, FigureKind.INVOICE, wanted.currency)
    query = (
        select(rows.c.currency, _age(rows.c.due, today).label("age"))
        .add_columns(*_sums(rows, "still_open", "partly_settled", "balance"))
        .where(*_dated(rows.c.day, wanted, today))
        .group_by(rows.c.currency, "age")
        .having(func.sum(rows.c.still_open) > 0)
    )
    with refusing_overflow():
        return tx.rows(query, _open)


def _open(currency: str, age: str, *sums: int) -> Open:
    return Open(currency, Age(age), *sums)


def _age(due_date: ColumnElement[date], today: date) -> ColumnElement[str]:
    return case(
        (due_date >= today, Age.CURRENT.value),
        (due_date >= today - timedelta(days=30), Age.UP_TO_30.value),
        (due_date >= today - timedelta(days=60), Age.UP_TO_60.value),
        (due_date >= today - timedelta(days=90), Age.UP_TO_90.value),
        else_=Age.OVER_90.value,
    )


def credit_notes_by_month(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> list[CreditedInMonth]:
    """The credit notes, by currency and month."""
    rows = figures.kept(account, FigureKind.CREDIT_NOTE, wanted.currency)
    query = (
        select(rows.c.currency, *_month(rows.c.day))
        .add_columns(*_sums(rows, *CREDITED))
        .where(*_dated(rows.c.day, wanted, today))
        .group_by(rows.c.currency, "year", "month")
        .having(func.sum(rows.c.counted) > 0)
    )
    with refusing_overflow():
        return tx.rows(query, _credited)


def _credited(currency: str, year: Any, month: Any, *sums: int) -> CreditedInMonth:
    return CreditedInMonth(currency, _month_of(year, month), *sums)


def received(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> list[Sum]:
    """The money that came in and was not taken back, by currency; each payment of its own date."""
    rows = figures.kept(account, FigureKind.PAYMENT, wanted.currency)
    query = (
        select(rows.c.currency, *_sums(rows, "total"))
        .where(*_dated(rows.c.day, wanted, today))
        .group_by(rows.c.currency)
        .having(func.sum(rows.c.counted) > 0)
    )
    with refusing_overflow():
        return tx.rows(query, Sum)


def customer_credit(tx: Tx, account: Account, wanted: StatsFilter) -> list[Sum]:
    """What the customers have to their credit now, by currency; dates do not select among it."""
    query = (
        select(customer_credits.c.currency, *_sums(customer_credits, "amount"))
        .where(*_of(customer_credits, account, wanted), customer_credits.c.amount > 0)
        .group_by(customer_credits.c.currency)
    )
    with refusing_overflow():
        return tx.rows(query, Sum)


def active_schedules(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> list[Scheduled]:
    """The schedules that will bill again, by currency and rhythm; the dates wanted do not select among them."""
    rhythm = (recurring.c.currency, recurring.c.frequency, recurring.c.interval)
    net = case((_running(today), recurring.c.total - recurring.c.tax), else_=0)
    query = (
        select(*rhythm, func.count().label("counted"), summed(net).label("net"))
        .where(*_of(recurring, account, wanted), recurring.c.next_date.is_not(None), recurring.c.deleted_at.is_(None))
        .group_by(*rhythm)
    )
    with refusing_overflow():
        return tx.rows(query, Scheduled)


def _running(today: date) -> ColumnElement[bool]:
    """The test that a schedule has started and has not ended."""
    return and_(recurring.c.start_date <= today, or_(recurring.c.end_date.is_(None), recurring.c.end_date >= today))


def _of(table: Table, account: Account, wanted: StatsFilter) -> list[ColumnElement[bool]]:
    own = table.c.account_id == account.id
    return [own] if wanted.currency is None else [own, table.c.currency == wanted.currency]


def _dated(issue_date: ColumnElement[date], wanted: StatsFilter, today: date) -> list[ColumnElement[bool]]:
    return dated_within(issue_date, wanted.from_date, wanted.to_date, today)


def _month(column: ColumnElement[date]) -> Iterator[ColumnElement[int]]:
    yield from (extract(part, column).label(part) for part in ("year", "month"))


def _month_of(year: Any, month: Any) -> Month:
    # Integers in one database, numbers of another kind in the other.
    return Month(int(year), int(month))


def _sums(rows: FromClause, *names: str) -> Iterator[ColumnElement[int]]:
    yield from (summed(rows.c[name]).label(name) for name in names)
