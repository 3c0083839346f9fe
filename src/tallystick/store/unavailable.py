"""What a database that fails means for whoever asked: that nothing was done, or that nobody knows.

A transaction that failed before its COMMIT was undone. Of a COMMIT that failed, only some errors tell that it was: a
connection that was lost may have lost the answer alone, and a sync that failed leaves what it should have kept in the
file, where it may be found after a restart.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from tallystick.core.errors import Unavailable

PRIMARY_CODE = 0xFF
"""The lower byte is the kind of SQLite's errors, the rest what kind of that (sqlite.org/rescode.html)."""

OF_SQLITE = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL),
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY),
    }
)
CERTAINLY_UNDONE = frozenset({"40001", "40P01", "55P03", "57014"})
"""Of a transaction that lost to another, waited for a lock in vain, or ran out of its time (PostgreSQL, appendix A)."""

OF_POSTGRESQL = ("08", "25P03", "25P04", "53", "57P", "58", *CERTAINLY_UNDONE)
"""How the codes begin: of the connection, of time limits, of resources, of the operator, and of the system."""


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Raises Unavailable in place of what says in a database's own terms that it cannot do this now."""
    try:
        yield
    except NoConnection as error:
        raise Unavailable from error
    except (DBAPIError, sqlite3.Error) as error:
        # What BEGIN meets on SQLite comes from the driver itself.
        if _is_unavailable(_of_driver(error)):
            raise Unavailable from error
        raise


def leaves_unknown(error: DBAPIError) -> bool:
    """Whether nobody knows what became of a transaction whose COMMIT failed so."""
    driver = _of_driver(error)
    if isinstance(driver, sqlite3.Error):
        return is_io_error(driver)
    return _is_unavailable(driver) and getattr(driver, "sqlstate", None) not in CERTAINLY_UNDONE


def is_io_error(error: sqlite3.Error) -> bool:
    """Whether the disk failed."""
    return _code(error) == sqlite3.SQLITE_IOERR


def reason(error: Unavailable) -> str:
    """What the database said, in a line: for the log, since it may name hosts and files."""
    cause = error.__cause__
    told = _of_driver(cause) if isinstance(cause, DBAPIError) else cause
    return " ".join(f"{type(told).__name__}: {told}".split())


def public_reason(error: Unavailable) -> str:
    """What is the matter, without what PostgreSQL says of it, which names hosts and users."""
    cause = error.__cause__
    told = _of_driver(cause) if isinstance(cause, DBAPIError) else cause
    return "PostgreSQL does not answer, or is busy" if isinstance(told, psycopg.Error) else str(told)


def _is_unavailable(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return _code(error) in OF_SQLITE
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        # The connection is lost, or was not made: no server is there to give a code.
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(OF_POSTGRESQL)


def _of_driver(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _code(error: sqlite3.Error) -> int:
    # What the driver itself refuses has no code.
    return int(getattr(error, "sqlite_errorcode", 0)) & PRIMARY_CODE
