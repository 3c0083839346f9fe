"""Opens databases and runs transactions: every difference between SQLite and PostgreSQL is in this file (ADR 4).

SQLite: WAL, ``synchronous=FULL``, foreign keys on, one writer at a time in the process, ``BEGIN IMMEDIATE`` for
writes. PostgreSQL: READ COMMITTED for writes, with row locks where a verb needs them, and a REPEATABLE READ snapshot
for reads.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    Index,
    UniqueConstraint,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from tallystick.core.errors import OutcomeUnknown
from tallystick.store.search import FOLDED, folded
from tallystick.store.unavailable import leaves_unknown, told_as_unavailable
from tallystick.store.watchdog import Watchdog

SQLITE_BUSY_TIMEOUT_S = 30.0
POSTGRES_OPTIONS = "-c timezone=UTC -c lock_timeout=10s"
POSTGRES_CONNECTION = {"connect_timeout": 2, "tcp_user_timeout": 3000, "keepalives_idle": 2, "keepalives_interval": 1}
"""How long libpq waits: to connect, for what it sent to be acknowledged (ms), and for a silent server's kernel."""

POOL_TIMEOUT_S = 2
TRANSACTION_ATTEMPTS = 5
# A broken deadlock, and violated constraints: of two transactions on PostgreSQL, the later may learn only from its
# INSERT that a row has come or gone since it looked. A second look finds the row, and so the fitting refusal.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01", "23503", "23505"})

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class TryAgain(Exception):
    """Another transaction was faster, and the same work may well succeed when it is done again."""


class Tx:
    """One transaction: its connection, the instant it began, who acts in it (for the record), and the server's key."""

    __slots__ = ("actor", "connection", "now", "seal_key")

    def __init__(self, connection: Connection, now: datetime, actor: str, seal_key: bytes | None = None) -> None:
        self.connection = connection
        self.now = now
        self.actor = actor
        self.seal_key = seal_key

    def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Runs one statement."""
        return self.connection.execute(statement, parameters)

    def all(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Any]:
        """The rows that one statement answers."""
        return self.connection.execute(statement, parameters).all()

    def copy(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Streams rows into a ``COPY … FROM STDIN``, which is PostgreSQL's; raises what any other statement would."""
        with self.driving(statement) as cursor, cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)

    @contextmanager
    def driving(self, statement: str) -> Iterator[Any]:
        """The driver's own cursor, for a statement that SQLAlchemy's work would slow down; raises what it would."""
        dialect: Any = self.connection.dialect
        try:
            yield _driver(self.connection).cursor()
        except dialect.loaded_dbapi.Error as error:
            if dialect.is_disconnect(error, self.connection.connection, None):
                self.connection.invalidate(error)
            raise DBAPIError.instance(statement, None, error, dialect.loaded_dbapi.Error) from error

    @property
    def is_postgresql(self) -> bool:
        """Whether rows can be locked one by one; on SQLite a writer has the whole database."""
        return self.connection.dialect.name == "postgresql"


