"""Fresh databases for tests: each a copy of a template that is migrated once a run.

The processes of a run (pytest-xdist's workers) share one directory. Whoever first needs a template or the
PostgreSQL server makes it there, under a file lock; the process that created the directory removes it last.
"""

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, LiteralString
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from testing.postgresql import Server, temporary_directory

Kind = Literal["sqlite", "postgresql"]
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "postgresql")

MIGRATED: Final = "migrated"
EMPTY: Final = "template0"


class Databases:
    """The databases of one test run, as one of its processes sees them."""

    def __init__(self, shared: Path, data: Path, settings: Mapping[str, str]) -> None:
        self.shared = shared
        self.data = data
        self._settings = settings
        self._used: list[str] = []
        self._server = Server(shared / "pg", data / "pgdata")

    @contextmanager
    def migrated(self, kind: Kind) -> Iterator[str]:
        """The URL of a database with the current schema and no rows."""
        if kind == "postgresql":
            with self._postgresql_copy(self._postgresql_template) as url:
                yield url
        else:
            with self._sqlite_file() as path:
                yield self.migrated_file(path)

    def migrated_file(self, path: Path) -> str:
        """As ``migrated``, of SQLite, in a file of the caller's."""
        shutil.copyfile(self._sqlite_template, path)
        return _sqlite_url(path)

    @contextmanager
    def empty(self, kind: Kind) -> Iterator[str]:
        """The URL of a database without a schema, for tests of the migrations themselves."""
        if kind == "postgresql":
            with self._postgresql_copy(EMPTY) as url:
                yield url
        else:
            with self._sqlite_file() as path:
                yield _sqlite_url(path)

    def close(self) -> None:
        """Give up this process's connection to the server; the server goes on."""
        if "_admin" in self.__dict__:
            self._admin.close()

    def stop(self) -> None:
        """Stop the server, for everyone: for the process that created the directories."""
        if self._server.is_running:
            self._server.stop()

    @contextmanager
    def _sqlite_file(self) -> Iterator[Path]:
        with temporary_directory(self.data) as directory:
            yield directory / "tallystick.db"

    @contextmanager
    def _postgresql_copy(self, template: str) -> Iterator[str]:
        name = f"test_{uuid4().hex}"
        # Without this strategy each copy would also go through the write-ahead log.
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        self._drop_used()
        try:
            yield self._server.url(name)
        finally:
            self._used.append(name)

    def _drop_used(self) -> None:
        # Not at once after a test: while a connection that the test closed is still ending, DROP DATABASE
        # sleeps for 100 ms. What the last test leaves goes with the server.
        while self._used:
            self._execute("DROP DATABASE {} WITH (FORCE)", self._used.pop())

    @cached_property
    def _postgresql_template(self) -> str:
        admin, unfinished = self._admin, "migrating"
        with self._locked():
            if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [MIGRATED]).fetchone() is None:
                self._execute("DROP DATABASE IF EXISTS {}", unfinished)
                self._execute("CREATE DATABASE {}", unfinished)
                _migrate(self._server.url(unfinished))
                self._execute("ALTER DATABASE {} RENAME TO {}", unfinished, MIGRATED)
        return MIGRATED

    @cached_property
    def _sqlite_template(self) -> Path:
        template, unfinished = self.shared / f"{MIGRATED}.db", self.shared / "migrating.db"
        with self._locked():
            if not template.exists():
                unfinished.unlink(missing_ok=True)
                _migrate(_sqlite_url(unfinished))
                with closing(sqlite3.connect(unfinished)) as connection:
                    # Only the one file is copied, so nothing may be left in the write-ahead log beside it.
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                unfinished.rename(template)
        return template

    @cached_property
    def _admin(self) -> psycopg.Connection:
        with self._locked():
            if not self._server.is_running:
                # A start that failed leaves its files, which would hide the reason from the next one.
                for directory in (self.shared / "pg", self.data / "pgdata"):
                    shutil.rmtree(directory, ignore_errors=True)
                self._server.start(self._settings)
        return psycopg.connect(self._server.conninfo, autocommit=True)

    def _execute(self, statement: LiteralString, *names: str) -> None:
        self._admin.execute(SQL(statement).format(*map(Identifier, names)))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.shared / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def _migrate(url: str) -> None:
    # Not at the top: the tests of the pure rules must run even while the store does not import.
    from tallystick.store.db import Database  # noqa: PLC0415
    from tallystick.store.migrate import migrate  # noqa: PLC0415

    database = Database(url)
    try:
        migrate(database)
    finally:
        database.close()
