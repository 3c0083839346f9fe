"""Amounts that other rows add up to: what is paid and credited, and what the journal says of each row."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    FromClause,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from tallystick.core.account import Account
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceState
from tallystick.store.db import Tx
from tallystick.store.journal import LedgerAccount, debit_balance
from tallystick.store.tables import credit_notes, customer_credits, invoices, journal, payment_allocations, payments
from tallystick.verify.types import Check, Difference, row_name, unequal

Amount = ColumnElement[int]
ACCOUNT: BindParameter[int] = bindparam("account")


class ComparedSum(NamedTuple):
    """An amount (minor units) that each row of a table has, and what other rows say that it should be."""

    what: str
    stored: Amount
    expected: Amount


def _check(table: Table, number: ColumnElement[Any], parts: list[Subquery], sums: list[ComparedSum]) -> Check:
    """The check of several sums in one walk over a table; each of ``parts`` has an amount by its ``key``."""
    source: FromClause = table
    for part in parts:
        source = source.outerjoin(part, part.c.key == table.c.id)
    amounts = [amount for one in sums for amount in (one.stored, one.expected)]
    statement = (
        select(table.c.id, number, table.c.currency, *amounts)
        .select_from(source)
        .where(table.c.account_id == ACCOUNT, or_(*(one.stored != one.expected for one in sums)))
        .order_by(table.c.id)
    )

    def run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
        for name, currency, found in tx.rows(statement, _summed, account=account.id):
            for one, stored, expected in zip(sums, found[::2], found[1::2], strict=True):
                if stored != expected:
                    yield Difference(table.name, name, unequal(one.what, stored, expected, currency))

    return Check(f"the sums of {table.name.replace('_', ' ')}", table, run)


def _summed(row_id: int, number: str | None, currency: str, *amounts: Any) -> tuple[str, str, list[int]]:
    return row_name(row_id, number), currency, list(map(int, amounts))


def _by(key: Column[Any], *sums: ColumnElement[Any]) -> Subquery:
    """Sums of the rows of one table by what ``key`` names."""
    table = key.table
    return (
        select(key.label("key"), *sums).where(table.c.account_id == ACCOUNT, key.is_not(None)).group_by(key).subquery()
    )


def _posted(key: Column[Any]) -> Subquery:
    """What the journal has moved by what ``key`` names, as the debits of each account less its credits."""
    return _by(key, *(debit_balance(ledger).label(ledger.value) for ledger in LedgerAccount))


def _or_0(amount: Amount) -> Amount:
    return func.coalesce(amount, 0)


def _capped(amount: Amount, most: Amount) -> Amount:
    return case((amount > most, most), else_=amount)


received = (
    select(payment_allocations.c.invoice_id.label("key"), func.sum(payment_allocations.c.amount).label("amount"))
    .join(
        payments,
        and_(
            payments.c.account_id == payment_allocations.c.account_id,
            payments.c.id == payment_allocations.c.payment_id,
        ),
    )
    .where(payment_allocations.c.account_id == ACCOUNT, payments.c.status == PaymentStatus.SUCCEEDED)
    .group_by(payment_allocations.c.invoice_id)
    .subquery()
)
noted = _by(
    credit_notes.c.invoice_id,
    func.sum(credit_notes.c.total).label("total"),
    func.sum(credit_notes.c.total - credit_notes.c.to_credit).label("applied"),
    func.sum(credit_notes.c.tax).label("tax"),
)
of_invoice = _posted(journal.c.invoice_id)
is_issued = invoices.c.state == InvoiceState.ISSUED
owed = case((is_issued, invoices.c.total - invoices.c.paid - invoices.c.credited), else_=0)
taxed = case((is_issued, invoices.c.tax), else_=0) - _or_0(noted.c.tax)
earned = case((is_issued, invoices.c.total), else_=0) - _or_0(noted.c.total) - taxed

INVOICES = _check(
    invoices,
    invoices.c.number,
    [received, noted, of_invoice],
    [
        ComparedSum("paid", invoices.c.paid, _or_0(received.c.amount)),
        ComparedSum("credited", invoices.c.credited, _or_0(noted.c.applied)),
        ComparedSum(
            "the sum of its credit notes", _or_0(noted.c.total), _capped(_or_0(noted.c.total), invoices.c.total)
        ),
        ComparedSum("its receivable in the journal", _or_0(of_invoice.c.receivable), owed),
        ComparedSum("its revenue in the journal", -_or_0(of_invoice.c.revenue), earned),
        ComparedSum("its tax in the journal", -_or_0(of_invoice.c.tax), taxed),
    ],
)

settled = _by(payment_allocations.c.payment_id, func.sum(payment_allocations.c.amount).label("amount"))
of_payment = _posted(journal.c.payment_id)
shares = _or_0(settled.c.amount)
has_failed = payments.c.status == PaymentStatus.FAILED
has_succeeded = payments.c.status == PaymentStatus.SUCCEEDED
is_from_credit = payments.c.method == PaymentMethod.CREDIT
cash = case((and_(has_succeeded, ~is_from_credit), payments.c.amount), else_=0)
kept = case((has_succeeded, payments.c.to_credit - case((is_from_credit, payments.c.amount), else_=0)), else_=0)

PAYMENTS = _check(
    payments,
    payments.c.reference,
    [settled, of_payment],
    [
        ComparedSum(
            "amount", payments.c.amount, case((has_failed, payments.c.amount), else_=shares + payments.c.to_credit)
        ),
        ComparedSum("the sum of its allocations", shares, _capped(shares, payments.c.amount)),
        ComparedSum("its cash in the journal", _or_0(of_payment.c.cash), cash),
        ComparedSum("its customer credit in the journal", -_or_0(of_payment.c.customer_credit), kept),
    ],
)

of_credit_note = _posted(journal.c.credit_note_id)

CREDIT_NOTES = _check(
    credit_notes,
    credit_notes.c.number,
    [of_credit_note],
    [
        ComparedSum(
            "its receivable in the journal",
            -_or_0(of_credit_note.c.receivable),
            credit_notes.c.total - credit_notes.c.to_credit,
        ),
        ComparedSum(
            "its customer credit in the journal", -_or_0(of_credit_note.c.customer_credit), credit_notes.c.to_credit
        ),
        ComparedSum("its tax in the journal", _or_0(of_credit_note.c.tax), credit_notes.c.tax),
    ],
)

both = union_all(
    select(
        customer_credits.c.customer_id,
        customer_credits.c.currency,
        customer_credits.c.amount,
        literal(0).label("expected"),
    ).where(customer_credits.c.account_id == ACCOUNT),
    select(journal.c.customer_id, journal.c.currency, literal(0), -debit_balance(LedgerAccount.CUSTOMER_CREDIT))
    .where(journal.c.account_id == ACCOUNT)
    .group_by(journal.c.customer_id, journal.c.currency),
).subquery()
CREDITS = (
    select(both.c.customer_id, both.c.currency, func.sum(both.c.amount), func.sum(both.c.expected))
    .group_by(both.c.customer_id, both.c.currency)
    .having(func.sum(both.c.amount) != func.sum(both.c.expected))
    .order_by(both.c.customer_id, both.c.currency)
)


def _customer_credits(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
    for customer, currency, (stored, expected) in tx.rows(CREDITS, _of_customer, account=account.id):
        finding = unequal("amount", stored, expected, currency)
        yield Difference(customer_credits.name, customer, f"{finding}, as in the journal")


def _of_customer(customer_id: int, currency: str, *amounts: Any) -> tuple[str, str, list[int]]:
    return f"of customer {customer_id}", currency, list(map(int, amounts))


CUSTOMER_CREDITS = Check("the customers' credit", customer_credits, _customer_credits)
CHECKS = (INVOICES, PAYMENTS, CREDIT_NOTES, CUSTOMER_CREDITS)
