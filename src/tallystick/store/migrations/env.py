"""Alembic's way in: runs the migrations over the connection that ``store.migrate`` holds."""

from typing import Any, Literal

from alembic import context

from tallystick.store.columns import OneOf
from tallystick.store.tables import metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration must not change when an enumeration does, so it knows such a column as plain text."""
    return "sa.Text()" if kind == "type" and isinstance(item, OneOf) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    user_module_prefix="columns.",
)
with context.begin_transaction():
    context.run_migrations()
