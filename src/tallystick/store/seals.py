"""The chain of seals: a hash over each issued bill, or over a batch of records, and over the seal before it (ADR 26).

Whoever alters what is sealed, or a seal, behind our back breaks the chain at that place. A seal without a content
hash withdraws the one before it of the same bill, as when an invoice goes back to draft. Whoever writes the whole chain
anew is seen by those who kept one of its heads, and cannot do it at all without the ``SEAL_KEY`` that made it.
"""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, select

from tallystick.core.account import Account
from tallystick.core.errors import Hindrance
from tallystick.store import counters
from tallystick.store.db import Tx
from tallystick.store.tables import seals

SEQUENCE = "seal"
BEFORE_THE_FIRST = bytes(32)
MIN_KEY_LENGTH = 32


class Form(IntEnum):
    """How a seal was made: what its content hash covers, and how it is linked. Each is kept for ever."""

    FIRST = 1
    """The columns that the first schema had, and a link that does not cover the seal's own place and time."""
    CANONICAL = 2
    """``store.canonical`` text of all that an issue fixes; SHA-256."""
    KEYED = 3
    """As ``CANONICAL``, and the link is an HMAC-SHA-256 by the server's ``SEAL_KEY``."""


class Sealed(NamedTuple):
    """What a seal is set on: a bill or a batch, and the hash of its content; None withdraws the bill's last seal."""

    kind: str
    subject_id: int
    content_hash: bytes | None


class Seal(NamedTuple):
    """A seal, but for its hash. ``position`` counts from 1 in each account's chain."""

    position: int
    form: Form
    kind: str
    subject_id: int
    content_hash: bytes | None
    at: datetime

    @classmethod
    def stored(cls, position: int, form: int, *rest: Any) -> "Seal":
        """The seal of its columns."""
        return cls(position, Form(form), *rest)


class _Link(NamedTuple):
    """What the next seal is linked to."""

    hash: bytes
    form: Form


COLUMNS = ("account_id", *Seal._fields, "hash")
# What the next seal is linked to.
AT: Select[Any] = select(seals.c.hash, seals.c.form).where(
    seals.c.account_id == bindparam("account"), seals.c.position == bindparam("at_position")
)
_taken = counters.TAKE_ON_POSTGRESQL.cte("taken")
# The counter, raised on PostgreSQL, and what the first of these seals is linked to.
TAKE_AND_LINK: Select[Any] = select(_taken.c.value, seals.c.hash, seals.c.form).select_from(
    _taken.outerjoin(
        seals,
        and_(seals.c.account_id == bindparam("account"), seals.c.position == _taken.c.value - bindparam("count")),
    )
)
# A seal, but for its hash.
WHOLE: Select[Any] = select(*(seals.c[name] for name in Seal._fields)).where(
    seals.c.account_id == bindparam("account"), seals.c.position == bindparam("at_position")
)
NEWEST: Select[Any] = (
    select(seals.c.position, seals.c.hash)
    .where(seals.c.account_id == bindparam("account"))
    .order_by(seals.c.position.desc())
    .limit(1)
)


class WrongSealKey(Hindrance):
    """The newest seals were made with a ``SEAL_KEY``, and this is not the one; a seal without it would be a finding."""


class Head(NamedTuple):
    """The newest seal of an account's chain: whoever keeps its hash can tell later whether the chain still holds it."""

    position: int
    hash: bytes


def link(previous: bytes, seal: Seal, key: bytes | None) -> bytes:
    """The hash of a seal: over the seal before it, its own place and time, what it is set on, and the content.

    A seal that is not ``KEYED`` needs no ``key``.
    """
    content = seal.content_hash or b""
    if seal.form is Form.FIRST:
        return sha256(previous + f"{seal.kind}:{seal.subject_id}:".encode() + content).digest()
    at = seal.at.astimezone(UTC).isoformat(timespec="microseconds")
    named = f"{seal.form:d}:{seal.position}:{seal.kind}:{seal.subject_id}:{at}:".encode()
    if seal.form is Form.KEYED:
        return hmac.digest(key or b"", previous + named + content, sha256)
    return sha256(previous + named + content).digest()


def append(tx: Tx, account: Account, sealed: Sequence[Sealed]) -> int:
    """Sets seals, in order, and answers the place of the first.

    Like a number's, their counter stays locked until the transaction ends. Raises WrongSealKey where there is no key,
    and the seal before has one.
    """
    first, before = _take(tx, account, len(sealed))
    previous = before.hash if before else BEFORE_THE_FIRST
    form = Form.KEYED if tx.seal_key else Form.CANONICAL
    if before and before.form > form:
        raise WrongSealKey(NEEDS_KEY)
    rows = []
    for position, each in enumerate(sealed, start=first):
        seal = Seal(position, form, *each, tx.now)
        previous = link(previous, seal, tx.seal_key)
        rows.append((account.id, *seal, previous))
    tx.insert_many(seals, COLUMNS, rows)
    return first


def _take(tx: Tx, account: Account, count: int) -> tuple[int, _Link | None]:
    """The place of the first of so many seals, and what it is linked to, where it is not the first of all."""
    before = None
    if tx.is_postgresql:
        counter = {"account": account.id, "of_kind": SEQUENCE, "in_scope": ""}
        last, *newest = tx.one(TAKE_AND_LINK, _columns, **counter, count=count)
        first = last - count + 1
        # Where the statement waited for the counter, it does not see the seal that it waited for.
        before = _Link(*newest) if newest[0] else None
    else:
        first = counters.take(tx, account, SEQUENCE, "", count)
    return first, before or tx.row(AT, _Link, account=account.id, at_position=first - 1)


def _columns(*columns: Any) -> tuple[Any, ...]:
    return columns


NEEDS_KEY = "SEAL_KEY: The seals of this database are made with a key. Set SEAL_KEY to it, everywhere."
ANOTHER_KEY = "SEAL_KEY: The seals of this database are made with another key. Set SEAL_KEY to that one, everywhere."


def check_key(tx: Tx, account: Account) -> None:
    """Raises WrongSealKey where the account's newest seal is made with a key that this transaction has not."""
    newest = head(tx, account)
    if newest is None:
        return
    seal = tx.one(WHOLE, Seal.stored, account=account.id, at_position=newest.position)
    if seal.form is not Form.KEYED:
        return
    if tx.seal_key is None:
        raise WrongSealKey(NEEDS_KEY)
    before = tx.row(AT, _Link, account=account.id, at_position=newest.position - 1)
    if link(before.hash if before else BEFORE_THE_FIRST, seal, tx.seal_key) != newest.hash:
        raise WrongSealKey(ANOTHER_KEY)


def head(tx: Tx, account: Account) -> Head | None:
    """The newest seal of the account's chain; None before the first."""
    return tx.row(NEWEST, Head, account=account.id)
