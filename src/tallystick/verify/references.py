"""Rows about one thing name the same customer and currency."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, exists, or_, select

from tallystick.core.account import Account
from tallystick.core.payment import PaymentStatus
from tallystick.store.db import Tx
from tallystick.store.journal import LedgerAccount, debit_balance
from tallystick.store.tables import credit_notes, invoices, journal, payment_allocations, payments
from tallystick.verify.types import Check, Difference, money, row_name


class _Reference(NamedTuple):
    """What a row names, and the customers and currencies of both."""

    id: int
    target_id: int
    customer: int
    currency: str
    expected_customer: int | None
    expected_currency: str | None


class _TakenBack(NamedTuple):
    """What an invoice was to a customer in a currency before it was taken back."""

    invoice_id: int
    number: str | None
    customer_id: int
    currency: str
    owed: int


def _check(
    name: Column[Any],
    target: Any,
    customer: Column[Any],
    currency: Column[Any],
    source: Any,
    *in_force: ColumnElement[bool],
) -> Check:
    """The check that what ``name`` names is there, with this customer and this currency where the row is in force."""
    table = name.table
    differs = or_(target.c.customer_id != customer, target.c.currency != currency)
    fault = or_(target.c.id.is_(None), and_(differs, *in_force))
    joined = source.outerjoin(target, and_(target.c.account_id == table.c.account_id, target.c.id == name))
    statement = (
        select(table.c.id, name, customer, currency, target.c.customer_id, target.c.currency)
        .select_from(joined)
        .where(table.c.account_id == bindparam("account"), name.is_not(None), fault)
        .order_by(table.c.id)
    )
    thing = name.name.removesuffix("_id").replace("_", " ")

    def run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
        for row in tx.rows(statement, _Reference, account=account.id):
            if row.expected_customer is None:
                finding = f"its {thing} {row.target_id} is missing"
            else:
                finding = (
                    f"is of customer {row.customer} in {row.currency}, should be of customer "
                    f"{row.expected_customer} in {row.expected_currency}, as its {thing} {row.target_id}"
                )
            yield Difference(table.name, str(row.id), finding)

    return Check(f"{table.name.replace('_', ' ')}: the same customer as the {thing}", table, run)


def _taken_back(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
    """What an invoice was to a customer before it was taken back, which its postings must add up to: nothing."""
    for row in tx.rows(TAKEN_BACK, _TakenBack, account=account.id):
        owed = money(row.owed, row.currency)
        finding = f"what customer {row.customer_id} owed on it before it was taken back is {owed}, should be nothing"
        yield Difference(invoices.name, row_name(row.invoice_id, row.number), finding)


_later = journal.alias("later")
# An invoice that is taken back may go to another customer, or to another currency, when it is issued again.
_was_taken_back = exists().where(
    _later.c.account_id == journal.c.account_id,
    _later.c.invoice_id == journal.c.invoice_id,
    _later.c.event == "unpublish",
    _later.c.id >= journal.c.id,
)
OWED = debit_balance(LedgerAccount.RECEIVABLE)
TAKEN_BACK: Select[Any] = (
    select(
        journal.c.invoice_id,
        invoices.c.number,
        journal.c.customer_id,
        journal.c.currency,
        OWED.label("owed"),
    )
    .join(invoices, and_(invoices.c.account_id == journal.c.account_id, invoices.c.id == journal.c.invoice_id))
    .where(journal.c.account_id == bindparam("account"), _was_taken_back)
    .group_by(journal.c.invoice_id, invoices.c.number, journal.c.customer_id, journal.c.currency)
    .having(OWED != 0)
    .order_by(journal.c.invoice_id, journal.c.customer_id, journal.c.currency)
)
_of_payment = payment_allocations.outerjoin(
    payments,
    and_(payments.c.account_id == payment_allocations.c.account_id, payments.c.id == payment_allocations.c.payment_id),
)
CHECKS = (
    _check(journal.c.invoice_id, invoices, journal.c.customer_id, journal.c.currency, journal, ~_was_taken_back),
    Check("journal: what was taken back is nothing", journal, _taken_back),
    _check(journal.c.payment_id, payments, journal.c.customer_id, journal.c.currency, journal),
    _check(journal.c.credit_note_id, credit_notes, journal.c.customer_id, journal.c.currency, journal),
    _check(credit_notes.c.invoice_id, invoices, credit_notes.c.customer_id, credit_notes.c.currency, credit_notes),
    _check(
        payment_allocations.c.invoice_id,
        invoices,
        payments.c.customer_id,
        payments.c.currency,
        _of_payment,
        # What was reversed may have paid an invoice that was taken back since.
        payments.c.status == PaymentStatus.SUCCEEDED,
    ),
)
