"""The SQL of statistics: each question is one query over a covering index, whatever its size (ADR 25)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Table,
    Text,
    and_,
    case,
    cast,
    extract,
    func,
    literal_column,
    or_,
    select,
)

from tallystick.bills.store import dated_within
from tallystick.core.account import Account
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceState, QuotationStatus
from tallystick.invoices.store import BY_AMOUNTS, BY_OPEN, ISSUED, NOT_DELETED, OWED
from tallystick.quotations.store import shows
from tallystick.stats.types import Age, CreditedInMonth, Invoiced, Month, Open, Scheduled, StatsFilter, Sum
from tallystick.store.db import Tx
from tallystick.store.sums import refusing_overflow, summed
from tallystick.store.tables import credit_notes, customer_credits, customers, invoices, payments, quotations, recurring

SETTLED = invoices.c.paid + invoices.c.credited
INVOICED = ("total", "tax", "paid")
CREDITED = ("total", "tax")
# Written into the statement, because with parameters SQLite could not tell that the index of money received will do.
STANDS = payments.c.status == literal_column(f"'{PaymentStatus.SUCCEEDED}'")
IS_MONEY = payments.c.method != literal_column(f"'{PaymentMethod.CREDIT}'")


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
    days = _grouped(
        (invoices.c.currency, invoices.c.state, invoices.c.issue_date),
        (*_of(invoices, account, wanted), NOT_DELETED, BY_AMOUNTS),
        func.count().label("counted"),
        *_sums(invoices, *INVOICED),
    )
    query = (
        select(days.c.currency, days.c.state, *_month(days.c.issue_date))
        .add_columns(*_sums(days, "counted", *INVOICED))
        .where(*_dated(days.c.issue_date, wanted, today))
        .group_by(days.c.currency, days.c.state, "year", "month")
    )
    with refusing_overflow():
        return tx.rows(query, _invoiced)


def _invoiced(currency: str, state: InvoiceState, year: Any, month: Any, *sums: int) -> Invoiced:
    return Invoiced(currency, state, _month_of(year, month), *sums)


def open_invoices(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> list[Open]:
    """The issued invoices on which something is owed on this day, by currency and age."""
    days = _grouped(
        (invoices.c.due_date, invoices.c.currency, invoices.c.issue_date),
        (*_of(invoices, account, wanted), ISSUED, OWED, NOT_DELETED, BY_OPEN),
        func.count().label("counted"),
        summed(case((SETTLED > 0, 1), else_=0)).label("partially_paid"),
        summed(invoices.c.total - SETTLED).label("balance"),
    )
    query = (
        select(days.c.currency, _age(days.c.due_date, today).label("age"))
        .add_columns(*_sums(days, "counted", "partially_paid", "balance"))
        .where(*_dated(days.c.issue_date, wanted, today))
        .group_by(days.c.currency, "age")
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
    query = (
        select(credit_notes.c.currency, *_month(credit_notes.c.issue_date))
        .add_columns(*_sums(credit_notes, *CREDITED))
        .where(*_of(credit_notes, account, wanted), *_dated(credit_notes.c.issue_date, wanted, today))
        .group_by(credit_notes.c.currency, "year", "month")
    )
    with refusing_overflow():
        return tx.rows(query, _credited)


def _credited(currency: str, year: Any, month: Any, *sums: int) -> CreditedInMonth:
    return CreditedInMonth(currency, _month_of(year, month), *sums)


def received(tx: Tx, account: Account, wanted: StatsFilter, today: date) -> list[Sum]:
    """The money that came in and was not taken back, by currency; each payment of its own date."""
    tests = (*_of(payments, account, wanted), *_dated(payments.c.date, wanted, today), STANDS, IS_MONEY)
    return _by_currency(tx, payments, *tests)


def customer_credit(tx: Tx, account: Account, wanted: StatsFilter) -> list[Sum]:
    """What the customers have to their credit now, by currency; dates do not select among it."""
    return _by_currency(tx, customer_credits, *_of(customer_credits, account, wanted), customer_credits.c.amount > 0)


def _by_currency(tx: Tx, table: Table, *tests: ColumnElement[bool]) -> list[Sum]:
    query = select(table.c.currency, *_sums(table, "amount")).where(*tests).group_by(table.c.currency)
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


def _grouped(
    group: tuple[ColumnElement[Any], ...], conditions: tuple[ColumnElement[bool], ...], *sums: ColumnElement[Any]
) -> CTE:
    """Sums by the columns of a covering index, in their order, so that the index is read once and nothing is sorted.

    Materialized, because a range of dates pushed down into it would lead SQLite to another index.
    """
    return select(*group, *sums).where(*conditions).group_by(*group).cte().prefix_with("MATERIALIZED")


def _month(column: ColumnElement[date]) -> Iterator[ColumnElement[int]]:
    yield from (extract(part, column).label(part) for part in ("year", "month"))


def _month_of(year: Any, month: Any) -> Month:
    # Integers in one database, numbers of another kind in the other.
    return Month(int(year), int(month))


def _sums(rows: FromClause, *names: str) -> Iterator[ColumnElement[int]]:
    yield from (summed(rows.c[name]).label(name) for name in names)
