"""The partitions of the events on PostgreSQL: one for each month of UTC, made when its first event comes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import text

from tallystick.store import locks
from tallystick.store.db import Tx
from tallystick.usage.instants import DAY_US, instant, microseconds

KIND = "usage month"
EVERYONE = 0
THERE = text("SELECT relname FROM pg_class WHERE relname = ANY(:names)")


PARTITIONS = text(
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
    "WHERE inhparent = CAST('usage_events' AS regclass) ORDER BY relname"
)


class EventMonth(NamedTuple):
    """A month of UTC, and where it begins and ends in microseconds since 1970."""

    name: str
    begin_us: int
    end_us: int


def month_of(at_us: int) -> EventMonth:
    """The month of an instant (microseconds since 1970)."""
    at = instant(at_us)
    begin = datetime(at.year, at.month, 1, tzinfo=UTC)
    end = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
    return EventMonth(f"usage_events_{begin:%Y_%m}", microseconds(begin), microseconds(end))


def make(tx: Tx, instants_us: Iterable[int]) -> None:
    """Makes the partitions of these instants, where they are missing."""
    wanted = sorted({month_of(at_us) for at_us in _one_a_day(instants_us)})
    there = _there(tx, wanted)
    for month in wanted:
        if month.name not in there:
            _make(tx, month)


def _one_a_day(instants_us: Iterable[int]) -> Iterable[int]:
    """One instant of each day, so that few months are looked for."""
    return {at_us // DAY_US: at_us for at_us in instants_us}.values()


def _there(tx: Tx, wanted: list[EventMonth]) -> set[str]:
    return set(tx.connection.execute(THERE, {"names": [month.name for month in wanted]}).scalars())


def _make(tx: Tx, month: EventMonth) -> None:
    locks.take(tx, EVERYONE, KIND, month.name)
    if _there(tx, [month]):
        return
    # To attach it holds up nobody who stores events; to make it as a partition at once would.
    bounds = f"FROM ({month.begin_us}) TO ({month.end_us})"
    tx.connection.execute(text(f"CREATE TABLE {month.name} (LIKE usage_events INCLUDING DEFAULTS)"))
    tx.connection.execute(text(f"ALTER TABLE usage_events ATTACH PARTITION {month.name} FOR VALUES {bounds}"))


def drop_empty(tx: Tx, before_us: int) -> None:
    """Drops the partitions before an instant (microseconds since 1970) in which no account has an event."""
    last = month_of(before_us).name
    for name in tx.connection.execute(PARTITIONS).scalars().all():
        if name < last:
            _drop_if_empty(tx, name)


def _drop_if_empty(tx: Tx, name: str) -> None:
    locks.take(tx, EVERYONE, KIND, name)
    # Nobody else may bring an event between the look and the end.
    tx.connection.execute(text(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"))
    if not tx.connection.execute(text(f"SELECT EXISTS (SELECT FROM {name})")).scalar_one():  # noqa: S608
        tx.connection.execute(text(f"ALTER TABLE usage_events DETACH PARTITION {name}"))
        tx.connection.execute(text(f"DROP TABLE {name}"))
