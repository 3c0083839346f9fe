"""Each posting moves money between the accounts that its event moves it between, and names what caused it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, not_, or_, select, tuple_

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.journal import LedgerAccount
from tallystick.store.tables import journal
from tallystick.verify.types import Check, Difference, money

RECEIVABLE, REVENUE, TAX, CASH, CREDIT = LedgerAccount
REFERENCES = ("invoice_id", "payment_id", "credit_note_id")


class Shape(NamedTuple):
    """What a posting of an event may be: what it must name, what it may name, and its debits and credits."""

    names: frozenset[str]
    may_name: frozenset[str]
    moves: frozenset[tuple[LedgerAccount, LedgerAccount]]


def _both_ways(*pairs: tuple[LedgerAccount, LedgerAccount]) -> frozenset[tuple[LedgerAccount, LedgerAccount]]:
    return frozenset(pairs) | {(credit, debit) for debit, credit in pairs}


_INVOICE, _PAYMENT, _NOTE = map(frozenset, (["invoice_id"], ["payment_id"], ["credit_note_id"]))
_SOLD = frozenset({(RECEIVABLE, REVENUE), (RECEIVABLE, TAX)})
_TAKEN_BACK = frozenset({(REVENUE, RECEIVABLE), (TAX, RECEIVABLE)})
_RECEIVED = frozenset({(CASH, RECEIVABLE), (CREDIT, RECEIVABLE), (CASH, CREDIT)})

SHAPES: Mapping[str, Shape] = {
    "issue": Shape(_INVOICE, frozenset(), _SOLD | _TAKEN_BACK),
    "unpublish": Shape(_INVOICE, frozenset(), _SOLD | _TAKEN_BACK),
    "void": Shape(_INVOICE, frozenset(), _SOLD | _TAKEN_BACK),
    "payment": Shape(_PAYMENT, _INVOICE, _RECEIVED),
    "reversal": Shape(_PAYMENT, _INVOICE, _both_ways(*_RECEIVED)),
    "put_back": Shape(_INVOICE | _NOTE, frozenset(), frozenset({(CREDIT, RECEIVABLE)})),
    "credit_note": Shape(_INVOICE | _NOTE, frozenset(), _SOLD | _TAKEN_BACK | {(RECEIVABLE, CREDIT)}),
}


def _fits(event: str, shape: Shape) -> ColumnElement[bool]:
    named = [journal.c[name].is_not(None) for name in sorted(shape.names)]
    unnamed = [journal.c[name].is_(None) for name in REFERENCES if name not in shape.names | shape.may_name]
    moves = tuple_(journal.c.debit, journal.c.credit).in_(
        sorted((debit.value, credit.value) for debit, credit in shape.moves)
    )
    return and_(journal.c.event == event, *named, *unnamed, moves)


MISSHAPEN: Select[Any] = (
    select(journal.c.id, journal.c.event, journal.c.debit, journal.c.credit, journal.c.amount, journal.c.currency)
    .where(
        journal.c.account_id == bindparam("account"),
        not_(or_(*(_fits(event, shape) for event, shape in SHAPES.items()))),
    )
    .order_by(journal.c.id)
)


class _Misshapen(NamedTuple):
    """A posting that is none of its event's."""

    id: int
    event: str
    debit: str
    credit: str
    amount: int
    currency: str


def _run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
    for row in tx.rows(MISSHAPEN, _Misshapen, account=account.id):
        moved = f"{money(row.amount, row.currency)} from {row.credit} to {row.debit}"
        yield Difference(journal.name, str(row.id), f"moves {moved}, which no {row.event} with what it names does")


CHECK = Check("the postings' shapes", journal, _run)
