"""Numbers of bills: taken from the account's sequence, stepping over those that other bills have (ADR 7)."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
)

from tallystick.bills.rules import number_columns
from tallystick.bills.types import BillRow
from tallystick.core import numbering
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.numbering import MAX_SEQUENCE_DIGITS, Pattern, Series
from tallystick.store import counters
from tallystick.store.db import TryAgain, Tx
from tallystick.store.lists import in_list
from tallystick.store.tables import stepped_over
from tallystick.store.unindexed import has_value


class NumberInUse(Conflict):
    """Another bill of the account and the kind has this number."""

    def __init__(self, kind: str, number: str) -> None:
        super().__init__(
            f"The {kind.replace('_', ' ')} number {number} is in use. "
            "Give another, or null to take the next of the sequence."
        )


class AssignedNumber(NamedTuple):
    """A number, and its place in the sequence that it was taken from."""

    number: str
    scope: str
    sequence: int

    def columns(self) -> dict[str, Any]:
        """The columns of a bill's row that hold the number."""
        return {**number_columns(self.number), "number_scope": self.scope, "number_sequence": self.sequence}


class Numbers:
    """The numbers of one kind of bill, and the table in which they are used."""

    def __init__(self, kind: str, table: Table) -> None:
        self.kind = kind
        of_account, is_numbered = table.c.account_id == bindparam("account"), has_value(table.c.number)
        self._free = _free_places(table, cast(bindparam("first"), BigInteger))
        self._take_free = _taken_and_free(table)
        has_it = (of_account, table.c.number_key == bindparam("wanted"), is_numbered)
        self._in_use = select(table.c.id).where(*has_it, table.c.id != bindparam("but_for"))
        self._keep = (
            select(table.c.id)
            .where(of_account, in_list(table.c.number_key, "wanted"), is_numbered)
            .with_for_update(read=True, key_share=True)
        )
        self._stepped_over = select(stepped_over.c.sequence).where(
            stepped_over.c.account_id == bindparam("account"),
            stepped_over.c.kind == kind,
            stepped_over.c.number_key == bindparam("wanted"),
        )

    def take(self, tx: Tx, account: Account, day: date) -> AssignedNumber:
        """The next number for a bill of this day. Its counter stays locked until the transaction ends."""
        return self.take_all(tx, account, [day])[0]

    def take_all(self, tx: Tx, account: Account, days: Sequence[date]) -> list[AssignedNumber]:
        """The next numbers for bills of these days, in their order, without a gap."""
        pattern = Pattern.parse(account.number_patterns[self.kind])
        wanted: dict[Series, list[int]] = {}
        for index, day in enumerate(days):
            wanted.setdefault(pattern.series(day), []).append(index)
        taken: dict[int, AssignedNumber] = {}
        # Always in the order of the scopes, so that two transactions cannot wait for each other's counters.
        for series, indexes in sorted(wanted.items()):
            places = self._take_places(tx, account, series, len(indexes))
            block = [AssignedNumber(series.number(place), series.scope, place) for place in places]
            taken |= zip(indexes, block, strict=True)
        return [taken[index] for index in range(len(days))]

    def _take_places(self, tx: Tx, account: Account, series: Series, count: int) -> list[int]:
        reached, places = self._raise_counter(tx, account, series, count)
        first, last = reached - count + 1, places[-1]
        if last > reached:
            counters.take(tx, account, self.kind, series.scope, last - reached)
            self._step_over(tx, account, series, sorted(set(range(first, last)) - set(places)))
        return places

    def _raise_counter(self, tx: Tx, account: Account, series: Series, count: int) -> tuple[int, list[int]]:
        """The place that the counter has reached with so many more, and as many free ones from the first of them on.

        PostgreSQL does both in one statement, since all others wait for the counter. Where that waited too, it looks at
        the bills as they were before, and whoever issues one under a number that was given meanwhile, tries again.
        """
        if not tx.is_postgresql:
            first = counters.take(tx, account, self.kind, series.scope, count)
            return first + count - 1, self._free_from(tx, account, series, first, count)
        counter = {"account": account.id, "of_kind": self.kind, "in_scope": series.scope}
        found = tx.rows(self._take_free, _Place, **counter, count=count, **_shape(series))
        return found[0].reached, sorted(each.place for each in found)

    def _free_from(self, tx: Tx, account: Account, series: Series, first: int, count: int) -> list[int]:
        """The first places of the series, from ``first`` on, whose numbers no bill has: in one query."""
        return sorted(tx.rows(self._free, int, account=account.id, first=first, count=count, **_shape(series)))

    def _step_over(self, tx: Tx, account: Account, series: Series, places: Sequence[int]) -> None:
        """Keeps on record that these places have no bill, because other bills have their numbers.

        Raises TryAgain where such a bill is given up at the same time.
        """
        keys = [series.keys.number(place) for place in places]
        # Until this is committed, nobody may take its number from a bill: ``check_given_up`` would not know better.
        kept = tx.rows(self._keep, int, account=account.id, wanted=keys)
        if len(kept) < len(keys):
            raise TryAgain
        columns = ("account_id", "kind", "scope", "sequence", "number_key")
        tx.insert_many(
            stepped_over,
            columns,
            [(account.id, self.kind, series.scope, place, key) for place, key in zip(places, keys, strict=True)],
        )

    def at_issue(self, tx: Tx, account: Account, rows: Sequence[BillRow]) -> list[dict[str, Any]]:
        """The columns that give each draft its number: none where it has one, else the one that it wants, or the next.

        Where another bill has taken the wanted number meanwhile, writing them raises NumberInUse.
        """
        days = [row.issue_date for row in rows if row.number is None and row.wanted_number is None]
        taken = iter(self.take_all(tx, account, days) if days else ())
        return [_kept_number(row) if row.number or row.wanted_number else next(taken).columns() for row in rows]

    def peek(self, tx: Tx, account: Account, day: date) -> str:
        """The number that ``take`` would answer; takes nothing."""
        series = Pattern.parse(account.number_patterns[self.kind]).series(day)
        first = counters.peek(tx, account, self.kind, series.scope)
        return series.number(self._free_from(tx, account, series, first, 1)[0])

    def check_unused(self, tx: Tx, account: Account, number: str | None, *, but_for: int = 0) -> None:
        """Raises NumberInUse where a bill other than ``but_for`` has this number, in whatever case."""
        if number is None:
            return
        key = numbering.key(number)
        if tx.row(self._in_use, int, account=account.id, wanted=key, but_for=but_for) is not None:
            raise NumberInUse(self.kind, number)

    def check_given_up(self, tx: Tx, account: Account, row: BillRow, what_to_do: str) -> None:
        """Raises Conflict, which says what to do, where a sequence would have a gap without this draft's number."""
        if row.number is None:
            return
        if row.number_sequence is not None or self._is_stepped_over(tx, account, row.number):
            raise Conflict(f"The number {row.number} would be missing from the sequence. {what_to_do}")

    def _is_stepped_over(self, tx: Tx, account: Account, number: str) -> bool:
        return tx.row(self._stepped_over, int, account=account.id, wanted=numbering.key(number)) is not None


