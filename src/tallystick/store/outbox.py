"""Domain events, written in the transaction that causes them (ADR 8).

One append-only table is both the outbox, from which whoever listens takes them, and the record of who did what and
when.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, select

from tallystick.core.account import Account
from tallystick.core.events import Event, of_kind
from tallystick.core.facts import Facts, FactsJson
from tallystick.store import deliveries
from tallystick.store.db import Tx
from tallystick.store.deliveries import Receiver
from tallystick.store.tables import events

COLUMNS = ("account_id", "at", "actor", "type", "subject_id", "data")
FIELDS = (events.c.id, events.c.at, events.c.type, events.c.actor, events.c.subject_id, events.c.data)

ADD = events.insert().returning(events.c.id)


class Recorded(NamedTuple):
    """What happened to a subject, when, and by whom (``key:7``, or a name for what has no key)."""

    id: int
    at: datetime
    type: Event
    actor: str
    subject_id: int
    data: FactsJson | None


class NewEvent(NamedTuple):
    """What is to be recorded: what happened, the id of its subject, and what else to know of it."""

    type: Event
    subject_id: int
    facts: Facts | None = None


def add(tx: Tx, account: Account, type: Event, subject_id: int, facts: Facts | None = None) -> None:
    """Records what happened to its subject, now, by the transaction's actor; ``facts`` are of the type in ``FACTS``."""
    add_all(tx, account, [NewEvent(type, subject_id, facts)])


def add_all(tx: Tx, account: Account, new: Sequence[NewEvent]) -> None:
    """Records all of this, in order, now, by the transaction's actor."""
    tx.insert_many(events, COLUMNS, [(account.id, tx.now, tx.actor, *each) for each in new])


def add_to_deliver(tx: Tx, account: Account, new: NewEvent, receivers: Sequence[Receiver]) -> None:
    """Records this, and queues it for each receiver (``deliveries``) in the same transaction."""
    values = dict(zip(COLUMNS, (account.id, tx.now, tx.actor, *new), strict=True))
    event_id = tx.one(ADD, int, **values)
    deliveries.enqueue(tx, account, event_id, receivers)


def about(kind: str, subject: ColumnElement[bool]) -> Select[Any]:
    """The statement for what happened, in the account of the parameter ``account``, to subjects of a kind.

    ``subject`` is the condition on ``events.subject_id`` that chooses them.
    """
    return select(*FIELDS).where(events.c.account_id == bindparam("account"), subject, events.c.type.in_(of_kind(kind)))
