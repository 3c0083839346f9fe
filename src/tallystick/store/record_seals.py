"""Seals on the records: events and postings, which are only ever added, sealed in batches after they were written.

No request waits for it: a worker seals what has been written since, within a minute. A record keeps the place of its
batch's seal and the hash of its own content, so that a change of it is named; the seal covers all hashes of a batch.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, Table, bindparam, select

from tallystick.core.account import Account
from tallystick.store import canonical, seals
from tallystick.store.db import Tx
from tallystick.store.seals import Sealed
from tallystick.store.tables import events, journal

RECORDS: tuple[Table, ...] = (events, journal)
BATCH = 500
UNSEALED_COLUMNS = frozenset({"account_id", "seal_position", "row_hash"})
SEAL_COLUMNS = ("seal_position", "row_hash")


def content_columns(table: Table) -> list[Any]:
    """The columns of a record that its seal covers, its id first."""
    return [column for column in table.c if column.name not in UNSEALED_COLUMNS]


def content_of(table: Table) -> Callable[..., dict[str, Any]]:
    """What names the values of a record's ``content_columns``."""
    names = [column.name for column in content_columns(table)]
    return lambda *values: dict(zip(names, values, strict=True))


def _unsealed(table: Table) -> Select[Any]:
    return (
        select(*content_columns(table))
        .where(table.c.account_id == bindparam("account"), table.c.seal_position.is_(None))
        .order_by(table.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )


UNSEALED: Mapping[Table, Select[Any]] = {table: _unsealed(table) for table in RECORDS}


def seal(tx: Tx, account: Account) -> int:
    """Seals the oldest records that are not yet; at most ``BATCH`` of each table. Answers how many they were."""
    return sum(_seal_batch(tx, account, table) for table in RECORDS)


def _seal_batch(tx: Tx, account: Account, table: Table) -> int:
    found = tx.rows(UNSEALED[table], content_of(table), account=account.id)
    if not found:
        return 0
    hashes = [row_hash(row) for row in found]
    position = seals.append(tx, account, [Sealed(table.name, found[-1]["id"], batch_hash(hashes))])
    marks = [(position, each, account.id, row["id"]) for row, each in zip(found, hashes, strict=True)]
    tx.update_many(table, SEAL_COLUMNS, marks)
    return len(found)


def row_hash(content: Mapping[str, Any]) -> bytes:
    """The hash of one record's content."""
    return canonical.digest(content)


def batch_hash(hashes: Iterable[bytes]) -> bytes:
    """The content of a batch's seal: the hash over its records' hashes, in the order of their ids."""
    return sha256(b"".join(hashes)).digest()
