"""Listens to what the application asks of its database, at the drivers themselves."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event


class Slot(Enum):
    """What stands in a statement's parameters for a value that differs each time."""

    MADE = auto()
    """The id that the transaction's first INSERT returned."""


class Statement(NamedTuple):
    """One call of a driver's ``execute``, or of ``executemany``; ``names_made``: Slot.MADE is among the parameters."""

    sql: str
    parameters: Any
    is_many: bool
    names_made: bool = False

    @property
    def writes(self) -> bool:
        return not self.sql.lstrip().upper().startswith(("SELECT", "WITH"))

    @property
    def returns(self) -> bool:
        return not self.writes or "RETURNING" in self.sql

    def changed(self, change: Callable[[Any], Any]) -> Any:
        """The parameters, each put through ``change``."""
        if self.is_many:
            return [_changed(parameters, change) for parameters in self.parameters]
        return _changed(self.parameters, change)


class Transaction(NamedTuple):
    """Statements that a driver ran together, and how it began: a SQL statement of SQLite, a Mode of psycopg."""

    begin: Any
    statements: list[Statement]

    @property
    def writes(self) -> bool:
        return any(statement.writes for statement in self.statements)


class Mode(NamedTuple):
    """What psycopg makes of a BEGIN."""

    autocommit: bool
    isolation_level: psycopg.IsolationLevel | None
    read_only: bool | None


class Recorder:
    """Keeps the transactions of the connections that this process opens, while it is told to."""

    def __init__(self) -> None:
        self._kept: list[Transaction] | None = None

    @contextmanager
    def recording(self) -> Iterator[list[Transaction]]:
        """Collects the transactions of the block."""
        kept: list[Transaction] = []
        self._kept = kept
        try:
            yield kept
        finally:
            self._kept = None

    def begin(self, how: object) -> None:
        """A transaction begins."""
        if self._kept is not None:
            self._kept.append(Transaction(how, []))

    def run(self, sql: object, parameters: Any, *, is_many: bool) -> None:
        """A statement runs in the newest transaction."""
        if self._kept is not None:
            self._kept[-1].statements.append(Statement(str(sql), parameters, is_many))


RECORDER: Final = Recorder()


class SqliteCursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = (), /) -> "SqliteCursor":
        if sql.startswith("BEGIN"):
            RECORDER.begin(sql)
        else:
            self._run(sql, parameters, is_many=False)
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Any, /) -> "SqliteCursor":
        many = list(parameters)
        self._run(sql, many, is_many=True)
        super().executemany(sql, many)
        return self

    def _run(self, sql: str, parameters: Any, *, is_many: bool) -> None:
        if not self.connection.in_transaction:
            RECORDER.begin(None)
        RECORDER.run(sql, parameters, is_many=is_many)


class SqliteConnection(sqlite3.Connection):
    def cursor(self, factory: Any = SqliteCursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> SqliteCursor:
        cursor: SqliteCursor = self.cursor()
        return cursor.execute(sql, parameters)


class PostgresqlCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> "PostgresqlCursor":
        self._run(query, params, is_many=False)
        return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        many = list(params_seq)
        self._run(query, many, is_many=True)
        super().executemany(query, many, **options)

    def _run(self, query: Any, parameters: Any, *, is_many: bool) -> None:
        connection = self.connection
        if connection.info.transaction_status == TransactionStatus.IDLE:
            RECORDER.begin(Mode(connection.autocommit, connection.isolation_level, connection.read_only))
        RECORDER.run(query, parameters, is_many=is_many)


@event.listens_for(Engine, "do_connect")
def _listen(dialect: Any, _record: object, _arguments: object, options: dict[str, Any]) -> None:
    if dialect.name == "sqlite":
        options["factory"] = SqliteConnection
    else:
        options["cursor_factory"] = PostgresqlCursor


def making(transactions: list[Transaction], made: int) -> list[Transaction]:
    """The transactions with Slot.MADE for the id that they made, so that they can run again.

    ``made`` must differ from every other number among the parameters.
    """
    return [
        each._replace(statements=[_marked(statement, made) for statement in each.statements]) for each in transactions
    ]


def _marked(statement: Statement, made: int) -> Statement:
    parameters = statement.changed(lambda value: Slot.MADE if type(value) is int and value == made else value)
    return statement._replace(parameters=parameters, names_made="MADE" in repr(parameters))


def _changed(parameters: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(parameters, dict):
        return {name: change(value) for name, value in parameters.items()}
    return [change(value) for value in parameters]
