"""Opens databases and runs transactions: what differs between SQLite and PostgreSQL is here and in ``engines`` (ADR 4).

SQLite: WAL, ``synchronous=FULL``, foreign keys on, one writer at a time in the process, ``BEGIN IMMEDIATE`` for
writes. PostgreSQL: READ COMMITTED for writes, with row locks where a verb needs them, and a REPEATABLE READ snapshot
for reads.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    Connection,
    CursorResult,
    Delete,
    Dialect,
    Index,
    Insert,
    Table,
    UniqueConstraint,
    Update,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError

from tallystick.core.errors import OutcomeUnknown
from tallystick.store import blocks, usage_file
from tallystick.store.checkpoints import Checkpoints
from tallystick.store.engines import (
    SQLITE_BUSY_TIMEOUT_S,
    SQLITE_MIGRATION_TIMEOUT_S,
    driver_of,
    postgresql_engine,
    sqlite_engine,
    wait_for_others,
)
from tallystick.store.prepared import Statement, form_of
from tallystick.store.readers import Readers
from tallystick.store.together import Reading, combined
from tallystick.store.trouble import sqlite_file
from tallystick.store.unavailable import leaves_unknown, told_as_unavailable
from tallystick.store.watchdog import Watchdog
from tallystick.store.writer import BEGIN, Writer

STREAMED_AT_ONCE = 500
KEEP_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
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


class TryAgain(Exception):
    """Another transaction was faster, and the same work may well succeed when it is done again."""


class Tx:
    """One transaction: its connection, the instant it began, who acts in it (for the record), and the server's key.

    A statement with parameters is a constant, and is compiled once: ``tx.rows(OF_CUSTOMER, Invoice, account=account.id,
    customer=customer_id)``. One that is built for the occasion holds its values itself, and SQLAlchemy runs it. Either
    way each row that it answers becomes a ``kind`` of its columns. Refusals are SQLAlchemy's DBAPIError and its kinds.
    """

    __slots__ = ("_cursor", "_usage", "actor", "connection", "dialect", "driver", "now", "seal_key")

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        actor: str,
        seal_key: bytes | None = None,
        usage: Callable[[], AbstractContextManager["Tx"]] | None = None,
    ) -> None:
        self.connection = connection
        self.dialect: Any = connection.dialect
        self.driver = driver_of(connection)
        self._cursor = psycopg.RawCursor(self.driver) if self.is_postgresql else self.driver
        self.now = now
        self.actor = actor
        self.seal_key = seal_key
        self._usage = usage

    def usage(self) -> AbstractContextManager["Tx"]:
        """A transaction to read usage events in: this one, or on SQLite one of their own file."""
        return nullcontext(self) if self._usage is None else self._usage()

    def rows(self, statement: Statement, kind: Callable[..., T], /, **parameters: Any) -> list[T]:
        """The rows that the statement answers, each as ``kind`` makes it of its columns."""
        return [kind(*row) for row in self._answer(statement, parameters)]

    def row(self, statement: Statement, kind: Callable[..., T], /, **parameters: Any) -> T | None:
        """As ``rows``, the first of them, or None where there is none."""
        found = self._answer(statement, parameters)
        return kind(*found[0]) if found else None

    def one(self, statement: Statement, kind: Callable[..., T], /, **parameters: Any) -> T:
        """As ``rows``, the only one of a statement that always answers one."""
        (found,) = self._answer(statement, parameters)
        return kind(*found)

    def stream(self, statement: Statement, kind: Callable[..., T], /, **parameters: Any) -> Iterator[T]:
        """As ``rows``, read as they are taken, in memory that does not grow with them."""
        streamed = statement.execution_options(yield_per=STREAMED_AT_ONCE)
        with self._by_sqlalchemy(streamed, parameters) as found:
            for row in found:
                yield kind(*row)

    def together(self, *readings: Reading) -> list[list[Any]]:
        """As ``rows`` of each reading, all of one snapshot: in one round trip to PostgreSQL."""
        if len(readings) > 1 and self.is_postgresql:
            return self._together(readings)
        if len(readings) > 1:
            self.keep_snapshot()
        return [self.rows(each.statement, each.kind, **each.parameters) for each in readings]

    def _together(self, readings: Sequence[Reading]) -> list[list[Any]]:
        forms, values = zip(*(form_of(each.statement, self.dialect, each.parameters) for each in readings), strict=True)
        whole = combined(forms)
        answers = self._run(whole.sql, whole.arguments(values), whole.rows)
        return [[each.kind(*row) for row in rows] for each, rows in zip(readings, answers, strict=True)]

    def keep_snapshot(self) -> None:
        """Has all that is read from here on be of one moment, where this is no transaction yet but a ``glance``."""
        if not self._is_in_transaction:
            self._execute(KEEP_SNAPSHOT if self.is_postgresql else "BEGIN", ())

    def write(self, statement: Insert | Update | Delete, /, **parameters: Any) -> int:
        """How many rows the statement wrote, changed or deleted."""
        if not parameters:
            return self._by_sqlalchemy(statement, parameters).rowcount
        form, values = form_of(statement, self.dialect, parameters)
        return self._run(form.sql, form.arguments(values), _row_count)

    def insert_many(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Writes rows whose values stand in the order of ``columns``."""
        if not rows:
            return
        block = blocks.block(table, tuple(columns), self.dialect)
        if len(rows) < blocks.WORTH_A_COPY:
            self._execute(block.insert(len(rows)), block.parameters(rows))
        elif self.is_postgresql:
            self._copy(block.copy, block.converted(rows))
        else:
            with self.driving(block.insert()) as cursor:
                cursor.executemany(block.insert(), list(block.converted(rows)))

    def insert_with_ids(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, ascending: str
    ) -> list[int]:
        """As ``insert_many``, and answers the ids that the rows got, in their order.

        ``ascending`` names a column whose values ascend, since no database promises to answer rows as it was told them.
        """
        block = blocks.block(table, tuple(columns), self.dialect)
        found: list[tuple[int, int]] = []
        for start in range(0, len(rows), blocks.ROWS_A_STATEMENT):
            some = rows[start : start + blocks.ROWS_A_STATEMENT]
            insert = block.insert(len(some), f" RETURNING {ascending}, id")
            found += sorted(self._execute(insert, block.parameters(some)))
        return [row_id for _place, row_id in found]

    def update_many(
        self,
        table: Table,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        keys: Sequence[str] = ("account_id", "id"),
    ) -> int:
        """Sets ``columns`` of rows by their ``keys``: each of ``rows`` has the new values, then those of the keys.

        Answers how many rows that changed.
        """
        if not rows:
            return 0
        block = blocks.block(table, (*columns, *keys), self.dialect)
        update = block.update(len(keys))
        with self.driving(update) as cursor:
            cursor.executemany(update, list(block.converted(rows)))
            return int(cursor.rowcount)

    @contextmanager
    def unprepared(self) -> Iterator[None]:
        """A block whose statements PostgreSQL plans anew for their values, as one plan for all can be a thousandth."""
        if not self.is_postgresql:
            yield
            return
        driver = driver_of(self.connection)
        threshold, driver.prepare_threshold = driver.prepare_threshold, None
        try:
            yield
        finally:
            driver.prepare_threshold = threshold

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A block whose writes alone are undone where it raises."""
        self._execute("SAVEPOINT block", ())
        try:
            yield
        except BaseException:
            # Where there is nothing to go back to any more, the whole transaction is undone.
            with suppress(self.dialect.loaded_dbapi.Error):
                self.driver.execute("ROLLBACK TO SAVEPOINT block")
                self.driver.execute("RELEASE SAVEPOINT block")
            raise
        self._execute("RELEASE SAVEPOINT block", ())

    @property
    def is_postgresql(self) -> bool:
        """Whether rows can be locked one by one; on SQLite a writer has the whole database."""
        return bool(self.dialect.name == "postgresql")

    @property
    def _is_in_transaction(self) -> bool:
        if self.is_postgresql:
            return not self.driver.autocommit or self.driver.info.transaction_status != TransactionStatus.IDLE
        return bool(self.driver.in_transaction)

    def _answer(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        if not parameters:
            return self._by_sqlalchemy(statement, parameters).all()
        form, values = form_of(statement, self.dialect, parameters)
        return self._run(form.sql, form.arguments(values), form.rows)

    def _by_sqlalchemy(self, statement: Statement, parameters: Mapping[str, Any]) -> CursorResult[Any]:
        return self.connection.execute(statement, parameters)

    def _execute(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows that the driver answers, if there are any, to a statement that SQLAlchemy does not know."""
        return self._run(sql, parameters, _fetched)

    def _run(self, sql: str, arguments: Any, read: Callable[[Any], T]) -> T:
        """What is read of the driver's cursor after a statement as it takes it; raises what SQLAlchemy would."""
        try:
            return read(self._cursor.execute(sql, arguments))
        except self.dialect.loaded_dbapi.Error as error:
            raise self._told(sql, error) from error

    def _copy(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Streams rows into a ``COPY … FROM STDIN``, which is PostgreSQL's."""
        with self.driving(statement) as cursor, cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)

    @contextmanager
    def driving(self, statement: str) -> Iterator[Any]:
        """The driver's own cursor, for a statement that SQLAlchemy's work would slow down; raises what it would."""
        try:
            yield self.driver.cursor()
        except self.dialect.loaded_dbapi.Error as error:
            raise self._told(statement, error) from error

    def _told(self, statement: str, error: Exception) -> BaseException:
        """The driver's error as SQLAlchemy has it."""
        if self.dialect.is_disconnect(error, self.connection.connection, None):
            self.connection.invalidate(error)
        return DBAPIError.instance(statement, None, error, self.dialect.loaded_dbapi.Error)


