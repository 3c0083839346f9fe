"""Events on their way into the store: each id once, whoever else stores events at the same time."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select, text

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.lists import in_list
from tallystick.store.usage_tables import usage_events, usage_ids
from tallystick.usage import months
from tallystick.usage.types import EventRow

COLUMNS = ", ".join(EventRow._fields)
PLACES = ", ".join("?" * (1 + len(EventRow._fields)))


class Arrival(NamedTuple):
    """What of some events was new: from the first to the last seq, and the earliest instant."""

    events: int
    first_seq: int
    last_seq: int
    earliest_us: int


INSERT_ON_SQLITE = f"INSERT INTO usage_events (account_id, {COLUMNS}) VALUES ({PLACES}) ON CONFLICT DO NOTHING"  # noqa: S608
# Of this file: a connection that saw it without tables would else go on looking in the database beside it.
GIVEN = text("SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = 'usage_events'")
# Of the events from a seq on, how many there are, the last one, and the earliest. Unless it is told that most are of
# the account, SQLite looks through all that the account ever had, in an index that begins with it.
NEW = select(
    func.count(), func.min(usage_events.c.seq), func.max(usage_events.c.seq), func.min(usage_events.c.at_us)
).where(func.likely(usage_events.c.account_id == bindparam("account")), usage_events.c.seq > bindparam("after"))

ARRIVING = """CREATE TEMPORARY TABLE IF NOT EXISTS usage_arriving (
    event_id TEXT, hash BYTEA, customer_id BIGINT, meter TEXT, service TEXT, region TEXT, at_us BIGINT, end_us BIGINT,
    quantity BIGINT, parts BIGINT, cost BIGINT, cost_parts BIGINT, resource_id TEXT, resource_name TEXT,
    properties JSONB, place BIGINT GENERATED ALWAYS AS IDENTITY) ON COMMIT DELETE ROWS"""
COPY = f"COPY usage_arriving ({COLUMNS}) FROM STDIN"
# The ids in their own order, so that two who bring the same ones cannot wait for each other; the events as they came.
TAKE_IN = f"""
    WITH added AS (
        INSERT INTO usage_ids (account_id, event_id, hash, at_us)
        SELECT %(account)s, event_id, hash, at_us FROM usage_arriving ORDER BY event_id
        ON CONFLICT DO NOTHING RETURNING event_id
    ), stored AS (
        INSERT INTO usage_events (account_id, {COLUMNS})
        SELECT %(account)s, {COLUMNS} FROM usage_arriving JOIN added USING (event_id) ORDER BY place
        RETURNING seq, at_us
    )
    SELECT count(*), min(seq), max(seq), min(at_us) FROM stored"""  # noqa: S608


def store_on_sqlite(tx: Tx, account: Account, events: Sequence[EventRow]) -> Arrival | None:
    """Stores those whose ids are new; None where none is."""
    given = tx.connection.execute(GIVEN).scalar_one()
    with tx.driving(INSERT_ON_SQLITE) as cursor:
        cursor.executemany(INSERT_ON_SQLITE, [(account.id, *event) for event in events])
    return _arrival(*tx.one(NEW, _columns, account=account.id, after=given))


def store_on_postgresql(tx: Tx, account: Account, events: Sequence[EventRow]) -> Arrival | None:
    """As ``store_on_sqlite``; the months of the events get their partitions."""
    months.make(tx, {event.at_us for event in events})
    with tx.driving(TAKE_IN) as cursor:
        cursor.execute(ARRIVING)
        with cursor.copy(COPY) as stream:
            for event in events:
                stream.write_row(event)
        cursor.execute(TAKE_IN, {"account": account.id})
        return _arrival(*cursor.fetchone())


def _columns(*row: Any) -> tuple[Any, ...]:
    return row


def _arrival(events: int, first_seq: int, last_seq: int, earliest_us: int) -> Arrival | None:
    return Arrival(events, first_seq, last_seq, earliest_us) if events else None


def _hashes(table: Any) -> Select[Any]:
    own = table.c.account_id == bindparam("account")
    return select(table.c.event_id, table.c.hash).where(own, in_list(table.c.event_id, "ids"))


HASHES_ON_SQLITE = _hashes(usage_events)
HASHES_ON_POSTGRESQL = _hashes(usage_ids)


def conflicting(tx: Tx, account: Account, events: Sequence[EventRow]) -> frozenset[str]:
    """The ids of those of which another content is stored."""
    ids = [event.event_id for event in events]
    statement = HASHES_ON_POSTGRESQL if tx.is_postgresql else HASHES_ON_SQLITE
    stored: dict[str, bytes] = dict(tx.rows(statement, _columns, account=account.id, ids=ids))
    return frozenset(event.event_id for event in events if bytes(stored[event.event_id]) != event.hash)
