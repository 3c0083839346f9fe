"""Whether somebody waits, to test what two do at the same time."""

from sqlalchemy import text

from tallystick.store.db import Database

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def waits_for_a_lock(database: Database) -> bool:
    """Whether a transaction on PostgreSQL waits for what another one has locked."""
    with database.read() as tx:
        return bool(tx.connection.execute(WAITING).scalar_one())
