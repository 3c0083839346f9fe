"""The ids that tables have given, so that an imported database goes on after them and never gives one twice."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, cast, func, select, text
from sqlalchemy.dialects.postgresql import REGCLASS

from tallystick.store.db import Tx
from tallystick.store.tables import metadata

WITH_IDS = tuple(table for table in metadata.sorted_tables if "id" in table.primary_key.columns)
# SQLite remembers the last id of these alone; of the others it knows the ids that are there.
REMEMBERED = tuple(table for table in WITH_IDS if table.dialect_options["sqlite"]["autoincrement"])

SQLITE_LAST = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
SQLITE_FORGET = text("DELETE FROM sqlite_sequence WHERE name = :name")
SQLITE_KEEP = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")


def last_ids(tx: Tx) -> dict[str, int]:
    """The last id that each table has given, in all accounts, of the tables that never give one twice."""
    return {str(table.name): _last(tx, table) for table in REMEMBERED}


def keep_last_ids(tx: Tx, last: Mapping[str, int]) -> None:
    """Sees to it that the next id of each table is above ``last``, above what it gave and above what it holds."""
    for table in WITH_IDS if tx.is_postgresql else REMEMBERED:
        held: int = tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        given = max(held, last.get(table.name, 0), _last(tx, table))
        if given:
            _keep(tx, table, given)


def _last(tx: Tx, table: Table) -> int:
    if tx.is_postgresql:
        return tx.execute(select(func.pg_sequence_last_value(_sequence(table)))).scalar() or 0
    return tx.execute(SQLITE_LAST, {"name": table.name}).scalar() or 0


def _keep(tx: Tx, table: Table, last: int) -> None:
    if tx.is_postgresql:
        tx.execute(select(func.setval(_sequence(table), bindparam("last"))), {"last": last})
        return
    tx.execute(SQLITE_FORGET, {"name": table.name})
    tx.execute(SQLITE_KEEP, {"name": table.name, "last": last})


def _sequence(table: Table) -> ColumnElement[Any]:
    return cast(func.pg_get_serial_sequence(table.name, "id"), REGCLASS)
