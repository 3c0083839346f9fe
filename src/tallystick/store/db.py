"""Opens databases and runs transactions: what differs between SQLite and PostgreSQL is here and in ``engines`` (ADR 4).

SQLite: WAL, ``synchronous=FULL``, foreign keys on, one writer at a time in the process, ``BEGIN IMMEDIATE`` for
writes. PostgreSQL: READ COMMITTED for writes, with row locks where a verb needs them, and a REPEATABLE READ snapshot
for reads.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Index, UniqueConstraint, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError

from tallystick.core.errors import OutcomeUnknown
from tallystick.store import usage_file
from tallystick.store.checkpoints import Checkpoints
from tallystick.store.engines import (
    SQLITE_BUSY_TIMEOUT_S,
    SQLITE_MIGRATION_TIMEOUT_S,
    driver_of,
    postgresql_engine,
    sqlite_engine,
    wait_for_others,
)
from tallystick.store.late import LateTx
from tallystick.store.readers import Readers
from tallystick.store.trouble import sqlite_file
from tallystick.store.tx import TryAgain, Tx
from tallystick.store.unavailable import leaves_unknown, told_as_unavailable
from tallystick.store.watchdog import Watchdog
from tallystick.store.writer import BEGIN, Writer

__all__ = ("Database", "TryAgain", "Tx", "UsageFile", "utc_now", "violates")

LOCK_A_ROW = text("SELECT id FROM accounts ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED")
"""Refused by a server that only reads; never waits, and holds up no row that refers to the account."""

TRANSACTION_ATTEMPTS = 5
# A broken deadlock, and violated constraints: of two transactions on PostgreSQL, the later may learn only from its
# INSERT that a row has come or gone since it looked. A second look finds the row, and so the fitting refusal.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01", "23503", "23505"})

T = TypeVar("T")
Begin = Callable[[], AbstractContextManager[Connection]]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Database:
    """A database, open. ``clock`` tells when a transaction begins; ``seal_key`` is what its seals are made with.

    On PostgreSQL there are at most so many ``connections``, and no statement may take longer than
    ``statement_timeout_s``; 0 is no limit.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime] = utc_now,
        connections: int = 16,
        seal_key: str | None = None,
        statement_timeout_s: int = 0,
    ) -> None:
        self.url = url
        self._usage: UsageFile | None = None
        self._opening = threading.Lock()
        self._usage_reader: Callable[[], AbstractContextManager[Tx]] | None = None
        self._connections = connections
        self._clock = clock
        self._seal_key = seal_key.encode() if seal_key else None
        self._watchdog: Watchdog | None = None
        file = sqlite_file(url)
        self.is_sqlite = file is not None
        if file is not None:
            self._writer = self._migrator = sqlite_engine(url, begin=BEGIN)
            kept = Writer(self._writer, file)
            self._kept: Writer | None = kept
            self._begin: Begin = kept.begin
            self._join: Begin = kept.join
            self._reader = sqlite_engine(url, begin="BEGIN")
            event.listen(self._reader, "do_connect", kept.check_file)
            self._readers: Readers | None = Readers(self._reader)
            self._read: Begin = self._readers.begin
            self._glance: Begin = self._readers.connect
            self._turn: AbstractContextManager[None] = kept.turn
            self._usage_reader = self._read_usage
        else:
            self._writer = postgresql_engine(url, connections=connections, statement_timeout_s=statement_timeout_s)
            self._migrator = self._writer.execution_options(isolation_level="READ COMMITTED")
            self._kept = None
            self._watchdog = Watchdog(self._writer)
            self._begin = self._join = self._glance = self._writer.connect
            self._reader = self._writer
            self._readers = None
            self._read = self._writer.connect
            self._turn = nullcontext()

    def transaction(self, actor: str) -> AbstractContextManager[Tx]:
        """A transaction that writes: commits when the block ends, rolls back when it raises.

        Raises OutcomeUnknown where the COMMIT failed and nobody knows what became of it.
        """
        return self._transaction(self._begin, actor)

    @contextmanager
    def _transaction(self, begin: Begin, actor: str) -> Iterator[Tx]:
        is_ending = False
        try:
            with begin() as connection:
                tx = self._tx(connection, actor) if self.is_sqlite else self._late_tx(connection, actor)
                yield tx
                tx.send_rest()
                is_ending = True
                tx.end()
        except DBAPIError as error:
            if is_ending and leaves_unknown(error):
                raise OutcomeUnknown from error
            raise

    def _tx(self, connection: Connection, actor: str) -> Tx:
        return Tx(connection, self._clock(), actor, self._seal_key, self._usage_reader)

    def _late_tx(self, connection: Connection, actor: str) -> Tx:
        return LateTx(connection, self._clock(), actor, self._seal_key, self._usage_reader)

    @property
    def checkpoints(self) -> Checkpoints | None:
        """SQLite's; PostgreSQL takes its own."""
        return self._kept.checkpoints if self._kept else None

    @property
    def usage(self) -> "Database":
        """Where usage events are: here, or on SQLite in a file of its own, made by the first transaction that writes.

        The tables of this database can be read in its transactions too.
        """
        file = sqlite_file(self.url)
        if file is None:
            return self
        with self._opening:
            if self._usage is None:
                self._usage = UsageFile(file, clock=self._clock, connections=self._connections)
            return self._usage

    def _read_usage(self) -> AbstractContextManager[Tx]:
        return self.usage.read()

    @property
    def has_usage(self) -> bool:
        """Whether there is a place for usage events yet."""
        file = sqlite_file(self.url)
        return file is None or usage_file.usage_file_of(file).exists()

    @contextmanager
    def migration(self) -> Iterator[Tx]:
        """A transaction that may change the schema.

        SQLite changes a table by copying it and dropping the old one, which must not cascade: so foreign keys are off
        until the end, and then checked, all of them (sqlite.org/lang_altertable.html, section 7).
        """
        with self._turn, self._migrator.connect() as connection:
            if self.is_sqlite:
                driver_of(connection).execute("PRAGMA foreign_keys=OFF")
                wait_for_others(connection, SQLITE_MIGRATION_TIMEOUT_S)
            try:
                with connection.begin():
                    yield self._tx(connection, "migration")
                    if self.is_sqlite and driver_of(connection).execute("PRAGMA foreign_key_check").fetchone():
                        raise sqlite3.IntegrityError("a row names another that is not there")
            finally:
                if self.is_sqlite:
                    driver_of(connection).execute("PRAGMA foreign_keys=ON")
                    wait_for_others(connection, SQLITE_BUSY_TIMEOUT_S)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads, over one snapshot. Raises Unavailable where the database cannot do it now."""
        with told_as_unavailable(), self._read() as connection:
            tx = self._tx(connection, "")
            tx.keep_snapshot()
            yield tx

    @contextmanager
    def glance(self) -> Iterator[Tx]:
        """For SELECTs with parameters, each of a moment of its own unless ``Tx.keep_snapshot`` is called.

        It saves the BEGIN and its end, which are round trips to PostgreSQL. Raises Unavailable as ``read``.
        """
        with told_as_unavailable(), self._glance() as connection:
            yield self._tx(connection, "")

    def transact(self, actor: str, work: Callable[[Tx], T]) -> T:
        """Runs ``work`` in a transaction of its own, and again where another transaction got in its way.

        Raises Unavailable where the database cannot do it now: then nothing was done, or it is OutcomeUnknown.
        """
        with told_as_unavailable():
            return self._transact(repeat(self._begin), actor, work)

    def transact_with_others(self, actor: str, work: Callable[[Tx], T]) -> T:
        """As ``transact``, for work of milliseconds: SQLite commits it together with what is written beside it."""
        with told_as_unavailable():
            return self._transact(chain([self._join], repeat(self._begin)), actor, work)

    def _transact(self, begins: Iterable[Begin], actor: str, work: Callable[[Tx], T]) -> T:
        for attempt, begin in zip(range(1, TRANSACTION_ATTEMPTS + 1), begins, strict=False):
            try:
                with self._transaction(begin, actor) as tx:
                    return work(tx)
            except (DBAPIError, TryAgain) as error:
                if attempt == TRANSACTION_ATTEMPTS or not _is_retryable(error):
                    raise
        raise AssertionError("unreachable")

    def try_to_write(self) -> None:
        """Takes what a write needs, and gives it back, within seconds. Raises Unavailable or DBAPIError."""
        with told_as_unavailable():
            if self._kept is not None:
                self._kept.try_lock()
            else:
                with self._writer.begin() as connection:
                    connection.execute(LOCK_A_ROW)

    def close(self) -> None:
        """Closes every connection."""
        if self._watchdog is not None:
            self._watchdog.close()
        if self._kept is not None:
            self._kept.close()
        if self._readers is not None:
            self._readers.close()
        self._writer.dispose()
        self._reader.dispose()
        if self._usage is not None:
            self._usage.close()


class UsageFile(Database):
    """The file of usage events beside a SQLite database (``store.usage_file``).

    As long as nothing was written to it there is none, and whoever reads finds it empty.
    """

    def __init__(self, database: Path, *, clock: Callable[[], datetime], connections: int) -> None:
        self._file = usage_file.usage_file_of(database)
        super().__init__(f"sqlite:///{self._file}", clock=clock, connections=connections)
        self._usage_reader = None
        for engine in (self._writer, self._reader):
            event.listen(engine, "connect", lambda connection, _record: usage_file.prepare(connection, database))
        event.listen(self._writer, "do_connect", self._connected)
        event.listen(self._reader, "do_connect", self._connected_to_read)
        # By way of the pool, which asks each time whether the file was made since the connection was.
        self._read, self._glance = self._reader.begin, self._reader.connect
        event.listen(self._reader, "checkout", self._check_still_empty)
        if self._kept is not None:
            self._kept.checkpoints.most_commits = usage_file.CHECKPOINT_COMMITS

    def _connected(self, dialect: Dialect, record: Any, _arguments: Any, options: Any) -> Any:
        record.info.pop(EMPTY, None)
        return dialect.connect(str(self._file), uri=True, **options)

    def _connected_to_read(self, dialect: Dialect, record: Any, arguments: Any, options: Any) -> Any:
        if self._file.exists():
            return self._connected(dialect, record, arguments, options)
        record.info[EMPTY] = True
        return dialect.connect(":memory:", uri=True, **options)

    def _check_still_empty(self, _connection: Any, record: Any, _proxy: Any) -> None:
        if EMPTY in record.info and self._file.exists():
            raise DisconnectionError


EMPTY = "empty"
"""Marks a connection that was made while there was no file."""


def violates(error: IntegrityError, unique: UniqueConstraint | Index) -> bool:
    """Whether ``error`` is the database's refusal of a second row under this constraint or unique index."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == unique.name)
    columns = ", ".join(f"{column.table.name}.{column.name}" for column in unique.columns)
    return str(error.orig) == f"UNIQUE constraint failed: {columns}"


def _is_retryable(error: DBAPIError | TryAgain) -> bool:
    return isinstance(error, TryAgain) or getattr(error.orig, "sqlstate", None) in RETRYABLE_SQLSTATES
