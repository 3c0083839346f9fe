"""Quotations."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quotations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("number_scope", sa.Text(), nullable=True),
        sa.Column("number_sequence", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("discount_type", sa.Text(), nullable=True),
        sa.Column("discount_value", columns.Exact(), nullable=True),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("rounding", sa.Text(), nullable=False),
        sa.Column("rounding_mode", sa.Text(), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("taxes", sa.JSON(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("payment_terms", sa.Text(), nullable=True),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("seller", sa.JSON(), nullable=True),
        sa.Column("customer", sa.JSON(), nullable=True),
        sa.Column("customer_name", sa.Text(), nullable=True),
        sa.Column("share_token", sa.Text(), nullable=True),
        sa.Column("issued_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("accepted_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("rejected_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("converted_at", columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'converted') = (invoice_id IS NOT NULL)", name=op.f("ck_quotations_converted_has_its_invoice")
        ),
        sa.CheckConstraint("state = 'draft' OR number IS NOT NULL", name=op.f("ck_quotations_issued_is_numbered")),
        sa.CheckConstraint(
            "state IN ('draft', 'sent', 'accepted', 'rejected', 'converted')", name=op.f("ck_quotations_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "customer_id"],
            ["customers.account_id", "customers.id"],
            name=op.f("fk_quotations_account_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id"],
            ["invoices.account_id", "invoices.id"],
            name=op.f("fk_quotations_account_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_quotations_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotations")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_quotations_account_id_id")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_quotations_account_id_number")),
        sa.UniqueConstraint("account_id", "share_token", name=op.f("uq_quotations_account_id_share_token")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("quotations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_quotations_account_id_customer_id_id"), ["account_id", "customer_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_quotations_account_id_issue_date_id"), ["account_id", "issue_date", "id"], unique=False
        )
        batch_op.create_index(
            "uq_quotations_invoice",
            ["account_id", "invoice_id"],
            unique=True,
            sqlite_where=sa.text("invoice_id IS NOT NULL"),
            postgresql_where=sa.text("invoice_id IS NOT NULL"),
        )

    op.create_table(
        "quotation_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quotation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", columns.Exact(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("unit_price", columns.Exact(), nullable=False),
        sa.Column("discount_type", sa.Text(), nullable=True),
        sa.Column("discount_value", columns.Exact(), nullable=True),
        sa.Column("tax_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tax_rate", columns.Exact(), nullable=False),
        sa.Column("tax_category", sa.String(length=2), nullable=False),
        sa.Column("exemption_reason", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "product_id"],
            ["products.account_id", "products.id"],
            name=op.f("fk_quotation_lines_account_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "quotation_id"],
            ["quotations.account_id", "quotations.id"],
            name=op.f("fk_quotation_lines_account_id_quotation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "tax_id"],
            ["taxes.account_id", "taxes.id"],
            name=op.f("fk_quotation_lines_account_id_tax_id"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_quotation_lines_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotation_lines")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_quotation_lines_account_id_id")),
        sa.UniqueConstraint(
            "account_id", "quotation_id", "position", name=op.f("uq_quotation_lines_account_id_quotation_id_position")
        ),
    )
    with op.batch_alter_table("quotation_lines", schema=None) as batch_op:
        batch_op.create_index(
            "ix_quotation_lines_product",
            ["account_id", "product_id"],
            unique=False,
            sqlite_where=sa.text("product_id IS NOT NULL"),
            postgresql_where=sa.text("product_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_quotation_lines_tax",
            ["account_id", "tax_id"],
            unique=False,
            sqlite_where=sa.text("tax_id IS NOT NULL"),
            postgresql_where=sa.text("tax_id IS NOT NULL"),
        )
