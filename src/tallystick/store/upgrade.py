"""Alembic at work: the migrations over a connection."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from tallystick.store.migrate import MIGRATIONS


def upgrade(connection: Connection, revision: str) -> None:
    """Brings the schema to one that is later."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
