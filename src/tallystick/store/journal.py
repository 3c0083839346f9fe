"""The ledger: an append-only journal of postings, each of which moves an amount from one ledger account to another.

A posting debits one account and credits another by the same amount, so that the journal balances by construction
(ADR 20).
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, case, func, select

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.sums import refusing_overflow, summed
from tallystick.store.tables import journal


class LedgerAccount(StrEnum):
    """The ledger accounts."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    TAX = "tax"
    CASH = "cash"
    CUSTOMER_CREDIT = "customer_credit"


class Posting(NamedTuple):
    """An amount (minor units, of either sign) that debits one ledger account and credits another."""

    debit: LedgerAccount
    credit: LedgerAccount
    amount: int


class Subject(NamedTuple):
    """What a posting is about."""

    customer_id: int
    currency: str
    invoice_id: int | None = None
    payment_id: int | None = None
    credit_note_id: int | None = None


class JournalEntry(NamedTuple):
    """The postings of one event on its subject."""

    event: str
    subject: Subject
    postings: Sequence[Posting]


COLUMNS = (
    "account_id",
    "at",
    "event",
    "customer_id",
    "currency",
    "invoice_id",
    "payment_id",
    "credit_note_id",
    "debit",
    "credit",
    "amount",
)
ISSUING = ("issue", "unpublish", "void")
PAYING = ("payment", "reversal")
CREDITING = ("credit_note", "put_back")


def post(tx: Tx, account: Account, event: str, subject: Subject, postings: Sequence[Posting]) -> None:
    """Writes the postings of one event. Zero amounts are left out, and a negative one is its reverse."""
    post_all(tx, account, [JournalEntry(event, subject, postings)])


def post_all(tx: Tx, account: Account, entries: Iterable[JournalEntry]) -> None:
    """As ``post``, of many events, in order."""
    rows = [
        (account.id, tx.now, event, *subject, *_upward(posting))
        for event, subject, postings in entries
        for posting in postings
        if posting.amount
    ]
    tx.insert_many(journal, COLUMNS, rows)


def _upward(posting: Posting) -> tuple[str, str, int]:
    """The columns that stand for a posting, whose amount is above 0 in the database."""
    debit, credit, amount = posting
    return (debit.value, credit.value, amount) if amount > 0 else (credit.value, debit.value, -amount)


class Standing(NamedTuple):
    """A customer's standing in one currency, in minor units: ``invoiced`` = ``paid`` + ``credited`` + ``outstanding``.

    Beside it, ``received`` is the money that came in and stands, ``credit_notes`` the sum of the notes, and ``credit``
    what of the two is still the customer's.
    """

    currency: str
    invoiced: int
    paid: int
    credited: int
    outstanding: int
    received: int
    credit_notes: int
    credit: int


def net_debit(ledger: LedgerAccount, *events: str) -> ColumnElement[int]:
    """What a posting debits an account by, or below 0 credits it by; of these events, or of all."""
    signed = case(
        (journal.c.debit == ledger, journal.c.amount),
        (journal.c.credit == ledger, -journal.c.amount),
        else_=0,
    )
    return case((journal.c.event.in_(events), signed), else_=0) if events else signed


def debit_balance(ledger: LedgerAccount) -> ColumnElement[int]:
    """What an account's debits exceed its credits by."""
    return func.coalesce(func.sum(net_debit(ledger)), 0)


STANDING = {
    "invoiced": net_debit(LedgerAccount.RECEIVABLE, *ISSUING),
    "paid": -net_debit(LedgerAccount.RECEIVABLE, *PAYING),
    "credited": -net_debit(LedgerAccount.RECEIVABLE, *CREDITING),
    "outstanding": net_debit(LedgerAccount.RECEIVABLE),
    "received": net_debit(LedgerAccount.CASH),
    "credit_notes": net_debit(LedgerAccount.REVENUE, *CREDITING) + net_debit(LedgerAccount.TAX, *CREDITING),
    "credit": -net_debit(LedgerAccount.CUSTOMER_CREDIT),
}
# A customer's standing, a row a currency.
STANDINGS: Select[Any] = (
    select(journal.c.currency, *(summed(amount).label(name) for name, amount in STANDING.items()))
    .where(journal.c.account_id == bindparam("account"), journal.c.customer_id == bindparam("customer"))
    .group_by(journal.c.currency)
    .order_by(journal.c.currency)
)


def standings(tx: Tx, account: Account, customer_id: int) -> list[Standing]:
    """What the customer was billed, has paid, owes and has to its credit, by currency.

    Raises ValidationFailed where a sum needs more than 64 bits.
    """
    with refusing_overflow():
        return tx.rows(STANDINGS, Standing, account=account.id, customer=customer_id)
