"""Brings a database to the schema of this program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tallystick.store.db import Database

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 0x7A11_57CC
LOCK_TIMEOUT = "10s"


class NewerDatabase(Exception):
    """The database was migrated by a newer Tallystick: start that one, or restore a backup from before."""


def migrate(database: Database) -> None:
    """Creates or upgrades the schema, all of it or nothing. Raises NewerDatabase."""
    with database.transaction("migration") as tx:
        _take_turn(tx.connection, is_postgresql=tx.is_postgresql)
        _refuse_newer(tx.connection)
        command.upgrade(alembic_config(tx.connection), "head")


def _take_turn(connection: Connection, *, is_postgresql: bool) -> None:
    if is_postgresql:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def _refuse_newer(connection: Connection) -> None:
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
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
