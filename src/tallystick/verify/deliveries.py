"""Deliveries held against the record: each is of an event that is there."""

from collections.abc import Callable, Iterator

from sqlalchemy import and_, bindparam, select

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import deliveries, events
from tallystick.verify.types import Check, Difference

# The foreign key says so too, but a SQLite file can be written without it.
WITHOUT_EVENT = (
    select(deliveries.c.id, deliveries.c.event_id)
    .outerjoin(events, and_(events.c.account_id == deliveries.c.account_id, events.c.id == deliveries.c.event_id))
    .where(deliveries.c.account_id == bindparam("account"), events.c.id.is_(None))
    .order_by(deliveries.c.id)
)


def _run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
    yield from tx.rows(WITHOUT_EVENT, _missing, account=account.id)


def _missing(delivery_id: int, event_id: int) -> Difference:
    return Difference(deliveries.name, str(delivery_id), f"its event {event_id} is missing")


CHECK = Check("the events of the deliveries", deliveries, _run)
