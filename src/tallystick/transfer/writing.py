"""An account out of a database: every row of every table, in an order in which they can be read in again."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, String, select

from tallystick.core.account import Account
from tallystick.store import ids
from tallystick.store.db import Tx
from tallystick.store.kept import as_stored
from tallystick.store.migrate import revision
from tallystick.transfer.lines import EVENTS, FORMAT, TABLES, VERSION, End, ExportHeader, TableLines


def lines(tx: Tx, account: Account) -> Iterator[bytes]:
    """The lines of the account's export, in one snapshot and in constant memory.

    The same rows give the same bytes, on either database.
    """
    yield _line(ExportHeader(FORMAT, VERSION, revision(tx.connection) or "", account.id))
    counts = dict.fromkeys(TABLES, 0)
    with tx.usage() as usage:
        for name, rows in TABLES.items():
            source = usage if name in EVENTS else tx
            for line in source.stream(_every(source, account, rows), rows.line):
                counts[name] += 1
                yield line
    yield _line({"end": End(counts, ids.last_ids(tx))})


def _line(content: object) -> bytes:
    return msgspec.json.encode(content) + b"\n"


def _every(tx: Tx, account: Account, rows: TableLines) -> Select[Any]:
    order = [_in_bytes(tx, column) for column in rows.table.primary_key.columns]
    columns = map(as_stored, rows.table.columns)
    return select(*columns).where(rows.account == account.id).order_by(*order)


def _in_bytes(tx: Tx, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column in an order that is the same in every database: text by its bytes, not by some language."""
    if not isinstance(column.type, String):
        return column
    return column.collate("C" if tx.is_postgresql else "BINARY")