class Database:
    """A database, open. ``clock`` tells when a transaction begins; ``seal_key`` is what its seals are made with.

    On PostgreSQL no statement may take longer than ``statement_timeout_s``; 0 is no limit.
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
        self._clock = clock
        self._seal_key = seal_key.encode() if seal_key else None
        self._kept: Connection | None = None
        self._watchdog: Watchdog | None = None
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=2)
            self._begin: Callable[[], AbstractContextManager[Connection]] = self._begin_kept
            self._reader = _sqlite_engine(url, begin="BEGIN", connections=connections)
            self._glancer = self._reader
            self._turn: AbstractContextManager[Any] = threading.Lock()
        else:
            self._writer = _postgresql_engine(url, connections=connections, statement_timeout_s=statement_timeout_s)
            self._watchdog = Watchdog(self._writer)
            self._begin = self._writer.begin
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._glancer = self._writer.execution_options(isolation_level="AUTOCOMMIT")
            self._turn = nullcontext()

    @contextmanager
    def transaction(self, actor: str) -> Iterator[Tx]:
        """A transaction that writes: commits when the block ends, rolls back when it raises.

        Raises OutcomeUnknown where the COMMIT failed and nobody knows what became of it.
        """
        is_ending = False
        try:
            with self._turn, self._begin() as connection:
                yield self._tx(connection, actor)
                is_ending = True
        except DBAPIError as error:
            if is_ending and leaves_unknown(error):
                raise OutcomeUnknown from error
            raise

    def _tx(self, connection: Connection, actor: str) -> Tx:
        return Tx(connection, self._clock(), actor, self._seal_key)

    @contextmanager
    def _begin_kept(self) -> Iterator[Connection]:
        """SQLite's one writer keeps its connection, and saves the way through the pool each time."""
        if self._kept is None:
            self._kept = self._writer.connect()
        try:
            with self._kept.begin():
                yield self._kept
        except DBAPIError:
            # A COMMIT that failed may leave its transaction open, and SQLAlchemy believes that it is not.
            _driver(self._kept).rollback()
            raise

    @contextmanager
    def migration(self) -> Iterator[Tx]:
        """A transaction that may change the schema.

        SQLite changes a table by copying it and dropping the old one, which must not cascade: so foreign keys are off
        until the end, and then checked, all of them (sqlite.org/lang_altertable.html, section 7).
        """
        with self._turn, self._writer.connect() as connection:
            if self.is_sqlite:
                _driver(connection).execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield self._tx(connection, "migration")
                    if self.is_sqlite and _driver(connection).execute("PRAGMA foreign_key_check").fetchone():
                        raise sqlite3.IntegrityError("a row names another that is not there")
            finally:
                if self.is_sqlite:
                    _driver(connection).execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads, over one snapshot. Raises Unavailable where the database cannot do it now."""
        with told_as_unavailable(), self._reader.begin() as connection:
            yield self._tx(connection, "")

    @contextmanager
    def glance(self) -> Iterator[Tx]:
        """For one prepared SELECT: without a BEGIN and its end, which are round trips to PostgreSQL.

        Raises Unavailable as ``read``.
        """
        with told_as_unavailable(), self._glancer.connect() as connection:
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

    def close(self) -> None:
        """Closes every connection."""
        if self._watchdog is not None:
            self._watchdog.close()
        if self._kept is not None:
            self._kept.close()
        self._writer.dispose()
        self._reader.dispose()


def violates(error: IntegrityError, unique: UniqueConstraint | Index) -> bool:
    """Whether ``error`` is the database's refusal of a second row under this constraint or unique index."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return bool(diagnosis.constraint_name == unique.name)
    columns = ", ".join(f"{column.table.name}.{column.name}" for column in unique.columns)
    return str(error.orig) == f"UNIQUE constraint failed: {columns}"


def _is_retryable(error: DBAPIError | TryAgain) -> bool:
    return isinstance(error, TryAgain) or getattr(error.orig, "sqlstate", None) in RETRYABLE_SQLSTATES


def _plain(value: object) -> object:
    """A scalar of a request (``wire.scalars``), which msgspec does not know, as the built-in type that it extends."""
    for builtin in (int, str):
        if isinstance(value, builtin):
            return builtin(value)
    raise TypeError(f"{type(value)} is no type of a JSON column")


_JSON = msgspec.json.Encoder(enc_hook=_plain)


def to_json(value: object) -> str:
    """The text of a JSON column or parameter."""
    return _JSON.encode(value).decode()


def _sqlite_engine(url: str, *, begin: str, connections: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False},
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        _driver(connection).execute(begin)

    return engine


def _driver(connection: Connection) -> Any:
    """The driver's own connection below SQLAlchemy's."""
    return connection.connection.driver_connection


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.create_function(FOLDED, 1, folded, deterministic=True)


def _postgresql_engine(url: str, *, connections: int, statement_timeout_s: int) -> Engine:
    options = f"{POSTGRES_OPTIONS} -c statement_timeout={statement_timeout_s}s"
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=False,
        connect_args={"options": options, **POSTGRES_CONNECTION},
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,
    )
