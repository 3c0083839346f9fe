"""Numbers of bills: taken from the account's sequence, stepping over those that clients gave themselves."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Table, bindparam, select, update

from tallystick.core.account import Account
from tallystick.core.numbering import Pattern
from tallystick.store import counters
from tallystick.store.db import Tx
from tallystick.store.lists import among


class Taken(NamedTuple):
    """A number, and its place in the sequence that it was taken from."""

    number: str
    scope: str
    sequence: int

    def columns(self) -> dict[str, object]:
        """The columns of a bill's row that hold the number."""
        return {"number": self.number, "number_scope": self.scope, "number_sequence": self.sequence}


class Numbers:
    """The numbers of one kind of bill, and the table in which they are used."""

    def __init__(self, kind: str, table: Table) -> None:
        self.kind = kind
        wanted = (table.c.account_id == bindparam("account"), among(table.c.number, "wanted"))
        self._given = select(table.c.number).where(*wanted)
        # A number that a client gave takes the place in the sequence that the sequence steps over: so no place is
        # ever without its bill.
        self._give_place = (
            update(table)
            .where(table.c.account_id == bindparam("account"), table.c.number == bindparam("given"))
            .values(number_scope=bindparam("scope"), number_sequence=bindparam("sequence"))
        )

    def take(self, tx: Tx, account: Account, day: date) -> Taken:
        """The next number for a bill of this day. Its counter stays locked until the transaction ends."""
        return self.take_all(tx, account, [day])[0]

    def take_all(self, tx: Tx, account: Account, days: Sequence[date]) -> list[Taken]:
        """The next numbers for bills of these days, in their order, without a gap."""
        pattern = Pattern.parse(account.number_patterns[self.kind])
        places: dict[str, list[int]] = defaultdict(list)
        for index, day in enumerate(days):
            places[pattern.scope(day)].append(index)
        taken: dict[int, Taken] = {}
        # Always in the order of the scopes, so that two transactions cannot wait for each other's counters.
        for _, indexes in sorted(places.items()):
            block = self._take_block(tx, account, pattern, days[indexes[0]], len(indexes))
            taken |= zip(indexes, block, strict=True)
        return [taken[index] for index in range(len(days))]

    def _take_block(self, tx: Tx, account: Account, pattern: Pattern, day: date, count: int) -> list[Taken]:
        """``count`` numbers of the scope of ``day``, in which all its days have the same."""
        scope = pattern.scope(day)
        block: list[Taken] = []
        while missing := count - len(block):
            first = counters.take(tx, account, self.kind, scope, missing)
            taken = [Taken(pattern.render(day, place), scope, place) for place in range(first, first + missing)]
            given = self._numbers_given(tx, account, [each.number for each in taken])
            for each in taken:
                if each.number in given:
                    place = {"account": account.id, "given": each.number, "scope": scope, "sequence": each.sequence}
                    tx.execute(self._give_place, place)
            block += [each for each in taken if each.number not in given]
        return block

    def _numbers_given(self, tx: Tx, account: Account, numbers: list[str]) -> set[str]:
        """Those of the numbers that clients have given to bills."""
        return set(tx.execute(self._given, {"account": account.id, "wanted": numbers}).scalars())

    def peek(self, tx: Tx, account: Account, day: date) -> str:
        """The number that ``take`` would answer; takes nothing."""
        pattern = Pattern.parse(account.number_patterns[self.kind])
        sequence = counters.peek(tx, account, self.kind, pattern.scope(day))
        while True:
            number = pattern.render(day, sequence)
            if not self._numbers_given(tx, account, [number]):
                return number
            sequence += 1