def _kept_number(row: BillRow) -> dict[str, Any]:
    """The columns of the number that a draft has or wants."""
    return {} if row.wanted_number is None else {**number_columns(row.wanted_number), "wanted_number": None}


class _Place(NamedTuple):
    """A place whose number is free, and the place that the counter has reached."""

    place: int
    reached: int


def _shape(series: Series) -> dict[str, Any]:
    """The parameters by which ``_free_places`` makes numbers of places."""
    return {"before": series.keys.before, "width": series.width, "after": series.keys.after}


def _taken_and_free(table: Table) -> Select[Any]:
    """Raises the counter by ``count`` on PostgreSQL, and finds as many free places: each a ``_Place``."""
    taken = counters.TAKE_ON_POSTGRESQL.cte("taken")
    first = select(taken.c.value - bindparam("count") + 1).scalar_subquery()
    return _free_places(table, first).add_columns(select(taken.c.value).scalar_subquery())


def _free_places(table: Table, first: ColumnElement[int]) -> Select[Any]:
    """Counts up from ``first`` until it has found ``count`` places whose numbers are free.

    Both databases make the rows of a recursion only as they are asked for. The number is looked up by a subquery, which
    PostgreSQL cannot turn into a join over all the account's bills.
    """
    counted = select(first.label("place")).cte("counted", recursive=True)
    counted = counted.union_all(select(counted.c.place + 1).where(counted.c.place < 10**MAX_SEQUENCE_DIGITS))
    digits = cast(counted.c.place, Text)
    width = cast(bindparam("width"), Integer)
    missing = width - func.length(digits)
    zeros = func.substr(literal("0" * MAX_SEQUENCE_DIGITS), 1, missing)
    padded = case((missing > 0, zeros + digits), else_=digits)
    number_key = cast(bindparam("before"), Text) + padded + cast(bindparam("after"), Text)
    bill = select(table.c.id).where(
        table.c.account_id == bindparam("account"), table.c.number_key == number_key, has_value(table.c.number)
    )
    return select(counted.c.place).where(bill.correlate(counted).scalar_subquery().is_(None)).limit(bindparam("count"))
