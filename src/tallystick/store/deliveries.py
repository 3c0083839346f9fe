"""Deliveries: what of an event is to reach somebody outside, queued in the event's own transaction.

Nothing talks to a network within a transaction. Who delivers claims what is due in one transaction, sends, and records
the answer in another. A claim is a lease: it is written and committed, so that no other worker takes the delivery, and
it ends by itself, so that what a killed worker had claimed is tried again. A receiver may hence get a delivery twice,
and knows it by the event's id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, Update, bindparam, select, update

from tallystick.core.account import Account
from tallystick.core.deliveries import DeliveryStatus, Retries, next_at
from tallystick.store.db import Tx
from tallystick.store.tables import deliveries

LEASE = timedelta(minutes=5)
"""How long a claim lasts, which every sender's own timeouts must stay well below, for all that it claims at once."""
MAX_ANSWER = 1_000
"""Characters that are kept of what a receiver answered."""

COLUMNS = ("account_id", "event_id", "receiver_kind", "receiver", "status", "attempt", "next_at", "created_at")


class Receiver(NamedTuple):
    """Who is to get it: a kind, as ``webhook``, and an id or a name within the kind."""

    kind: str
    name: str


class Delivery(NamedTuple):
    """A delivery that is claimed; ``attempt`` counts from 1."""

    id: int
    event_id: int
    receiver: Receiver
    attempt: int


# The deliveries of one kind that are due, those that waited longest first; what another is claiming is passed over.
DUE: Select[Any] = (
    select(deliveries.c.id, deliveries.c.event_id, deliveries.c.receiver_kind, deliveries.c.receiver)
    .add_columns(deliveries.c.attempt)
    .where(
        deliveries.c.account_id == bindparam("account"),
        deliveries.c.receiver_kind == bindparam("kind"),
        deliveries.c.status == DeliveryStatus.QUEUED,
        deliveries.c.next_at <= bindparam("now"),
    )
    .order_by(deliveries.c.next_at, deliveries.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)


def enqueue(tx: Tx, account: Account, event_id: int, receivers: Sequence[Receiver]) -> None:
    """Queues the event for each receiver, due at once; IntegrityError where a receiver has it already."""
    rows = [(account.id, event_id, *each, DeliveryStatus.QUEUED, 0, tx.now, tx.now) for each in receivers]
    tx.insert_many(deliveries, COLUMNS, rows)


def claim(tx: Tx, account: Account, kind: str, at_most: int) -> list[Delivery]:
    """Begins an attempt of deliveries that are due to receivers of a kind: until LEASE is over nobody else does."""
    claimed = tx.rows(DUE, _begun, account=account.id, kind=kind, now=tx.now, at_most=at_most)
    marks = [(each.attempt, tx.now + LEASE, account.id, each.id) for each in claimed]
    tx.update_many(deliveries, ("attempt", "next_at"), marks)
    return claimed


def _begun(delivery_id: int, event_id: int, receiver_kind: str, receiver: str, attempts: int) -> Delivery:
    return Delivery(delivery_id, event_id, Receiver(receiver_kind, receiver), attempts + 1)


def succeed(tx: Tx, account: Account, delivery: Delivery, answer: str) -> bool:
    """Records that it arrived, be it after the claim ended; False where that, or that it failed, is known already."""
    return _finish(tx, _queued(account, delivery), DeliveryStatus.SENT, answer)


def fail(tx: Tx, account: Account, delivery: Delivery, answer: str, retries: Retries) -> bool:
    """Records that the attempt failed: it is due again as ``retries`` say, or failed for ever after the last of them.

    False where the claim has ended and the delivery was claimed again, or is finished: then nothing changes.
    """
    again_at = next_at(retries, delivery.attempt, tx.now)
    if again_at is None:
        return give_up(tx, account, delivery, answer)
    return _write(tx, _attempt(account, delivery), {"next_at": again_at, "answer": answer[:MAX_ANSWER]})


def give_up(tx: Tx, account: Account, delivery: Delivery, answer: str) -> bool:
    """Records that it failed and is not tried again; False as for ``fail``."""
    return _finish(tx, _attempt(account, delivery), DeliveryStatus.FAILED, answer)


def _queued(account: Account, delivery: Delivery) -> Update:
    return update(deliveries).where(
        deliveries.c.account_id == account.id,
        deliveries.c.id == delivery.id,
        deliveries.c.status == DeliveryStatus.QUEUED,
    )


def _attempt(account: Account, delivery: Delivery) -> Update:
    """As long as no later attempt has begun."""
    return _queued(account, delivery).where(deliveries.c.attempt == delivery.attempt)


def _finish(tx: Tx, guarded: Update, status: DeliveryStatus, answer: str) -> bool:
    values = {"status": status, "next_at": None, "finished_at": tx.now, "answer": answer[:MAX_ANSWER]}
    return _write(tx, guarded, values)


def _write(tx: Tx, guarded: Update, values: dict[str, str | datetime | None]) -> bool:
    return bool(tx.write(guarded.values(values)))
