"""A transaction on PostgreSQL that writes, and goes there as seldom as it can (ADR 58)."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, FromClause, Insert, Table, Text, Update, bindparam, func, select
from sqlalchemy.exc import DataError

from tallystick.store.blocks import WORTH_A_COPY, Block
from tallystick.store.prepared import CompiledForm, form_of
from tallystick.store.together import MOST_READY, Reading, renumbered
from tallystick.store.tx import Objections, Tx, row_count

# So many next values of a table's sequence.
NEXT_IDS = select(func.nextval(func.pg_get_serial_sequence(bindparam("of_table", type_=Text), "id"))).select_from(
    func.generate_series(1, bindparam("count", type_=BigInteger)).alias()
)
CHANGED = "1 / (SELECT count(*) FROM part_{})"
DIVISION_BY_ZERO = "22012"


class _Rows(NamedTuple):
    """Rows to insert."""

    block: Block
    rows: list[Sequence[Any]]


class _Told(NamedTuple):
    """A statement that writes one row."""

    form: CompiledForm
    arguments: Sequence[Any]
    objections: Objections


class _Part(NamedTuple):
    """A statement as a part of a larger one; ``must_change`` a row, or nothing at all may be written."""

    sql: str
    arguments: Sequence[Any]
    must_change: bool


class LateTx(Tx):
    """What is told to be written is sent late, and together: as one statement, with the COMMIT or before what needs it.

    A SELECT that locks nothing sees each time what is committed by then, within a transaction of READ COMMITTED as
    without one: so it needs no BEGIN, and where all that is written is one statement, neither does that.
    """

    __slots__ = ("_ids", "_is_begun", "_waiting")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._is_begun = False
        self._waiting: dict[FromClause, _Rows | _Told] = {}
        self._ids: dict[FromClause, Sequence[int]] = {}

    def foresee(self, new: Mapping[Table, int]) -> None:
        asked = [Reading(NEXT_IDS, int, {"of_table": table.name, "count": count}) for table, count in new.items()]
        self._ids |= zip(new, map(sorted, self.together(*asked)), strict=True)

    def tell_new(self, statement: Insert, objections: Objections, /, **parameters: Any) -> int:
        (taken,) = self._taken_ids(statement.table, 1)
        self.tell(statement, objections, id=taken, **parameters)
        return taken

    def insert_new(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Sequence[int]:
        taken = self._taken_ids(table, len(rows))
        self.insert_many(table, ("id", *columns), [(each, *row) for each, row in zip(taken, rows, strict=True)])
        return taken

    def _taken_ids(self, table: Any, count: int) -> Sequence[int]:
        if table not in self._ids:
            self.foresee({table: count})
        return self._ids.pop(table)

    def settle(self) -> None:
        self._begin()
        self._send()

    def send_rest(self) -> None:
        if self._is_begun:
            self._send()

    def end(self) -> None:
        self._send()
        if self._is_begun:
            self._execute("COMMIT", ())

    def _begin(self) -> None:
        if not self._is_begun:
            self._execute("BEGIN", ())
            self._is_begun = True

    def _make_way(self, *forms: CompiledForm) -> None:
        if not all(form.only_reads for form in forms):
            self._begin()
        if any(form.deletes or not form.concerns.isdisjoint(self._waiting) for form in forms):
            self.settle()

    def _insert(self, table: Table, block: Block, rows: Sequence[Sequence[Any]]) -> None:
        if len(rows) >= WORTH_A_COPY:
            super()._insert(table, block, rows)
            return
        waiting = self._waiting.get(table)
        if isinstance(waiting, _Rows) and waiting.block == block:
            waiting.rows.extend(rows)
            return
        if waiting is not None:
            self.settle()
        self._waiting[table] = _Rows(block, list(rows))

    def tell(self, statement: Insert | Update, objections: Objections, /, **parameters: Any) -> None:
        # Of two parts of one statement, neither sees what the other does to a row.
        if statement.table in self._waiting:
            self.settle()
        form, values = form_of(statement, self.dialect, parameters)
        self._waiting[statement.table] = _Told(form, form.arguments(values), objections)

    def _forget(self) -> None:
        self._waiting.clear()

    def _send(self) -> None:
        """Sends what waits; raises what of it is refused."""
        if not self._waiting:
            return
        waiting = list(self._waiting.values())
        self._waiting.clear()
        statement = _whole([_part(each) for each in waiting])
        told = [each for each in waiting if isinstance(each, _Told)]
        with ExitStack() as stack:
            for each in told:
                stack.enter_context(each.objections.translated())
            if not self._has_written(statement):
                # It is a part that must change a row that has lost it, whatever was told after.
                raise next(each for each in reversed(told) if each.form.updates).objections.lost()

    def _has_written(self, statement: _Part) -> bool:
        try:
            return bool(self._run(statement.sql, statement.arguments, row_count))
        except DataError as error:
            if getattr(error.orig, "sqlstate", None) == DIVISION_BY_ZERO:
                return False
            raise


def _part(waiting: _Rows | _Told) -> _Part:
    if isinstance(waiting, _Told):
        return _Part(waiting.form.sql, waiting.arguments, waiting.form.updates)
    return _Part(waiting.block.insert(len(waiting.rows)), waiting.block.parameters(waiting.rows), must_change=False)


def _whole(parts: Sequence[_Part]) -> _Part:
    """The parts as one statement, which fails by a division by zero where one of them changes nothing and must."""
    if len(parts) == 1:
        return parts[0]
    sql = _joined(tuple((part.sql, len(part.arguments), part.must_change) for part in parts))
    return _Part(sql, list(chain.from_iterable(part.arguments for part in parts)), must_change=False)


@lru_cache(MOST_READY)
def _joined(parts: tuple[tuple[str, int, bool], ...]) -> str:
    before = [0, *accumulate(count for _sql, count, _must_change in parts)]
    named = [
        f"part_{place} AS ({renumbered(sql, by)}{' RETURNING 1' * must_change})"
        for place, ((sql, _count, must_change), by) in enumerate(zip(parts, before, strict=False))
    ]
    changed = [CHANGED.format(place) for place, (_sql, _count, must_change) in enumerate(parts) if must_change]
    return f"WITH {', '.join(named)} SELECT {', '.join(changed) or 1}"
