"""Number sequences: every place up to the counter is a bill's or was stepped over, and none beyond it."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, Text, and_, bindparam, cast, literal, null, select, union_all

from tallystick.bills.kind import Kind
from tallystick.core import numbering
from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import sequences, stepped_over
from tallystick.verify.types import Check, Difference, row_name


class _Place(NamedTuple):
    """A place of a sequence, and the bill that has it; None where it was stepped over."""

    scope: str
    sequence: int
    id: int | None
    number: str | None


class _SteppedOver(NamedTuple):
    """A place that was stepped over, and the bill that has its number, if any has."""

    scope: str
    sequence: int
    number_key: str
    id: int | None


class _Uncompared(NamedTuple):
    """A bill whose number is not compared."""

    id: int
    number: str


def _counter(scope: str, value: int) -> tuple[str, int]:
    return scope, value


def check_of(kind: Kind) -> Check:
    """The check of the sequences of one kind of bill; bills in the trash keep their places."""
    bills = kind.bills
    counters = select(sequences.c.scope, sequences.c.value).where(
        sequences.c.account_id == bindparam("account"), sequences.c.kind == kind.name
    )
    places = _places(kind)
    stepped = _stepped_over(kind)
    uncompared = _uncompared(kind)

    def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
        last = dict(tx.rows(counters, _counter, account=account.id))
        taken = dict.fromkeys(last, 0)
        for place in tx.stream(places, _Place, account=account.id):
            before, counter = taken.get(place.scope, 0), last.get(place.scope, 0)
            yield from _gap(kind, place.scope, before + 1, min(place.sequence - 1, counter))
            yield from _misplaced(kind, place, before, counter)
            taken[place.scope] = place.sequence
            advance(1)
        for scope, counter in last.items():
            yield from _gap(kind, scope, taken[scope] + 1, counter)
        for passed in tx.rows(stepped, _SteppedOver, account=account.id):
            yield from _stepped(kind, passed)
        for bill in tx.rows(uncompared, _Uncompared, account=account.id):
            yield from _incomparable(tx, account, kind, bill)

    return Check(f"the numbers of {bills.name.replace('_', ' ')}", bills, run)


def _places(kind: Kind) -> CompoundSelect[Any]:
    """The places of the sequences, in their order: those that bills have, and those that were stepped over."""
    bills = kind.bills
    of_bills = select(
        bills.c.number_scope.label("scope"), bills.c.number_sequence.label("sequence"), bills.c.id, bills.c.number
    ).where(bills.c.account_id == bindparam("account"), bills.c.number_sequence.is_not(None))
    passed = select(
        stepped_over.c.scope, stepped_over.c.sequence, cast(null(), bills.c.id.type), cast(null(), Text)
    ).where(stepped_over.c.account_id == bindparam("account"), stepped_over.c.kind == literal(kind.name))
    return union_all(of_bills, passed).order_by("scope", "sequence", "id")


def _stepped_over(kind: Kind) -> Select[Any]:
    """The places that were stepped over, and the bill that has each one's number, if any has."""
    bills = kind.bills
    has_it = and_(
        bills.c.account_id == stepped_over.c.account_id,
        bills.c.number_key == stepped_over.c.number_key,
        bills.c.number.is_not(None),
    )
    return (
        select(stepped_over.c.scope, stepped_over.c.sequence, stepped_over.c.number_key, bills.c.id)
        .select_from(stepped_over.outerjoin(bills, has_it))
        .where(stepped_over.c.account_id == bindparam("account"), stepped_over.c.kind == kind.name)
        .order_by(stepped_over.c.scope, stepped_over.c.sequence)
    )


def _stepped(kind: Kind, place: _SteppedOver) -> Iterator[Difference]:
    finding = None
    if place.id is None:
        finding = "which no bill has"
    elif place.sequence not in map(int, re.findall("[0-9]+", place.number_key)):
        finding = "which is not the number of that place"
    if finding:
        stepped = f"place {place.sequence} was stepped over for {place.number_key}, {finding}"
        yield Difference(sequences.name, _series_name(kind, place.scope), stepped)


def _uncompared(kind: Kind) -> Select[Any]:
    """The bills whose numbers are not compared."""
    bills = kind.bills
    return (
        select(bills.c.id, bills.c.number)
        .where(bills.c.account_id == bindparam("account"), bills.c.number.is_not(None), bills.c.number_key.is_(None))
        .order_by(bills.c.id)
    )


def _incomparable(tx: Tx, account: Account, kind: Kind, bill: _Uncompared) -> Iterator[Difference]:
    """Of numbers that an older version took for different ones, only one is compared with; any other always is."""
    bills, key = kind.bills, numbering.key(bill.number)
    compared = select(bills.c.id).where(bills.c.account_id == account.id, bills.c.number_key == key)
    if tx.row(compared, int) is None:
        finding = f"number_key is None, should be {key!r}"
        yield Difference(bills.name, row_name(bill.id, bill.number), finding)


def _misplaced(kind: Kind, place: _Place, before: int, counter: int) -> Iterator[Difference]:
    sequence = f"the sequence {place.scope}".strip()
    if place.sequence == before:
        finding = f"has place {before} of {sequence}, as another bill has"
    elif place.sequence > counter:
        finding = f"has place {place.sequence} of {sequence}, whose counter is at {counter}"
    else:
        return
    if place.id is None:
        yield Difference(stepped_over.name, _series_name(kind, place.scope), finding)
    else:
        yield Difference(kind.bills.name, row_name(place.id, place.number), finding)


def _gap(kind: Kind, scope: str, first: int, last: int) -> Iterator[Difference]:
    if first <= last:
        places = f"place {first} is" if first == last else f"places {first} to {last} are"
        yield Difference(sequences.name, _series_name(kind, scope), f"{places} taken by no bill")


def _series_name(kind: Kind, scope: str) -> str:
    return f"{kind.name} {scope}".strip()
