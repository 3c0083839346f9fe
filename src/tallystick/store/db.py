"""Opens databases and runs transactions: every difference between SQLite and PostgreSQL is in this file.

SQLite: WAL, ``synchronous=FULL``, foreign keys on, one writer at a time in the process, ``BEGIN IMMEDIATE`` for
writes. PostgreSQL: READ COMMITTED for writes, with row locks where a verb needs them, and a REPEATABLE READ snapshot
for reads.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    UniqueConstraint,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

SQLITE_BUSY_TIMEOUT_S = 30.0
POSTGRES_OPTIONS = "-c timezone=UTC -c lock_timeout=30s"
TRANSACTION_ATTEMPTS = 5
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class TryAgain(Exception):
    """Another transaction was faster, and the same work may well succeed when it is done again."""


class Tx:
    """One transaction: its connection, the instant it began, and who acts in it (for the record)."""

    __slots__ = ("actor", "connection", "now")

    def __init__(self, connection: Connection, now: datetime, actor: str) -> None:
        self.connection = connection
        self.now = now
        self.actor = actor

    def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Runs one statement."""
        return self.connection.execute(statement, parameters)

    def all(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Any]:
        """The rows that one statement answers."""
        return self.connection.execute(statement, parameters).all()

    @property
    def is_postgresql(self) -> bool:
        """Whether rows can be locked one by one; on SQLite a writer has the whole database."""
        return self.connection.dialect.name == "postgresql"


class Database:
    """A database, open. ``clock`` gives the instant at which a transaction begins."""

    def __init__(self, url: str, *, clock: Callable[[], datetime] = utc_now, connections: int = 16) -> None:
        self.url = url
        self._clock = clock
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", connections=connections)
            self._turn: AbstractContextManager[Any] = threading.Lock()
        else:
            self._writer = _postgresql_engine(url, connections=connections)
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._turn = nullcontext()

    @contextmanager
    def transaction(self, actor: str) -> Iterator[Tx]:
        """A transaction that writes: commits when the block ends, rolls back when it raises."""
        with self._turn, self._writer.begin() as connection:
            yield Tx(connection, self._clock(), actor)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads, over one snapshot."""
        with self._reader.connect() as connection:
            yield Tx(connection, self._clock(), "")

    def transact(self, actor: str, work: Callable[[Tx], T]) -> T:
        """Runs ``work`` in a transaction of its own, and again where the database broke a deadlock at its cost."""
        for attempt in range(1, TRANSACTION_ATTEMPTS + 1):
            try:
                with self.transaction(actor) as tx:
                    return work(tx)
            except (DBAPIError, TryAgain) as error:
                if attempt == TRANSACTION_ATTEMPTS or not _is_retryable(error):
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Closes every connection."""
        self._writer.dispose()
        self._reader.dispose()


def violates(error: IntegrityError, constraint: UniqueConstraint) -> bool:
    """Whether ``error`` is the database's refusal of a second row under this constraint."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == constraint.name)
    columns = ", ".join(f"{constraint.table.name}.{column.name}" for column in constraint.columns)
    return str(error.orig) == f"UNIQUE constraint failed: {columns}"


def _is_retryable(error: DBAPIError | TryAgain) -> bool:
    return isinstance(error, TryAgain) or getattr(error.orig, "sqlstate", None) in RETRYABLE_SQLSTATES


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _sqlite_engine(url: str, *, begin: str, connections: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False},
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine, "connect", _prepare_sqlite)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.connection.driver_connection.execute(begin)  # type: ignore[union-attr]

    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # SQLite's own lower() knows ASCII only; a search must find "ÖZIL" by "özil".
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _postgresql_engine(url: str, *, connections: int) -> Engine:
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=False,
        connect_args={"options": POSTGRES_OPTIONS},
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
    )
