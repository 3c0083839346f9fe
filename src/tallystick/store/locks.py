"""Locks on what is no row yet, so that of several transactions only one makes it."""

from hashlib import sha256

from sqlalchemy import BigInteger, bindparam, func, select

from tallystick.store.db import Tx

LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)))


def take(tx: Tx, account_id: int, kind: str, name: str) -> None:
    """Waits until nobody else has the lock of this name, and keeps it until the transaction ends.

    On SQLite a writer has the whole database already.
    """
    if tx.is_postgresql:
        tx.rows(LOCK, lambda _void: None, number=number(account_id, kind, name))


def number(account_id: int, kind: str, name: str) -> int:
    """What PostgreSQL calls the lock: 64 bits, in which two names that meet only wait for each other."""
    digest = sha256(f"{account_id}:{kind}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
