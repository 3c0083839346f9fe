"""Gapless sequences: a counter row that is locked by taking from it, and rolled back with the work it numbered (ADR 7).

Take as late as you can: on PostgreSQL the row stays locked until the transaction ends, and every other issue waits.
"""

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import sequences

_KEY = (sequences.c.account_id, sequences.c.kind, sequences.c.scope)
_ADVANCED = {"value": sequences.c.value + bindparam("count")}
_NEW: dict[str, Any] = {
    "account_id": bindparam("account"),
    "kind": bindparam("of_kind"),
    "scope": bindparam("in_scope"),
    "value": bindparam("count"),
}
# Raises a counter, or begins it; the row is locked from then on.
TAKE_ON_SQLITE = (
    sqlite_insert(sequences).values(_NEW).on_conflict_do_update(index_elements=_KEY, set_=_ADVANCED)
).returning(sequences.c.value)
TAKE_ON_POSTGRESQL = (
    postgresql_insert(sequences).values(_NEW).on_conflict_do_update(index_elements=_KEY, set_=_ADVANCED)
).returning(sequences.c.value)
# The last value that was taken.
PEEK = select(sequences.c.value).where(
    sequences.c.account_id == bindparam("account"),
    sequences.c.kind == bindparam("of_kind"),
    sequences.c.scope == bindparam("in_scope"),
)


def take(tx: Tx, account: Account, kind: str, scope: str, count: int = 1) -> int:
    """Takes the next ``count`` values of a sequence and answers the first; sequences begin at 1."""
    statement = TAKE_ON_POSTGRESQL if tx.is_postgresql else TAKE_ON_SQLITE
    last = tx.one(statement, int, account=account.id, of_kind=kind, in_scope=scope, count=count)
    return last - count + 1


def peek(tx: Tx, account: Account, kind: str, scope: str) -> int:
    """The value that the next ``take`` would answer; takes nothing."""
    return (tx.row(PEEK, int, account=account.id, of_kind=kind, in_scope=scope) or 0) + 1
