"""Answers kept by idempotency key, committed with the work that they answer for (ADR 17)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, IdempotencyMismatch
from tallystick.store.db import Tx
from tallystick.store.tables import idempotency_keys
from tallystick.store.tx import AS_IT_IS

KEPT_FOR = timedelta(hours=24)

FIND = select(
    *(idempotency_keys.c[name] for name in ("fingerprint", "status", "body", "location", "created_at"))
).where(idempotency_keys.c.account_id == bindparam("account"), idempotency_keys.c.key == bindparam("for_key"))
FORGET = delete(idempotency_keys).where(
    idempotency_keys.c.account_id == bindparam("account"), idempotency_keys.c.key == bindparam("for_key")
)
FORGET_OLD = delete(idempotency_keys).where(
    idempotency_keys.c.account_id == bindparam("account"), idempotency_keys.c.created_at < bindparam("before")
)
KEEP = idempotency_keys.insert()


class KeyedRequest(NamedTuple):
    """What an idempotency key stands for: the fingerprint of method, path and body.

    ``key`` is the client's, with the API key that it came with: no caller uses up, or sees the answer of, another's.
    """

    account_id: int
    key: str
    fingerprint: bytes


class Answer(NamedTuple):
    """An answer as it goes over the wire: with the ``location`` of what was made, where something was.

    A ``repeat`` of its request may get another one.
    """

    status: int
    body: bytes
    location: str | None = None
    repeat: "Answer | None" = None


class _Kept(NamedTuple):
    """What is kept by a key."""

    fingerprint: bytes
    status: int
    body: bytes
    location: str | None
    created_at: datetime


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """A digest that differs where the method, the path or the body does."""
    return sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


class InFlight:
    """The keys whose first request still runs in this process."""

    def __init__(self) -> None:
        self._keys: set[tuple[int, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self, request: KeyedRequest) -> Iterator[None]:
        """Holds the key for the time of the block; a second holder gets Conflict."""
        held = (request.account_id, request.key)
        with self._lock:
            if held in self._keys:
                raise Conflict(STILL_RUNNING)
            self._keys.add(held)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(held)


STILL_RUNNING = "The first request with this Idempotency-Key is still running. Try again in a moment."


def once(tx: Tx, request: KeyedRequest, work: Callable[[Tx], Answer]) -> tuple[Answer, bool]:
    """The answer kept for this key and True; or else the answer of ``work``, which is then kept with it, and False."""
    kept = recall(tx, request)
    if kept is not None:
        return kept, True
    answer = work(tx)
    keep(tx, request, answer)
    return answer, False


def recall(tx: Tx, request: KeyedRequest) -> Answer | None:
    """The answer kept for this key, if any; IdempotencyMismatch where it belongs to another request."""
    kept = tx.row(FIND, _Kept, account=request.account_id, for_key=request.key)
    if kept is None:
        return None
    if kept.created_at <= tx.now - KEPT_FOR:
        tx.write(FORGET, account=request.account_id, for_key=request.key)
        return None
    if kept.fingerprint != request.fingerprint:
        raise IdempotencyMismatch("This Idempotency-Key was used before, with another method, path or body.")
    return Answer(kept.status, kept.body, kept.location)


def keep(tx: Tx, request: KeyedRequest, answer: Answer) -> None:
    """Keeps what a repeat gets with the work of this transaction.

    Where another process has just kept one, the database refuses this, and the work is tried again: and found done.
    """
    kept = answer.repeat or answer
    tx.tell(
        KEEP,
        AS_IT_IS,
        account_id=request.account_id,
        key=request.key,
        fingerprint=request.fingerprint,
        status=kept.status,
        body=kept.body,
        location=kept.location,
        created_at=tx.now,
    )


def forget_old(tx: Tx, account: Account) -> int:
    """Deletes the answers that are past their time; answers how many they were."""
    return tx.write(FORGET_OLD, account=account.id, before=tx.now - KEPT_FOR)
