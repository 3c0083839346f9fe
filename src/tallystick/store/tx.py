"""A transaction: what its statements are run by, whatever the database (ADR 4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, CursorResult, Delete, Insert, Table, Update
from sqlalchemy.exc import DBAPIError, IntegrityError

from tallystick.store import blocks
from tallystick.store.blocks import Block
from tallystick.store.engines import driver_of
from tallystick.store.prepared import CompiledForm, Statement, form_of
from tallystick.store.together import Reading, combined

STREAMED_AT_ONCE = 500
KEEP_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

T = TypeVar("T")


class TryAgain(Exception):
    """Another transaction was faster, and the same work may well succeed when it is done again."""


class Objections(NamedTuple):
    """What is raised where a row is not written."""

    of: Callable[[IntegrityError], Exception]
    """In place of what the database says: that itself, where it means nothing else."""
    lost: Callable[[], Exception] = NotImplementedError
    """Where no row is as it was read; a new one always is."""

    @contextmanager
    def translated(self) -> Iterator[None]:
        """The block in which the row is written."""
        try:
            yield
        except IntegrityError as error:
            raise self.of(error) from None


AS_IT_IS = Objections(lambda error: error)
"""Nothing in place of what the database says."""


class Tx:
    """One transaction: its connection, the instant it began, who acts in it (for the record), and the server's key.

    A statement with parameters is a constant, and is compiled once: ``tx.rows(OF_CUSTOMER, Invoice, account=account.id,
    customer=customer_id)``. One that is built for the occasion holds its values itself, and SQLAlchemy runs it. Either
    way each row that it answers becomes a ``kind`` of its columns. Refusals are SQLAlchemy's DBAPIError and its kinds.
    """

    __slots__ = ("_connection", "_cursor", "_driver", "_usage", "actor", "dialect", "now", "seal_key")

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        actor: str,
        seal_key: bytes | None = None,
        usage: Callable[[], AbstractContextManager["Tx"]] | None = None,
    ) -> None:
        self._connection = connection
        self.dialect: Any = connection.dialect
        self._driver = driver_of(connection)
        self._cursor = psycopg.RawCursor(self._driver) if self.is_postgresql else self._driver
        self.now = now
        self.actor = actor
        self.seal_key = seal_key
        self._usage = usage

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, on which all is done that was told so far."""
        self.settle()
        return self._connection

    @property
    def driver(self) -> Any:
        """The driver's own connection, as ``connection``."""
        self.settle()
        return self._driver

    def settle(self) -> None:
        """Has done all that was told so far."""

    def send_rest(self) -> None:
        """Does what was told so far, unless the COMMIT is to do it."""

    def end(self) -> None:
        """Commits, where the connection does not by itself."""

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
        self._make_way(*forms)
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
        self._make_way(form)
        return self._run(form.sql, form.arguments(values), row_count)

    def tell(self, statement: Insert | Update, objections: Objections, /, **parameters: Any) -> None:
        """Writes one row, at the latest with the COMMIT; what is refused is raised then."""
        with objections.translated():
            if not self.write(statement, **parameters):
                raise objections.lost()

    def tell_new(self, statement: Insert, objections: Objections, /, **parameters: Any) -> int:
        """As ``tell``, of a new row, whose id is answered."""
        form, values = form_of(statement, self.dialect, parameters)
        with objections.translated():
            return self._run(form.sql, form.arguments(values), _last_id)

    def foresee(self, new: Mapping[Table, int]) -> None:
        """Tells how many rows ``tell_new`` and ``insert_new`` will write, so that PostgreSQL gives all ids at once."""

    def insert_many(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Writes rows whose values stand in the order of ``columns``, at the latest with the COMMIT."""
        if rows:
            self._insert(table, blocks.block(table, tuple(columns), self.dialect), rows)

    def _insert(self, _table: Table, block: Block, rows: Sequence[Sequence[Any]]) -> None:
        if len(rows) < blocks.WORTH_A_COPY:
            self._execute(block.insert(len(rows)), block.parameters(rows))
        elif self.is_postgresql:
            self._copy(block.copy, block.converted(rows))
        else:
            with self.driving(block.insert()) as cursor:
                cursor.executemany(block.insert(), list(block.converted(rows)))

    def insert_new(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Sequence[int]:
        """As ``insert_many``, and answers the ids that the rows get, in their order."""
        block = blocks.block(table, tuple(columns), self.dialect)
        # SQLite's one writer gives one after the other.
        last = self._run(block.insert(len(rows)), block.parameters(rows), _last_id) if rows else 0
        return range(last - len(rows) + 1, last + 1)

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
        driver = self._driver
        threshold, driver.prepare_threshold = driver.prepare_threshold, None
        try:
            yield
        finally:
            driver.prepare_threshold = threshold

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A block whose writes alone are undone where it raises."""
        self.settle()
        self._execute("SAVEPOINT block", ())
        try:
            yield
            self.settle()
        except BaseException:
            self._forget()
            # Where there is nothing to go back to any more, the whole transaction is undone.
            with suppress(self.dialect.loaded_dbapi.Error):
                self._driver.execute("ROLLBACK TO SAVEPOINT block")
                self._driver.execute("RELEASE SAVEPOINT block")
            raise
        self._execute("RELEASE SAVEPOINT block", ())

    @property
    def is_postgresql(self) -> bool:
        """Whether rows can be locked one by one; on SQLite a writer has the whole database."""
        return bool(self.dialect.name == "postgresql")

    @property
    def _is_in_transaction(self) -> bool:
        if self.is_postgresql:
            return not self._driver.autocommit or self._driver.info.transaction_status != TransactionStatus.IDLE
        return bool(self._driver.in_transaction)

    def _make_way(self, *forms: CompiledForm) -> None:
        """Does what must be done before these statements are run."""

    def _forget(self) -> None:
        """Does not do what was told and is not done."""

    def _answer(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        if not parameters:
            return self._by_sqlalchemy(statement, parameters).all()
        form, values = form_of(statement, self.dialect, parameters)
        self._make_way(form)
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
        if self.dialect.is_disconnect(error, self._connection.connection, None):
            self._connection.invalidate(error)
        return DBAPIError.instance(statement, None, error, self.dialect.loaded_dbapi.Error)


def row_count(cursor: Any) -> int:
    """How many rows a statement wrote, changed or deleted, or answers."""
    return int(cursor.rowcount)


def _last_id(cursor: Any) -> int:
    return int(cursor.lastrowid)


def _fetched(cursor: Any) -> list[Any]:
    return list(cursor.fetchall()) if cursor.description else []
