"""Indexes for money received, credit notes and customers' credit."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

RECEIVED = sa.text("status = 'succeeded' AND method <> 'credit'")
IS_THERE = sa.text("amount > 0")


def upgrade() -> None:
    op.create_index(
        "ix_payments_received",
        "payments",
        ["account_id", "currency", "date", "amount"],
        sqlite_where=RECEIVED,
        postgresql_where=RECEIVED,
    )
    op.create_index("ix_credit_notes_amounts", "credit_notes", ["account_id", "currency", "issue_date", "total", "tax"])
    op.create_index(
        "ix_customer_credits_amounts",
        "customer_credits",
        ["account_id", "currency", "amount"],
        sqlite_where=IS_THERE,
        postgresql_where=IS_THERE,
    )
