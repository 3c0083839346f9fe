"""The ledger: an append-only journal of postings, each of which moves an amount from one ledger account to another.

A posting debits one account and credits another by the same amount, so that the journal balances by construction.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, select

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import journal


class Ledger(StrEnum):
    """The ledger accounts."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    TAX = "tax"
    CASH = "cash"
    CUSTOMER_CREDIT = "customer_credit"


class Posting(NamedTuple):
    """An amount (minor units, of either sign) that debits one ledger account and credits another."""

    debit: Ledger
    credit: Ledger
    amount: int


class Subject(NamedTuple):
    """What a posting is about."""

    customer_id: int
    currency: str
    invoice_id: int | None = None
    payment_id: int | None = None


INSERT = journal.insert()
ISSUING = ("issue", "unpublish", "void")


def post(tx: Tx, account: Account, event: str, subject: Subject, postings: Sequence[Posting]) -> None:
    """Writes the postings of one event. Zero amounts are left out, and a negative one is its reverse."""
    rows = [row(tx, account, event, subject, posting) for posting in postings if posting.amount]
    if rows:
        tx.execute(INSERT, rows)


def row(tx: Tx, account: Account, event: str, subject: Subject, posting: Posting) -> dict[str, object]:
    """The row that stands for one posting."""
    debit, credit, amount = posting
    if amount < 0:
        debit, credit, amount = credit, debit, -amount
    return {
        "account_id": account.id,
        "at": tx.now,
        "event": event,
        "customer_id": subject.customer_id,
        "invoice_id": subject.invoice_id,
        "payment_id": subject.payment_id,
        "currency": subject.currency,
        "debit": debit.value,
        "credit": credit.value,
        "amount": amount,
    }


class Standing(NamedTuple):
    """A customer's standing in one currency, in minor units."""

    currency: str
    invoiced: int
    paid: int
    outstanding: int
    credit: int


def _moved(ledger: Ledger, *events: str) -> ColumnElement[int]:
    """What an account's debits exceed its credits by; of these events, or of all."""
    signed = case(
        (journal.c.debit == ledger, journal.c.amount),
        (journal.c.credit == ledger, -journal.c.amount),
        else_=0,
    )
    return func.coalesce(func.sum(case((journal.c.event.in_(events), signed), else_=0) if events else signed), 0)


STANDINGS = (
    select(
        journal.c.currency,
        _moved(Ledger.RECEIVABLE, *ISSUING),
        _moved(Ledger.CASH),
        _moved(Ledger.RECEIVABLE),
        -_moved(Ledger.CUSTOMER_CREDIT),
    )
    .where(journal.c.account_id == bindparam("account"), journal.c.customer_id == bindparam("customer"))
    .group_by(journal.c.currency)
    .order_by(journal.c.currency)
)


def standings(tx: Tx, account: Account, customer_id: int) -> list[Standing]:
    """What the customer was billed, has paid, owes and has to its credit, by currency."""
    rows = tx.execute(STANDINGS, {"account": account.id, "customer": customer_id})
    return [Standing(row[0], *map(int, row[1:])) for row in rows]
