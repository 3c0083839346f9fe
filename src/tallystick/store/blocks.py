"""Many rows at once, at the speed of the driver: SQLAlchemy's own work on each row costs more than its INSERT (ADR 29).

Nothing else here differs from an INSERT through SQLAlchemy: the values are converted by its column types, so that a row
is the same however it was written.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy import Date, Dialect, Table, text
from sqlalchemy.types import TypeEngine

from tallystick.store.db import Tx

Convert = Callable[[Any], Any]

WORTH_A_COPY = 8
"""Rows from which PostgreSQL's COPY, with its extra round trip, is faster than INSERTs."""

MAX_BLOCKS = 64

LAST_ID_ON_SQLITE = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
IDS_ON_POSTGRESQL = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")


class _Writer(NamedTuple):
    """How a column's values are written."""

    convert: Convert | None
    is_date: bool


class _Block(NamedTuple):
    """How to write some columns of a table: the statements, and how each column's values are written."""

    insert: str
    copy: str
    update: str
    writers: tuple[_Writer, ...]


def ids(tx: Tx, table: Table, count: int) -> Sequence[int]:
    """Ids for so many new rows, ascending. On SQLite they are taken only by the INSERT, in this same transaction."""
    if tx.is_postgresql:
        found = tx.execute(IDS_ON_POSTGRESQL, {"table": table.name, "count": count})
        return sorted(found.scalars())
    last: int = tx.execute(LAST_ID_ON_SQLITE, {"table": table.name}).scalar() or 0
    return range(last + 1, last + 1 + count)


def insert(tx: Tx, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes rows whose values stand in the order of ``columns``. IntegrityError as from any INSERT."""
    if not rows:
        return
    block = _block(table, tuple(columns), tx.connection.dialect)
    converted = _converted(rows, block.writers)
    if tx.is_postgresql and len(rows) >= WORTH_A_COPY:
        tx.copy(block.copy, converted)
    else:
        with tx.driving(block.insert) as cursor:
            cursor.executemany(block.insert, list(converted))


def update(tx: Tx, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Sets ``columns`` of rows by account and id: each of ``rows`` has the new values, then those two."""
    if not rows:
        return
    block = _block(table, (*columns, "account_id", "id"), tx.connection.dialect)
    with tx.driving(block.update) as cursor:
        cursor.executemany(block.update, list(_converted(rows, block.writers)))


@lru_cache(maxsize=MAX_BLOCKS)
def _block(table: Table, columns: tuple[str, ...], dialect: Dialect) -> _Block:
    names = list(map(dialect.identifier_preparer.quote, columns))
    target = f"{table.name} ({', '.join(names)})"
    place = "%s" if dialect.paramstyle in ("format", "pyformat") else "?"
    *new, account, key = (f"{name} = {place}" for name in names)
    return _Block(
        insert=f"INSERT INTO {target} VALUES ({', '.join(repeat(place, len(columns)))})",  # noqa: S608
        copy=f"COPY {target} FROM STDIN",
        update=f"UPDATE {table.name} SET {', '.join(new)} WHERE {account} AND {key}",  # noqa: S608
        writers=tuple(_writer(table.c[name].type, dialect) for name in columns),
    )


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> _Writer:
    return _Writer(kind.dialect_impl(dialect).bind_processor(dialect), isinstance(kind, Date))


def _converted(rows: Sequence[Sequence[Any]], writers: Sequence[_Writer]) -> Iterable[tuple[Any, ...]]:
    columns = zip(*rows, strict=True)
    return zip(*map(_column, columns, writers), strict=True)


def _column(values: tuple[Any, ...], writer: _Writer) -> Iterable[Any]:
    """The values converted, but each that comes again only once, as what an account's invoices have in common does."""
    if writer.convert is None:
        return values
    # Values that are equal may yet differ, as 1.0 and 1.00 do; dates do not.
    keys = values if writer.is_date else tuple(map(id, values))
    distinct = dict(zip(keys, values, strict=True))
    converted = {key: None if value is None else writer.convert(value) for key, value in distinct.items()}
    return map(converted.__getitem__, keys)
