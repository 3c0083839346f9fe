"""The invoices of a currency are sorted by their total by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_listed = sa.text("deleted_at IS NULL")
    op.create_index(
        "ix_invoices_account_id_currency_total_id",
        "invoices",
        ["account_id", "currency", "total", "id"],
        sqlite_where=is_listed,
        postgresql_where=is_listed,
    )
