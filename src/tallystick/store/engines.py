"""Opens the two kinds of database: what is set for every connection."""

import sqlite3
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event

from tallystick.store.search import FOLDED, folded

SQLITE_BUSY_TIMEOUT_S = 5.0
SQLITE_MIGRATION_TIMEOUT_S = 30.0
"""How long another process is waited for: by a request, and by a server that starts while another one migrates."""

LOG_SIZE_LIMIT_BYTES = 64 << 20
POSTGRES_OPTIONS = "-c timezone=UTC -c lock_timeout=10s"
POSTGRES_CONNECTION = {"connect_timeout": 2, "tcp_user_timeout": 3000, "keepalives_idle": 2, "keepalives_interval": 1}
"""How long libpq waits: to connect, for what it sent to be acknowledged (ms), and for a silent server's kernel."""

POOL_TIMEOUT_S = 2


def sqlite_engine(url: str, *, begin: str) -> Engine:
    """An engine over a SQLite file, whose transactions begin with the statement ``begin``, if they have not yet.

    It closes no connection by itself: with the last one SQLite would take a checkpoint (``checkpoints``).
    """
    engine = create_engine(
        url,
        max_overflow=-1,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False},
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver = driver_of(connection)
        if not driver.in_transaction:
            driver.execute(begin)

    return engine


def postgresql_engine(url: str, *, connections: int, statement_timeout_s: int) -> Engine:
    """An engine over a PostgreSQL database, where no statement may take longer; 0 is no limit.

    It begins no transaction by itself.
    """
    options = f"{POSTGRES_OPTIONS} -c statement_timeout={statement_timeout_s}s"
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=False,
        isolation_level="AUTOCOMMIT",
        connect_args={"options": options, **POSTGRES_CONNECTION},
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,
    )


def driver_of(connection: Connection) -> Any:
    """The driver's own connection below SQLAlchemy's."""
    return connection.connection.driver_connection


def wait_for_others(connection: Connection, timeout_s: float) -> None:
    """Sets how long a connection to SQLite waits where another process has the lock that it needs."""
    driver_of(connection).execute(f"PRAGMA busy_timeout={round(timeout_s * 1000)}")


def to_json(value: object) -> str:
    """The text of a JSON column or parameter."""
    return _JSON.encode(value).decode()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(f"PRAGMA journal_size_limit={LOG_SIZE_LIMIT_BYTES}")
    connection.create_function(FOLDED, 1, folded, deterministic=True)


def _plain(value: object) -> object:
    """A scalar of a request (``wire.scalars``), which msgspec does not know, as the built-in type that it extends."""
    for builtin in (int, str):
        if isinstance(value, builtin):
            return builtin(value)
    raise TypeError(f"{type(value)} is no type of a JSON column")


_JSON = msgspec.json.Encoder(enc_hook=_plain)
