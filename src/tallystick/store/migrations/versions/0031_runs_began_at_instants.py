"""Runs began at instants, written as any other."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # They were written with their offset, which is always that of UTC.
        op.execute("UPDATE recurring_runs SET started_at = replace(started_at, '+00:00', '')")
