"""Recurring billing and its runs."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recurring_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("ids", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("processed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('queued', 'running', 'finished')", name=op.f("ck_recurring_runs_status_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recurring_runs_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_runs")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_recurring_runs_account_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("recurring_runs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recurring_runs_open",
            ["account_id", "id"],
            unique=False,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )

    op.create_table(
        "recurring",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("max_occurrences", sa.Integer(), nullable=True),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("auto_issue", sa.Boolean(), nullable=False),
        sa.Column("auto_send", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("discount_type", sa.Text(), nullable=True),
        sa.Column("discount_value", columns.Exact(), nullable=True),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("tax_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tax_rate", columns.Exact(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("payment_terms", sa.Text(), nullable=True),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("bills_from", sa.Date(), nullable=False),
        sa.Column("next_date", sa.Date(), nullable=True),
        sa.Column("last_billed_date", sa.Date(), nullable=True),
        sa.Column("occurrences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("deleted_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "frequency IN ('daily', 'weekly', 'biweekly', 'monthly', 'quarterly', 'semiannually', 'yearly')",
            name=op.f("ck_recurring_frequency_known"),
        ),
        sa.CheckConstraint('"interval" >= 1 AND occurrences >= 0', name=op.f("ck_recurring_counts")),
        sa.ForeignKeyConstraint(
            ["account_id", "customer_id"],
            ["customers.account_id", "customers.id"],
            name=op.f("fk_recurring_account_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "tax_id"], ["taxes.account_id", "taxes.id"], name=op.f("fk_recurring_account_id_tax_id")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recurring_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_recurring_account_id_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("recurring", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recurring_account_id_customer_id_id"), ["account_id", "customer_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_recurring_due",
            ["account_id", "next_date", "id"],
            unique=False,
            sqlite_where=sa.text("next_date IS NOT NULL"),
            postgresql_where=sa.text("next_date IS NOT NULL"),
        )

    op.create_table(
        "recurring_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recurring_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("quantity", columns.Exact(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("unit_price", columns.Exact(), nullable=True),
        sa.Column("discount_type", sa.Text(), nullable=True),
        sa.Column("discount_value", columns.Exact(), nullable=True),
        sa.Column("tax_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tax_rate", columns.Exact(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "product_id"],
            ["products.account_id", "products.id"],
            name=op.f("fk_recurring_lines_account_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "recurring_id"],
            ["recurring.account_id", "recurring.id"],
            name=op.f("fk_recurring_lines_account_id_recurring_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "tax_id"],
            ["taxes.account_id", "taxes.id"],
            name=op.f("fk_recurring_lines_account_id_tax_id"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recurring_lines_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_lines")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_recurring_lines_account_id_id")),
        sa.UniqueConstraint(
            "account_id", "recurring_id", "position", name=op.f("uq_recurring_lines_account_id_recurring_id_position")
        ),
    )
    with op.batch_alter_table("recurring_lines", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recurring_lines_product",
            ["account_id", "product_id"],
            unique=False,
            sqlite_where=sa.text("product_id IS NOT NULL"),
            postgresql_where=sa.text("product_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_recurring_lines_tax",
            ["account_id", "tax_id"],
            unique=False,
            sqlite_where=sa.text("tax_id IS NOT NULL"),
            postgresql_where=sa.text("tax_id IS NOT NULL"),
        )

    op.create_table(
        "recurring_run_errors",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recurring_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "recurring_id"],
            ["recurring.account_id", "recurring.id"],
            name=op.f("fk_recurring_run_errors_account_id_recurring_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "run_id"],
            ["recurring_runs.account_id", "recurring_runs.id"],
            name=op.f("fk_recurring_run_errors_account_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recurring_run_errors_account_id")),
        sa.PrimaryKeyConstraint("account_id", "run_id", "recurring_id", name=op.f("pk_recurring_run_errors")),
    )
    never_reused = _last_id("invoices")
    with op.batch_alter_table("invoices", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(
            sa.Column("recurring_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("period_start", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("period_end", sa.Date(), nullable=True))
        batch_op.create_index(
            "uq_invoices_recurring_period",
            ["account_id", "recurring_id", "period_start"],
            unique=True,
            sqlite_where=sa.text("recurring_id IS NOT NULL"),
            postgresql_where=sa.text("recurring_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_invoices_account_id_recurring_id"),
            "recurring",
            ["account_id", "recurring_id"],
            ["account_id", "id"],
        )
    if never_reused is not None:
        op.execute(
            sa.text("UPDATE sqlite_sequence SET seq = :last WHERE name = 'invoices'").bindparams(last=never_reused)
        )


def _last_id(table: str) -> int | None:
    """The highest id that SQLite ever gave, which copying a table forgets; None on PostgreSQL, which copies none."""
    if op.get_context().dialect.name != "sqlite":
        return None
    statement = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table").bindparams(table=table)
    last: int | None = op.get_bind().execute(statement).scalar()
    return last
