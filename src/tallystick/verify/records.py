"""Events and postings held against the seals that were set on them in batches."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, bindparam, func, select

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.record_seals import RECORDS, batch_hash, content_columns, content_of, row_hash
from tallystick.store.tables import seals
from tallystick.verify.types import Check, Difference

SEALED_WITHIN = timedelta(minutes=10)


class Record(NamedTuple):
    """A record that is sealed: the place of its batch's seal, the hash that it keeps, and the one expected of it."""

    id: int
    seal_position: int
    kept: bytes
    expected: bytes


class RecordBatch(NamedTuple):
    """A batch's seal: its place in the chain, its last record, and the hash over the hashes of all of them."""

    position: int
    subject_id: int
    content_hash: bytes


def check_of(table: Table) -> Check:
    """The check of one table of records, in one walk and in memory that does not grow with it."""
    records = _records_of(table)
    batches = _batches_of(table)

    def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
        coming = batches(tx, account)
        batch = next(coming, None)
        kept: dict[int, list[bytes]] = defaultdict(list)
        for record in records(tx, account):
            while batch and batch.subject_id < record.id:
                yield from _held(table, batch, kept.pop(batch.position, []))
                batch = next(coming, None)
            if record.kept != record.expected:
                finding = f"is not what it was when seal {record.seal_position} was set on it"
                yield Difference(table.name, str(record.id), finding)
            kept[record.seal_position].append(record.kept)
            advance(1)
        while batch:
            yield from _held(table, batch, kept.pop(batch.position, []))
            batch = next(coming, None)
        for position in kept:
            yield Difference(table.name, f"of seal {position}", "are more than the records that it was set on")

    return Check(f"the seals of the {table.name}", table, run)


def notes(tx: Tx, account: Account) -> Iterator[str]:
    """What is no difference, and yet to be known: records that a worker should have sealed by now."""
    for table in RECORDS:
        late = (table.c.account_id == account.id, table.c.seal_position.is_(None), table.c.at < tx.now - SEALED_WITHIN)
        counted = tx.one(select(func.count()).select_from(table).where(*late), int)
        if counted:
            yield f"account {account.id}: {counted:,} {table.name} rows are not sealed; `tallystick worker` seals them"


def _records_of(table: Table) -> Callable[[Tx, Account], Iterator[Record]]:
    statement: Select[Any] = (
        select(table.c.seal_position, table.c.row_hash, *content_columns(table))
        .where(table.c.account_id == bindparam("account"), table.c.seal_position.is_not(None))
        .order_by(table.c.id)
    )
    content = content_of(table)

    def record(position: int, kept: bytes, *values: Any) -> Record:
        sealed = content(*values)
        return Record(sealed["id"], position, kept, row_hash(sealed))

    return lambda tx, account: tx.stream(statement, record, account=account.id)


def _batches_of(table: Table) -> Callable[[Tx, Account], Iterator[RecordBatch]]:
    statement: Select[Any] = (
        select(*(seals.c[name] for name in RecordBatch._fields))
        .where(seals.c.account_id == bindparam("account"), seals.c.kind == table.name)
        .order_by(seals.c.subject_id)
    )
    return lambda tx, account: tx.stream(statement, RecordBatch, account=account.id)


def _held(table: Table, batch: RecordBatch, kept: list[bytes]) -> Iterator[Difference]:
    if batch_hash(kept) != batch.content_hash:
        finding = f"are not the records up to {batch.subject_id} that it was set on: {len(kept)} of them are there"
        yield Difference(table.name, f"of seal {batch.position}", finding)


CHECKS = tuple(map(check_of, RECORDS))
