"""Brings a database to the schema of this program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tallystick.store.db import Database, Tx

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 0x7A11_57CC
LOCK_TIMEOUT = "10s"
TURN_TIMEOUT = "5min"
"""How long a server waits for another one that migrates."""


class NewerDatabase(Exception):
    """The database was migrated by a newer Tallystick: start that one, or restore a backup from before."""


class OlderDatabase(Exception):
    """The database was not yet migrated by this Tallystick."""


def migrate(database: Database) -> None:
    """Creates or upgrades the schema, all of it or nothing. Raises NewerDatabase."""
    with database.migration() as tx:
        _take_turn(tx.connection, is_postgresql=tx.is_postgresql)
        _refuse_newer(tx.connection)
        command.upgrade(alembic_config(tx.connection), "head")


def check_current(tx: Tx) -> None:
    """Raises OlderDatabase or NewerDatabase where the schema is not this program's; changes nothing."""
    _refuse_newer(tx.connection)
    current, head = revision(tx.connection), ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if current != head:
        raise OlderDatabase(
            f"The database is {f'at the schema {current}' if current else 'empty'}, and this version of Tallystick "
            f"is at {head}. Start `tallystick serve` once: it migrates the database."
        )


def revision(connection: Connection) -> str | None:
    """The schema that the database is at; None for one without any."""
    return MigrationContext.configure(connection).get_current_revision()


def _take_turn(connection: Connection, *, is_postgresql: bool) -> None:
    if is_postgresql:
        connection.execute(text(f"SET LOCAL lock_timeout = '{TURN_TIMEOUT}'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def _refuse_newer(connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    current = revision(connection)
    if current is not None and current not in known:
        raise NewerDatabase(
            f"The database is at the schema {current}, which this version of Tallystick does not know. "
            "Start the newer version that made it, or restore a backup from before."
        )


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for working over this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
