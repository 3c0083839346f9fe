"""Bills and schedules keep an external_id and metadata."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

IS_GIVEN = sa.text("external_id IS NOT NULL")


def upgrade() -> None:
    for table in ("quotations", "invoices", "credit_notes", "recurring"):
        op.add_column(table, sa.Column("external_id", sa.Text()))
        op.add_column(table, sa.Column("metadata", sa.JSON(), server_default="{}", nullable=False))
        op.create_index(
            f"uq_{table}_external_id",
            table,
            ["account_id", "external_id"],
            unique=True,
            sqlite_where=IS_GIVEN,
            postgresql_where=IS_GIVEN,
        )
