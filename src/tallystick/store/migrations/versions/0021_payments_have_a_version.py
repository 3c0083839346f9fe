"""Payments have a version."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
