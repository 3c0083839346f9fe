"""What a database that does not work means for whoever runs the program, in a sentence that says what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from tallystick.core.errors import Hindrance, Unavailable
from tallystick.store.unavailable import PRIMARY_CODE

INSUFFICIENT_PRIVILEGE = "42501"
OF_SQLITE = {
    sqlite3.SQLITE_BUSY: "{file} is locked by another program. Stop that one.",
    sqlite3.SQLITE_CORRUPT: "{file} is damaged. Move it away, and restore a backup: see docs/backup.md.",
    sqlite3.SQLITE_FULL: "{file} cannot grow: the disk is full.",
    sqlite3.SQLITE_IOERR: "{file} cannot be read or written: the disk reports an error.",
    sqlite3.SQLITE_NOTADB: "{file} is not a SQLite database. Name another file.",
    sqlite3.SQLITE_PERM: "{file} may not be used by this user. Give it the right to.",
    sqlite3.SQLITE_READONLY: "{file} may not be written by this user. Give it the right to, for the folder too.",
}


WAL_RESET_MENDED_IN = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
"""The first version of each line of SQLite's releases that has no WAL-reset bug (sqlite.org/wal.html)."""


PASSING_OF_SQLITE = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
)
LASTING_OF_POSTGRESQL = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")
"""Of a refused connection libpq tells the words alone; those of another language count as passing."""


class DatabaseTrouble(Hindrance):
    """The database does not work; the sentence says what to do."""


class DatabaseAway(DatabaseTrouble):
    """The database does not work now, and may again by itself."""


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, from the root on; None for a URL of another kind."""
    parsed = make_url(url)
    return Path(parsed.database or "").absolute() if parsed.get_backend_name() == "sqlite" else None


def fault_of_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str | None:
    """What to heed with this version of SQLite: connections that commit and checkpoint at once may lose pages."""
    if version > WAL_RESET_MENDED_IN[-1] or any(version[:2] == m[:2] and version >= m for m in WAL_RESET_MENDED_IN):
        return None
    name = ".".join(map(str, version))
    return (
        f"SQLite {name} has the WAL-reset bug: two programs that write at once may damage the database. "
        "Stop the server before `keys`, `accounts`, `process` or `import`, or run it with SQLite 3.51.3 or newer."
    )


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Raises DatabaseTrouble in place of what the driver of the database at ``url`` raises in the block.

    It is DatabaseAway where it may pass. What only a mistake of the program can cause is raised as it is.
    """
    try:
        yield
    except (Unavailable, DBAPIError, sqlite3.Error) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) else error
        of_driver = cause.orig if isinstance(cause, DBAPIError) else cause
        told = _told(of_driver, sqlite_file(url))
        if told is None:
            raise
        kind = DatabaseAway if _may_pass(of_driver) else DatabaseTrouble
        raise kind(f"DATABASE_URL: {told}") from error


def _may_pass(error: BaseException | None) -> bool:
    if isinstance(error, psycopg.Error):
        is_lasting = any(words in str(error) for words in LASTING_OF_POSTGRESQL)
        return isinstance(error, psycopg.OperationalError) and not is_lasting
    return getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE in PASSING_OF_SQLITE


def _told(error: BaseException | None, file: Path | None) -> str | None:
    if isinstance(error, psycopg.Error):
        return _told_of_postgresql(error)
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or file is None:
        return None
    if code & PRIMARY_CODE == sqlite3.SQLITE_CANTOPEN:
        return _why_not_opened(file)
    words = OF_SQLITE.get(code & PRIMARY_CODE)
    return words and words.format(file=file)


def _why_not_opened(file: Path) -> str:
    if file.is_dir():
        return f"{file} is a folder. Name a file in it."
    if not file.parent.is_dir():
        return f"There is no folder {file.parent}. Make it first."
    return f"{file} cannot be opened by this user. Give it the right to read and write there."


def _told_of_postgresql(error: psycopg.Error) -> str | None:
    # Without a state the driver has not reached a server that could tell one.
    if error.sqlstate in (None, INSUFFICIENT_PRIVILEGE) or isinstance(error, psycopg.OperationalError):
        return f"The PostgreSQL cannot be used: {' '.join(str(error).split())}"
    return None
