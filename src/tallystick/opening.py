"""Opens the database that the settings name."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tallystick.accounts import store as account_store
from tallystick.config import BadSetting, ProcessSettings, default_file
from tallystick.store import seals
from tallystick.store.db import Database
from tallystick.store.migrate import check_current, migrate
from tallystick.store.trouble import DatabaseAway, explained, sqlite_file

SERVED = (
    "DATABASE_URL: Another server serves {file}. Stop it, or name another file; several servers share a PostgreSQL."
)


@contextmanager
def opened(settings: ProcessSettings) -> Iterator[Database]:
    """The database of the settings, made where it is missing and migrated, for the time of the block.

    Where none is named, its folder is made too. Raises DatabaseTrouble, NewerDatabase and WrongSealKey.
    """
    if sqlite_file(settings.database_url) == default_file():
        default_file().parent.mkdir(parents=True, exist_ok=True)
    with _connected(settings) as database:
        migrate(database)
        check_seal_key(database)
        yield database


@contextmanager
def served_alone(url: str) -> Iterator[None]:
    """For the time of the block no other server serves this SQLite file. Raises DatabaseAway where one does.

    Two would each take checkpoints, and a SQLite with the WAL-reset bug may then lose what was answered. The lock is on
    a file beside the database: to close the database's own would let go of SQLite's locks on it (sqlite.org/lockingv3,
    6.2). The kernel lets go of it when the process ends, however that is.
    """
    file = sqlite_file(url)
    if file is None:
        yield
        return
    lock = os.open(file.with_name(f"{file.name}-served"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DatabaseAway(SERVED.format(file=file)) from None
    finally:
        os.close(lock)


@contextmanager
def existing(settings: ProcessSettings) -> Iterator[Database]:
    """The database of the settings as it is, for the time of the block; refused where it is missing or not current.

    Raises BadSetting, DatabaseTrouble, NewerDatabase and OlderDatabase.
    """
    source = sqlite_file(settings.database_url)
    if source is not None and not source.exists():
        raise BadSetting(f"DATABASE_URL: There is no database at {source}. `tallystick serve` makes one.")
    with _connected(settings) as database:
        with database.read() as tx:
            check_current(tx)
        yield database


@contextmanager
def _connected(settings: ProcessSettings) -> Iterator[Database]:
    url = settings.database_url
    with explained(url), closing(Database(url, seal_key=settings.seal_key)) as database:
        yield database


def check_seal_key(database: Database) -> None:
    """Raises WrongSealKey where the database's seals were made with another key than the settings give."""
    with database.read() as tx:
        for account in account_store.every(tx):
            seals.check_key(tx, account)
