"""Customers have a template."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("template_id", sa.Text(), nullable=True))
