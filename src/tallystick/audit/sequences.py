"""Number sequences: every place up to the counter is taken by one bill, and none beyond it."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Select, bindparam, select

from tallystick.audit.bills import Kind
from tallystick.audit.types import Check, Difference, row_name
from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import sequences


def check_of(kind: Kind) -> Check:
    """The check of the sequences of one kind of bill; bills in the trash keep their places."""
    bills = kind.bills
    counters = select(sequences.c.scope, sequences.c.value).where(
        sequences.c.account_id == bindparam("account"), sequences.c.kind == kind.name
    )
    places: Select[Any] = (
        select(bills.c.id, bills.c.number, bills.c.number_scope, bills.c.number_sequence)
        .where(bills.c.account_id == bindparam("account"), bills.c.number_sequence.is_not(None))
        .order_by(bills.c.number_scope, bills.c.number_sequence, bills.c.id)
        .execution_options(yield_per=1_000)
    )

    def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
        last = {row.scope: row.value for row in tx.execute(counters, {"account": account.id})}
        taken = dict.fromkeys(last, 0)
        for bill in tx.execute(places, {"account": account.id}):
            before, counter = taken.get(bill.number_scope, 0), last.get(bill.number_scope, 0)
            yield from _gap(kind, bill.number_scope, before + 1, min(bill.number_sequence - 1, counter))
            yield from _misplaced(kind, bill, before, counter)
            taken[bill.number_scope] = bill.number_sequence
            advance(1)
        for scope, counter in last.items():
            yield from _gap(kind, scope, taken[scope] + 1, counter)

    return Check(f"the numbers of {bills.name.replace('_', ' ')}", bills, run)


def _misplaced(kind: Kind, bill: Any, before: int, counter: int) -> Iterator[Difference]:
    sequence = f"the sequence {bill.number_scope}".strip()
    if bill.number_sequence == before:
        finding = f"has place {before} of {sequence}, as another bill has"
    elif bill.number_sequence > counter:
        finding = f"has place {bill.number_sequence} of {sequence}, whose counter is at {counter}"
    else:
        return
    yield Difference(kind.bills.name, row_name(bill.id, bill.number), finding)


def _gap(kind: Kind, scope: str, first: int, last: int) -> Iterator[Difference]:
    if first <= last:
        places = f"place {first} is" if first == last else f"places {first} to {last} are"
        yield Difference(sequences.name, f"{kind.name} {scope}".strip(), f"{places} taken by no bill")
