"""Locks on what is no row yet, so that of several transactions only one makes it, and on a row of any table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256

from sqlalchemy import ARRAY, BigInteger, Select, Table, bindparam, func, select

from tallystick.store.db import Tx
from tallystick.store.tables import accounts

LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)))
SHARE = select(func.pg_advisory_xact_lock_shared(func.unnest(bindparam("numbers", type_=ARRAY(BigInteger)))))


def take(tx: Tx, account_id: int, kind: str, name: str) -> None:
    """Waits until nobody else has the lock of this name, and keeps it until the transaction ends.

    On SQLite a writer has the whole database already.
    """
    if tx.is_postgresql:
        tx.rows(LOCK, lambda _void: None, number=number(account_id, kind, name))


def hold(tx: Tx, table: Table, account_id: int, row_id: int) -> None:
    """Keeps others from changing the row, where there is one, until the transaction ends."""
    if tx.is_postgresql:
        tx.rows(_held(table), int, account=account_id, wanted=row_id)


@cache
def _held(table: Table) -> Select[tuple[int]]:
    owner = table.c.id if table is accounts else table.c.account_id
    own = (owner == bindparam("account"), table.c.id == bindparam("wanted"))
    return select(table.c.id).where(*own).with_for_update(key_share=True)


def share(tx: Tx, numbers: Sequence[int]) -> None:
    """As ``take``, of the locks with these numbers, one after the other, but beside others who share them."""
    if tx.is_postgresql:
        tx.rows(SHARE, lambda _void: None, numbers=numbers)


@contextmanager
def taken(tx: Tx, account_id: int, kind: str, name: str) -> Iterator[None]:
    """As ``take``, for the time of a block that only reads: what is locked after a savepoint is free with its end."""
    savepoint = tx.connection.begin_nested()
    try:
        take(tx, account_id, kind, name)
        yield
    finally:
        savepoint.rollback()


def number(account_id: int, kind: str, name: str) -> int:
    """What PostgreSQL calls the lock: 64 bits, in which two names that meet only wait for each other."""
    digest = sha256(f"{account_id}:{kind}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
