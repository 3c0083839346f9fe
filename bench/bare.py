"""Work through a bare driver: how often a second the database does it, and what it costs the client's processor.

On SQLite it is done over one connection, since there is one writer; on PostgreSQL over as many as the server has
threads, each in a process of its own.
"""

import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import URL, make_url

from tallystick.serve import THREADS

MOST_A_SECOND: Final = 3_000
"""Things of which none is done twice to the same invoice, so far as there are as many."""


class Sqlite:
    """A connection that syncs every commit to the disk."""

    begin_to_write: Final = "BEGIN IMMEDIATE"

    def __init__(self, url: URL) -> None:
        self._connection = sqlite3.connect(str(url.database), isolation_level=None)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            self._connection.execute(f"PRAGMA {pragma}")

    def run(self, sql: str, *parameters: Any) -> Sequence[Any]:
        """The rows that a statement answers, whose parameters are ``?``."""
        return self._connection.execute(sql, parameters).fetchall()

    def write(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Writes rows, as many as they are."""
        places = ", ".join("?" for _ in columns)
        self._connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

    def run_all(self, sql: str, many: Sequence[Sequence[Any]]) -> None:
        """Runs a statement with each of the parameters."""
        self._connection.executemany(sql, many)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


class Postgresql:
    """A connection that prepares every statement."""

    begin_to_write: Final = "BEGIN"

    def __init__(self, url: URL) -> None:
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=0)
        # As the text that it is, which can be written again.
        set_json_loads(lambda text: text if isinstance(text, str) else bytes(text).decode(), self._connection)

    def run(self, sql: str, *parameters: Any) -> Sequence[Any]:
        """The rows that a statement answers, whose parameters are ``?``."""
        cursor = self._connection.execute(sql.replace("?", "%s"), parameters)
        return cursor.fetchall() if cursor.description else ()

    def write(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Writes rows, as many as they are."""
        with self._connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as stream:
            for row in rows:
                stream.write_row(row)

    def run_all(self, sql: str, many: Sequence[Sequence[Any]]) -> None:
        """Runs a statement with each of the parameters."""
        self._connection.cursor().executemany(sql.replace("?", "%s"), many)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


Driver = Sqlite | Postgresql
Do = Callable[[int], object]
DoAll = Callable[[Sequence[int]], object]
Make = Callable[[Driver], Do]
"""Makes ready, over a connection, what is then done again and again: to the invoice of another id each time."""


class Bare(NamedTuple):
    """How often a second it was done, and the CPU time of the client each time."""

    rate: float
    cpu_us: float


def connected(url: str) -> Driver:
    """A connection to the database."""
    parsed = make_url(url)
    return Sqlite(parsed) if parsed.get_backend_name() == "sqlite" else Postgresql(parsed)


def measure(url: str, make: Make, ids: Iterable[int], seconds: int) -> Bare:
    """Does it for so long, each time to the next of the ids."""
    some = list(islice(ids, MOST_A_SECOND * seconds))
    if make_url(url).get_backend_name() == "sqlite":
        return _timed(url, make, some, seconds)
    with ProcessPoolExecutor(THREADS, multiprocessing.get_context("fork")) as pool:
        running = [pool.submit(_timed, url, make, some[part::THREADS], seconds) for part in range(THREADS)]
        done = [each.result() for each in running]
    rate = sum(each.rate for each in done)
    return Bare(rate, sum(each.cpu_us * each.rate for each in done) / rate)


def _timed(url: str, make: Make, ids: Sequence[int], seconds: int) -> Bare:
    with closing(connected(url)) as driver:
        do, done = make(driver), 0
        began, began_cpu = time.perf_counter(), time.thread_time()
        while (elapsed := time.perf_counter() - began) < seconds:
            do(ids[done % len(ids)])
            done += 1
        return Bare(done / elapsed, (time.thread_time() - began_cpu) * 1e6 / done)
