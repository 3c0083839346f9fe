"""What is to be delivered is a row."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receiver_kind", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'queued') = (finished_at IS NULL)", name=op.f("ck_deliveries_finished_at_some_time")
        ),
        sa.CheckConstraint("(status = 'queued') = (next_at IS NOT NULL)", name=op.f("ck_deliveries_due_while_queued")),
        sa.CheckConstraint(
            "attempt >= 0 AND (attempt > 0 OR status <> 'sent')", name=op.f("ck_deliveries_sent_by_an_attempt")
        ),
        sa.CheckConstraint("status IN ('queued', 'sent', 'failed')", name=op.f("ck_deliveries_status_known")),
        sa.ForeignKeyConstraint(
            ["account_id", "event_id"],
            ["events.account_id", "events.id"],
            name=op.f("fk_deliveries_account_id_event_id"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_deliveries_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "account_id",
            "event_id",
            "receiver_kind",
            "receiver",
            name=op.f("uq_deliveries_account_id_event_id_receiver_kind_receiver"),
        ),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_deliveries_account_id_id")),
        sqlite_autoincrement=True,
    )
    queued = sa.text("status = 'queued'")
    op.create_index(
        "ix_deliveries_queued",
        "deliveries",
        ["account_id", "next_at", "id"],
        sqlite_where=queued,
        postgresql_where=queued,
    )
    op.create_index("ix_deliveries_receiver", "deliveries", ["account_id", "receiver_kind", "receiver", "id"])
