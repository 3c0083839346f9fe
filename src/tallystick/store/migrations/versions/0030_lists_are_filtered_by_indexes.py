"""Lists are filtered by indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_invoices_account_id_currency_id", ["account_id", "currency", "id"], "deleted_at IS NULL"),
    ("ix_invoices_unissued", ["account_id", "state", "id"], "state <> 'issued' AND deleted_at IS NULL"),
    (
        "ix_invoices_open",
        ["account_id", "id", "due_date"],
        "state = 'issued' AND total > paid + credited AND deleted_at IS NULL",
    ),
    (
        "ix_invoices_settled",
        ["account_id", "id"],
        "state = 'issued' AND total <= paid + credited AND deleted_at IS NULL",
    ),
)


def upgrade() -> None:
    # Statistics no longer read them.
    for name in ("ix_invoices_amounts", "ix_invoices_open"):
        op.drop_index(name, table_name="invoices")
    for name, columns, condition in INDEXES:
        where = sa.text(condition)
        op.create_index(name, "invoices", columns, sqlite_where=where, postgresql_where=where)
