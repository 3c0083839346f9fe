"""Thresholds of usage are told once."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    keys = ["account_id", "recurring_id", "meter_id", "first", "threshold"]
    op.create_table(
        "usage_reached",
        *(sa.Column(name, KEY, nullable=False) for name in keys[:3]),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("threshold", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_usage_reached_account_id"),
        _pair("recurring_id", "recurring"),
        _pair("meter_id", "usage_meters"),
        sa.PrimaryKeyConstraint(*keys, name="pk_usage_reached"),
    )


def _pair(column: str, table: str) -> sa.ForeignKeyConstraint:
    pair = [f"{table}.account_id", f"{table}.id"]
    name = f"fk_usage_reached_account_id_{column}"
    return sa.ForeignKeyConstraint(["account_id", column], pair, name=name, ondelete="CASCADE")
