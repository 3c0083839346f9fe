"""Opens the database that the settings name."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from tallystick.accounts import store as account_store
from tallystick.config import BadSetting, ProcessSettings, default_file
from tallystick.store import seals
from tallystick.store.db import Database
from tallystick.store.migrate import check_current, migrate
from tallystick.store.trouble import explained, sqlite_file


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
