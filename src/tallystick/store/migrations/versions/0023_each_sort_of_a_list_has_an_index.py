"""Each sort of a list has an index."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SORTS = (
    ("invoices", "total"),
    ("quotations", "total"),
    ("quotations", "valid_until"),
    ("payments", "date"),
    ("recurring", "start_date"),
    ("recurring", "total"),
)
WITH_A_TRASH = ("invoices", "recurring")
NOT_DELETED = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    for table, column in SORTS:
        condition = NOT_DELETED if table in WITH_A_TRASH else None
        op.create_index(
            op.f(f"ix_{table}_account_id_{column}_id"),
            table,
            ["account_id", column, "id"],
            sqlite_where=condition,
            postgresql_where=condition,
        )
