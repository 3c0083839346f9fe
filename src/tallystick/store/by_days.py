"""The rows of a range of days, in the order of their ids: those of each day are in that order, and merged.

The index that leads to the range has its rows day by day. To sort them is to read them all, and a walk through the ids
passes over all other days. A merge looks at the first row of each day, and then at those that it shows.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Select, UnaryExpression, func, select, text, true

from tallystick.store.db import Tx


class Stretch(NamedTuple):
    """What ids are wanted: those of which a test is true, in the order ``asc`` or ``desc``, so many of them or more."""

    beyond: ColumnElement[bool]
    direction: str
    wanted: int


Merge = Callable[[Stretch], Select[Any]]
"""The statement of the ids of a stretch."""


class ByDays(NamedTuple):
    """Rows that are merged by the index (account, ``day``, ``key``), which must hold all that is tested of them.

    ``rows`` selects those of all days; wanted are those from the ``earliest`` day, if there is one, to the ``latest``.
    """

    rows: Select[Any]
    key: ColumnElement[int]
    day: ColumnElement[date]
    earliest: date | None
    latest: date

    def merging(self, tx: Tx) -> Merge:
        """How this database merges them."""
        return self._joined if tx.is_postgresql else self._queued

    def _queued(self, stretch: Stretch) -> Select[Any]:
        """SQLite has the rows of a recursion in a queue, which may have an order, and gives each as it is asked for."""
        days = self._found_days()
        first = self._first(stretch).where(stretch.beyond, self.day == days.c.day).correlate(days)
        merged = select(days.c.day, first.scalar_subquery().label("id")).cte("merged", recursive=True)
        is_later = self.key > merged.c.id if stretch.direction == "asc" else self.key < merged.c.id
        later = self._first(stretch).where(is_later, self.day == merged.c.day).correlate(merged)
        step = select(merged.c.day, later.scalar_subquery()).where(merged.c.id.is_not(None))
        merged = merged.union_all(step.suffix_with(text(f"ORDER BY 2 {stretch.direction}")))
        return select(merged.c.id).where(merged.c.id.is_not(None))

    def _joined(self, stretch: Stretch) -> Select[Any]:
        """PostgreSQL joins those days whose first rows come first to as many rows of each as are wanted in all."""
        days = self._found_days()
        first = self._first(stretch).where(stretch.beyond, self.day == days.c.day).correlate(days)
        by_first = _by(first.scalar_subquery(), stretch).nulls_last()
        head = select(days.c.day).order_by(by_first).limit(stretch.wanted).cte("heads")
        of_day = self._selected(self.key.label("id")).where(stretch.beyond, self.day == head.c.day).correlate(head)
        own = of_day.order_by(_by(self.key, stretch)).limit(stretch.wanted).lateral("own")
        return select(own.c.id).join_from(head, own, true()).order_by(_by(own.c.id, stretch))

    def _found_days(self) -> CTE:
        """The days that have rows, the last first, each looked up behind the one before; and then NULL."""
        late = self._selected(func.max(self.day))
        if self.earliest is not None:
            late = late.where(self.day >= self.earliest)
        # Of two bounds above, SQLite would look the day up by the wrong one.
        latest = late.where(self.day <= self.latest).correlate(None)
        days = select(latest.scalar_subquery().label("day")).cte("days", recursive=True)
        earlier = late.where(self.day < days.c.day).correlate(days)
        return days.union_all(select(earlier.scalar_subquery()).where(days.c.day.is_not(None)))

    def _first(self, stretch: Stretch) -> Select[Any]:
        return self._selected(func.min(self.key) if stretch.direction == "asc" else func.max(self.key))

    def _selected(self, column: ColumnElement[Any]) -> Select[Any]:
        return self.rows.with_only_columns(column, maintain_column_froms=True)


def _by(key: ColumnElement[int], stretch: Stretch) -> UnaryExpression[int]:
    return key.asc() if stretch.direction == "asc" else key.desc()
