"""The open invoices that are not due yet are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_open = sa.text("state = 'issued' AND total > paid + credited AND deleted_at IS NULL")
    op.create_index(
        "ix_invoices_not_due",
        "invoices",
        ["account_id", "due_date", "id", "paid", "credited"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
