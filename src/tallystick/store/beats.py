"""When a worker last worked: it notes so each minute, in a row of the oldest account."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import accounts, worker_beats

EVERY_S = 60
MISSED_AFTER = timedelta(minutes=5)

NOTE = update(worker_beats).where(worker_beats.c.account_id == bindparam("account")).values(at=bindparam("now"))
NOTE_FIRST = insert(worker_beats)
LAST = select(worker_beats.c.at).where(worker_beats.c.account_id == select(func.min(accounts.c.id)).scalar_subquery())


class Beat(NamedTuple):
    """A sign of life."""

    at: datetime


def note(tx: Tx, account: Account) -> None:
    """Notes that a worker works now."""
    if not tx.write(NOTE, account=account.id, now=tx.now):
        tx.write(NOTE_FIRST, account_id=account.id, at=tx.now)


def last(tx: Tx) -> datetime | None:
    """When one last worked; None where none ever did."""
    found = tx.row(LAST, Beat)
    return found.at if found else None
