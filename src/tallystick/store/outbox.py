"""Domain events, written in the transaction that causes them.

One append-only table is both the outbox, from which events are delivered, and the record of who did what and when.
"""

from typing import Any

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import events

INSERT = events.insert()


def add(tx: Tx, account: Account, type: str, subject_id: int, data: dict[str, Any] | None = None) -> None:
    """Records that ``type`` (as ``invoice.created``) happened to its subject, now, by the transaction's actor."""
    tx.execute(
        INSERT,
        {
            "account_id": account.id,
            "at": tx.now,
            "actor": tx.actor,
            "type": type,
            "subject_id": subject_id,
            "data": data,
        },
    )