def _row_count(cursor: Any) -> int:
    return int(cursor.rowcount)


def _fetched(cursor: Any) -> list[Any]:
    return list(cursor.fetchall()) if cursor.description else []


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
            self._writer = sqlite_engine(url, begin=BEGIN)
            kept = Writer(self._writer, file)
            self._kept: Writer | None = kept
            self._begin: Begin = kept.begin
            self._reader = sqlite_engine(url, begin="BEGIN")
            event.listen(self._reader, "do_connect", kept.check_file)
            self._readers: Readers | None = Readers(self._reader)
            self._read: Begin = self._readers.begin
            self._glance: Begin = self._readers.connect
            self._turn: AbstractContextManager[None] = kept.turn
            self._usage_reader = self._read_usage
        else:
            self._writer = postgresql_engine(url, connections=connections, statement_timeout_s=statement_timeout_s)
            self._kept = None
            self._watchdog = Watchdog(self._writer)
            self._begin = self._writer.begin
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._readers = None
            self._read = self._reader.begin
            self._glance = self._writer.execution_options(isolation_level="AUTOCOMMIT").connect
            self._turn = nullcontext()

    @contextmanager
    def transaction(self, actor: str) -> Iterator[Tx]:
        """A transaction that writes: commits when the block ends, rolls back when it raises.

        Raises OutcomeUnknown where the COMMIT failed and nobody knows what became of it.
        """
        is_ending = False
        try:
            with self._begin() as connection:
                yield self._tx(connection, actor)
                is_ending = True
        except DBAPIError as error:
            if is_ending and leaves_unknown(error):
                raise OutcomeUnknown from error
            raise

    def _tx(self, connection: Connection, actor: str) -> Tx:
        return Tx(connection, self._clock(), actor, self._seal_key, self._usage_reader)

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
        with self._turn, self._writer.connect() as connection:
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
            yield self._tx(connection, "")

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
            return self._transact(actor, work)

    def _transact(self, actor: str, work: Callable[[Tx], T]) -> T:
        for attempt in range(1, TRANSACTION_ATTEMPTS + 1):
            try:
                with self.transaction(actor) as tx:
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
