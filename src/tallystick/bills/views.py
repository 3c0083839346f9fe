"""When the page of a bill's share link was opened: by a person, as far as that can be told."""

from typing import NamedTuple, Self

from sqlalchemy import Table, bindparam, func, or_, update

from tallystick.bills.types import APART
from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.store.prepared import Statement


class Viewed(NamedTuple):
    """What is viewed: how it is noted on a bill, and the event that tells of it."""

    noted: Statement
    event: Event

    @classmethod
    def of(cls, bills: Table, event: Event) -> Self:
        """The bills of a table, found by their share tokens."""
        last = bills.c.last_viewed_at
        noted = (
            update(bills)
            .where(bills.c.account_id == bindparam("account"), bills.c.share_token == bindparam("token"))
            .where(or_(last.is_(None), last <= bindparam("before")))
            .values(viewed_at=func.coalesce(bills.c.viewed_at, bindparam("now")), last_viewed_at=bindparam("now"))
            .returning(bills.c.id)
        )
        return cls(noted, event)


def note(tx: Tx, account: Account, viewed: Viewed, token: str) -> None:
    """Notes a view, and that it happened; nothing where another one was noted just now. It is no change of the bill."""
    bill_id = tx.row(viewed.noted, int, account=account.id, token=token, before=tx.now - APART, now=tx.now)
    if bill_id is not None:
        outbox.add(tx, account, viewed.event, bill_id)
