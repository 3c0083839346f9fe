"""What comes late for a schedule that has ended is billed."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

CLOSED = sa.text(
    "UPDATE recurring SET usage_closed = true, closes_on = usage_from "
    "WHERE usage_from IS NOT NULL AND next_date IS NULL AND closes_on IS NULL AND deleted_at IS NULL"
)


def upgrade() -> None:
    op.add_column("recurring", sa.Column("usage_closed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(CLOSED)
