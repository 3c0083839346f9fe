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
LOCK = locks.number(EVERYONE, KIND, "")
"""Shared by whoever brings events, so that no month is dropped that he has found."""

THERE = text("SELECT relname FROM pg_class WHERE relname = ANY(:names)")
PARTITIONS = text(
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
    "WHERE inhparent = CAST('usage_events' AS regclass) ORDER BY relname"
)
# By way of the whole table: a partition of that name may be gone by now.
HAS_EVENTS = text("SELECT EXISTS (SELECT FROM usage_events WHERE at_us >= :begin_us AND at_us < :end_us)")
NAMED = "usage_events_%Y_%m"


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
    return EventMonth(begin.strftime(NAMED), microseconds(begin), microseconds(end))


def make(tx: Tx, instants_us: Iterable[int]) -> None:
    """Makes the partitions of these instants, where they are missing; the transaction shares ``LOCK``."""
    missing = _missing(tx, sorted({month_of(at_us) for at_us in _one_a_day(instants_us)}))
    for month in missing:
        # All before the first is made, so that two who make months cannot wait for each other.
        locks.take(tx, EVERYONE, KIND, month.name)
    for month in _missing(tx, missing) if missing else ():
        _make(tx, month)


def _one_a_day(instants_us: Iterable[int]) -> Iterable[int]:
    """One instant of each day, so that few months are looked for."""
    return {at_us // DAY_US: at_us for at_us in instants_us}.values()


def _missing(tx: Tx, wanted: list[EventMonth]) -> list[EventMonth]:
    there = set(tx.connection.execute(THERE, {"names": [month.name for month in wanted]}).scalars())
    return [month for month in wanted if month.name not in there]


def _make(tx: Tx, month: EventMonth) -> None:
    # To attach it holds up nobody who stores events; to make it as a partition at once would.
    bounds = f"FROM ({month.begin_us}) TO ({month.end_us})"
    tx.connection.execute(text(f"CREATE TABLE {month.name} (LIKE usage_events INCLUDING DEFAULTS)"))
    tx.connection.execute(text(f"ALTER TABLE usage_events ATTACH PARTITION {month.name} FOR VALUES {bounds}"))


def drop_empty(tx: Tx, before_us: int) -> None:
    """Drops the partitions before an instant (microseconds since 1970) in which no account has an event."""
    if not _empty(tx, before_us):
        return
    locks.take(tx, EVERYONE, KIND, "")
    # Before its partitions, as whoever reads or writes events locks them.
    tx.connection.execute(text("LOCK TABLE ONLY usage_events IN ACCESS EXCLUSIVE MODE"))
    for month in _empty(tx, before_us):
        tx.connection.execute(text(f"ALTER TABLE usage_events DETACH PARTITION {month.name}"))
        tx.connection.execute(text(f"DROP TABLE {month.name}"))


def _empty(tx: Tx, before_us: int) -> list[EventMonth]:
    months = map(_named, tx.connection.execute(PARTITIONS).scalars().all())
    return [month for month in months if month.end_us <= before_us and not _has_events(tx, month)]


def _named(name: str) -> EventMonth:
    return month_of(microseconds(datetime.strptime(name, NAMED).replace(tzinfo=UTC)))


def _has_events(tx: Tx, month: EventMonth) -> bool:
    return bool(tx.connection.execute(HAS_EVENTS, {"begin_us": month.begin_us, "end_us": month.end_us}).scalar_one())
