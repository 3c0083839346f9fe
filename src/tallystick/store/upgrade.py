"""Alembic at work: the migrations over a connection."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from tallystick.store.migrate import MIGRATIONS


def upgrade(connection: Connection, revision: str) -> None:
    """Brings the schema to one that is later."""
    command.upgrade(alembic_config(connection), revision)


def alembic_config(connection: Connection) -> Config:
    """The settings of Alembic over a connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
