"""Brings a database to the schema of this program.

Which schema that is stands in the names of the migrations' files, so that Alembic, a tenth of what a start costs, is
loaded only where there is something to migrate.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from tallystick.core.errors import Hindrance
from tallystick.store.db import Database, Tx

MIGRATIONS = Path(__file__).parent / "migrations"
KNOWN = {path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}
HEAD = max(KNOWN)
LOCK_NUMBER = 0x7A11_57CC
LOCK_TIMEOUT = "10s"
TURN_TIMEOUT = "5min"
"""How long a server waits for another one that migrates."""


class NewerDatabase(Hindrance):
    """The database was migrated by a newer Tallystick: start that one, or restore a backup from before."""


class OlderDatabase(Hindrance):
    """The database was not yet migrated by this Tallystick."""


def migrate(database: Database) -> None:
    """Creates or upgrades the schema, all of it or nothing. Raises NewerDatabase."""
    with database.migration() as tx:
        _take_turn(tx.connection, is_postgresql=tx.is_postgresql)
        _refuse_newer(tx.connection)
        if revision(tx.connection) != HEAD:
            from tallystick.store.upgrade import upgrade  # noqa: PLC0415

            upgrade(tx.connection, HEAD)


def check_current(tx: Tx) -> None:
    """Raises OlderDatabase or NewerDatabase where the schema is not this program's; changes nothing."""
    _refuse_newer(tx.connection)
    current = revision(tx.connection)
    if current != HEAD:
        raise OlderDatabase(
            f"The database is {f'at the schema {current}' if current else 'empty'}, and this version of Tallystick "
            f"is at {HEAD}. Start `tallystick serve` once: it migrates the database."
        )


def revision(connection: Connection) -> str | None:
    """The schema that the database is at; None for one without any."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _take_turn(connection: Connection, *, is_postgresql: bool) -> None:
    if is_postgresql:
        connection.execute(text(f"SET LOCAL lock_timeout = '{TURN_TIMEOUT}'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def _refuse_newer(connection: Connection) -> None:
    current = revision(connection)
    if current is not None and current not in KNOWN:
        raise NewerDatabase(
            f"The database is at the schema {current}, which this version of Tallystick does not know. "
            "Start the newer version that made it, or restore a backup from before."
        )
