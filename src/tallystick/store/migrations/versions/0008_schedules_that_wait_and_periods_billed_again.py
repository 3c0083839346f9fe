"""Schedules that wait, and periods that are billed again; nothing is delivered while nobody listens."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PERIOD = ["account_id", "recurring_id", "period_start"]


def upgrade() -> None:
    op.add_column("recurring", sa.Column("anchor_date", sa.Date(), nullable=True))
    op.add_column("recurring", sa.Column("waits", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index("ix_recurring_due", "recurring")
    _create_index("ix_recurring_due", "recurring", ["account_id", "next_date", "id", "waits"], "next_date IS NOT NULL")

    op.drop_index("uq_invoices_recurring_period", "invoices")
    _create_index("ix_invoices_recurring", "invoices", PERIOD, "recurring_id IS NOT NULL")
    one_not_voided = "recurring_id IS NOT NULL AND state <> 'voided'"
    _create_index("uq_invoices_recurring_period", "invoices", PERIOD, one_not_voided, unique=True)

    op.drop_index("ix_events_undelivered", "events")
    op.drop_column("events", "delivered_at")


def _create_index(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
