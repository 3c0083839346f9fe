"""Domain events, written in the transaction that causes them.

One append-only table is both the outbox, from which whoever listens takes them, and the record of who did what and
when.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.store import blocks
from tallystick.store.db import Tx
from tallystick.store.tables import events

COLUMNS = ("account_id", "at", "actor", "type", "subject_id", "data")
FIELDS = (events.c.id, events.c.at, events.c.type, events.c.actor, events.c.subject_id, events.c.data)
OF_SUBJECT: Select[Any] = (
    select(*FIELDS)
    .where(
        events.c.account_id == bindparam("account"),
        events.c.subject_id == bindparam("subject"),
        events.c.type.startswith(bindparam("kind")),
    )
    .order_by(events.c.id)
)


class Event(NamedTuple):
    """What happened to a subject, when, and by whom (``key:7``, or a name for what has no key)."""

    id: int
    at: datetime
    type: str
    actor: str
    subject_id: int
    data: dict[str, Any] | None


class News(NamedTuple):
    """What is to be recorded: a type, as ``invoice.created``, the subject, and what else to know of it."""

    type: str
    subject_id: int
    data: dict[str, Any] | None = None


def add(tx: Tx, account: Account, type: str, subject_id: int, data: dict[str, Any] | None = None) -> None:
    """Records that ``type`` (as ``invoice.created``) happened to its subject, now, by the transaction's actor."""
    add_all(tx, account, [News(type, subject_id, data)])


def add_all(tx: Tx, account: Account, news: Sequence[News]) -> None:
    """Records all of this, in order, now, by the transaction's actor."""
    blocks.insert(tx, events, COLUMNS, [(account.id, tx.now, tx.actor, *each) for each in news])


def history(tx: Tx, account: Account, kind: str, subject_id: int) -> list[Event]:
    """All that happened to one subject of a kind, as ``invoice``, oldest first."""
    found = tx.all(OF_SUBJECT, {"account": account.id, "subject": subject_id, "kind": f"{kind}."})
    return [Event(*row) for row in found]
