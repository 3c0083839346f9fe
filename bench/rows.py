"""The rows that work left in a database, and the same through the bare driver, into a twin of that database."""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Table, make_url

from bench.site import Site
from tallystick.store.tables import events, invoice_lines, invoices, journal, seals

BILLED: Final = (invoices, invoice_lines, journal, events, seals)
"""What a run of billing writes to."""


class Timed(NamedTuple):
    """What work answered, how long it took, and the CPU time of this process."""

    result: Any
    seconds: float
    cpu_s: float


def timed(work: Callable[[], Any]) -> Timed:
    """Does the work once."""
    began, began_cpu = time.perf_counter(), time.process_time()
    result = work()
    return Timed(result, time.perf_counter() - began, time.process_time() - began_cpu)


class SqliteRows:
    """Reads and writes through ``sqlite3`` alone."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("PRAGMA foreign_keys=ON")

    def last(self, table: Table) -> int:
        """The key of the last row of a table."""
        last: int = self._connection.execute(f"SELECT coalesce(max({_key(table)}), 0) FROM {table.name}").fetchone()[0]
        return last

    def written(self, table: Table, after: int) -> Sequence[Any]:
        """The rows of a table behind a key."""
        key = _key(table)
        query = f"SELECT * FROM {table.name} WHERE {key} > ? ORDER BY {key}"
        return self._connection.execute(query, (after,)).fetchall()

    def write(self, rows: Mapping[Table, Sequence[Any]]) -> None:
        """Writes the rows, in one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        for table, written in rows.items():
            places = ", ".join("?" * len(table.columns))
            self._connection.executemany(f"INSERT INTO {table.name} VALUES ({places})", written)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


class PostgresqlRows:
    """Reads and writes through psycopg alone; the rows stay the text of a ``COPY``."""

    def __init__(self, conninfo: str) -> None:
        self._connection = psycopg.connect(conninfo)

    def last(self, table: Table) -> int:
        """The key of the last row of a table."""
        query = SQL("SELECT coalesce(max({}), 0) FROM {}").format(Identifier(_key(table)), Identifier(table.name))
        last: int = self._connection.execute(query).fetchall()[0][0]
        return last

    def written(self, table: Table, after: int) -> Sequence[Any]:
        """The rows of a table behind a key."""
        query = SQL("COPY (SELECT * FROM {} WHERE {key} > {} ORDER BY {key}) TO STDOUT").format(
            Identifier(table.name), after, key=Identifier(_key(table))
        )
        with self._connection.cursor().copy(query) as stream:
            return [bytes(block) for block in stream]

    def write(self, rows: Mapping[Table, Sequence[Any]]) -> None:
        """Writes the rows, in one transaction."""
        for table, written in rows.items():
            with self._connection.cursor().copy(SQL("COPY {} FROM STDIN").format(Identifier(table.name))) as stream:
                for block in written:
                    stream.write(block)
        self._connection.commit()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def rows_of(site: Site) -> SqliteRows | PostgresqlRows:
    """The rows of a site's database."""
    url = make_url(site.url)
    if site.kind == "sqlite":
        return SqliteRows(str(url.database))
    return PostgresqlRows(url.set(drivername="postgresql").render_as_string(hide_password=False))


def _key(table: Table) -> str:
    return "position" if table is seals else "id"
