"""The chain of seals: a hash over each issued bill and over the seal before it.

Whoever alters an issued bill, or a seal, behind our back breaks the chain at that place. A seal without a content
hash withdraws the one before it of the same bill, as when an invoice goes back to draft.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, select

from tallystick.core.account import Account
from tallystick.store import blocks, counters
from tallystick.store.db import Tx
from tallystick.store.tables import seals

SEQUENCE = "seal"
BEFORE_THE_FIRST = bytes(32)

COLUMNS = ("account_id", "position", "kind", "bill_id", "content_hash", "hash", "at")
AT = select(seals.c.hash).where(
    seals.c.account_id == bindparam("account"), seals.c.position == bindparam("at_position")
)


class Sealed(NamedTuple):
    """What a seal is set on: one bill, and the hash of its content, or None to withdraw the bill's last seal."""

    kind: str
    bill_id: int
    content_hash: bytes | None


def link(previous: bytes, sealed: Sealed) -> bytes:
    """The hash of a seal: over the seal before it, what it is set on, and the content."""
    name = f"{sealed.kind}:{sealed.bill_id}:".encode()
    return sha256(previous + name + (sealed.content_hash or b"")).digest()


def append(tx: Tx, account: Account, sealed: Sequence[Sealed]) -> None:
    """Sets seals, in order. Like a number's, their counter stays locked until the transaction ends."""
    first = counters.take(tx, account, SEQUENCE, "", count=len(sealed))
    previous = tx.execute(AT, {"account": account.id, "at_position": first - 1}).scalar() or BEFORE_THE_FIRST
    rows = []
    for position, each in enumerate(sealed, start=first):
        previous = link(previous, each)
        rows.append((account.id, position, *each, previous, tx.now))
    blocks.insert(tx, seals, COLUMNS, rows)
