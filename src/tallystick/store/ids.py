"""The ids of tables: taken ahead for many rows, and kept, so that an imported database never gives one twice."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy import table as table_of
from sqlalchemy.dialects.postgresql import REGCLASS

from tallystick.store.db import Tx
from tallystick.store.late import NEXT_IDS
from tallystick.store.tables import metadata

WITH_IDS = tuple(table for table in metadata.sorted_tables if "id" in table.primary_key.columns)
# SQLite remembers the last id of these alone; of the others it knows the ids that are there.
REMEMBERED = tuple(table for table in WITH_IDS if table.dialect_options["sqlite"]["autoincrement"])

_given = table_of("sqlite_sequence", column("name", Text), column("seq", BigInteger))
SQLITE_LAST = select(_given.c.seq).where(_given.c.name == bindparam("of_table"))
SQLITE_FORGET = delete(_given).where(_given.c.name == bindparam("of_table"))
SQLITE_KEEP = insert(_given)


def next_ids(tx: Tx, table: Table, count: int) -> Sequence[int]:
    """Ids for so many new rows, ascending. On SQLite they are taken only by the INSERT, in this same transaction."""
    if tx.is_postgresql:
        return sorted(tx.rows(NEXT_IDS, int, of_table=table.name, count=count))
    last = tx.row(SQLITE_LAST, int, of_table=table.name) or 0
    return range(last + 1, last + 1 + count)


def last_ids(tx: Tx) -> dict[str, int]:
    """The last id that each table has given, in all accounts, of the tables that never give one twice."""
    return {str(table.name): _last(tx, table) for table in REMEMBERED}


def keep_last_ids(tx: Tx, last: Mapping[str, int]) -> None:
    """Sees to it that the next id of each table is above ``last``, above what it gave and above what it holds."""
    for table in WITH_IDS if tx.is_postgresql else REMEMBERED:
        held = tx.one(select(func.coalesce(func.max(table.c.id), 0)), int)
        given = max(held, last.get(table.name, 0), _last(tx, table))
        if given:
            _keep(tx, table, given)


def _last(tx: Tx, table: Table) -> int:
    if tx.is_postgresql:
        return tx.one(select(func.coalesce(func.pg_sequence_last_value(_sequence(table)), 0)), int)
    return tx.row(SQLITE_LAST, int, of_table=table.name) or 0


def _keep(tx: Tx, table: Table, last: int) -> None:
    if tx.is_postgresql:
        tx.one(select(func.setval(_sequence(table), last)), int)
        return
    tx.write(SQLITE_FORGET, of_table=table.name)
    tx.write(SQLITE_KEEP, name=table.name, seq=last)


def _sequence(table: Table) -> ColumnElement[Any]:
    return cast(func.pg_get_serial_sequence(table.name, "id"), REGCLASS)
