"""Usage events that come with an export, each under the seq that it had."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, text

from tallystick.store import locks
from tallystick.store.db import Tx
from tallystick.store.usage_tables import usage_ids
from tallystick.transfer.lines import OF_USAGE
from tallystick.usage import months

ID_COLUMNS = ("account_id", "event_id", "hash", "at_us")
# The next event gets a seq above all that were ever given.
KEEP_SEQ = text("SELECT setval('usage_events_seq', greatest(:seq, (SELECT last_value FROM usage_events_seq)))")


def clear(tx: Tx, account_id: int) -> None:
    """Removes what an import that was cut off has left in the file of usage events: the account itself is new."""
    for table in (*OF_USAGE, *([usage_ids] if tx.is_postgresql else [])):
        tx.write(delete(table).where(table.c.account_id == bindparam("account")), account=account_id)


def make_room(tx: Tx, events: Sequence[Mapping[str, Any]]) -> None:
    """Prepares a PostgreSQL for events: their months, their ids, and the seq of the next one."""
    if not tx.is_postgresql:
        return
    locks.share(tx, (months.LOCK,))
    months.make(tx, {event["at_us"] for event in events})
    tx.insert_many(usage_ids, ID_COLUMNS, [[event[name] for name in ID_COLUMNS] for event in events])
    tx.connection.execute(KEEP_SEQ, {"seq": max(event["seq"] for event in events)})
