"""Invoices bill usage, and keep which."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("meters", sa.JSON()),
        sa.Column("usage_minimum", columns.Exact()),
        sa.Column("usage_from", sa.Date()),
        sa.Column("usage_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closes_on", sa.Date()),
    ):
        op.add_column("recurring", column)
    is_closing = sa.text("closes_on IS NOT NULL")
    columns_of_index = ["account_id", "closes_on", "id"]
    op.create_index(
        "ix_recurring_closing",
        "recurring",
        columns_of_index,
        sqlite_where=is_closing,
        postgresql_where=is_closing,
    )
    _make_periods()
    _make_lines()


def _make_periods() -> None:
    op.create_table(
        "usage_periods",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("recurring_id", KEY, nullable=False),
        *_days(),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        _pair("usage_periods", "recurring_id", "recurring", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_usage_periods_account_id"),
        sa.PrimaryKeyConstraint("account_id", "recurring_id", "first", name="pk_usage_periods"),
    )


def _make_lines() -> None:
    op.create_table(
        "usage_lines",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("recurring_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("units", columns.Exact(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        *_days(),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("charge", sa.JSON(), nullable=False),
        sa.CheckConstraint("after_seq <= to_seq", name=op.f("ck_usage_lines_range")),
        _pair("usage_lines", "invoice_id", "invoices", ondelete="CASCADE"),
        _pair("usage_lines", "recurring_id", "recurring"),
        _pair("usage_lines", "customer_id", "customers"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_usage_lines_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage_lines"),
        sa.UniqueConstraint("account_id", "id", name="uq_usage_lines_account_id_id"),
    )
    for names in (["invoice_id", "position"], ["recurring_id"], ["customer_id"]):
        op.create_index(f"ix_usage_lines_account_id_{'_'.join(names)}", "usage_lines", ["account_id", *names])


def _days() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        sa.Column("end_us", sa.BigInteger(), nullable=False),
    )


def _pair(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    pair = [f"{target}.account_id", f"{target}.id"]
    name = f"fk_{table}_account_id_{column}"
    return sa.ForeignKeyConstraint(["account_id", column], pair, name=name, ondelete=ondelete)
