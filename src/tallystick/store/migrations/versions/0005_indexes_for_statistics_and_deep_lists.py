"""Indexes for statistics and deep lists."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

IN_USE = sa.text("deleted_at IS NULL")
IN_TRASH = sa.text("deleted_at IS NOT NULL")
OPEN = sa.text("state = 'issued' AND total > paid + credited AND deleted_at IS NULL")


def upgrade() -> None:
    # With the payment in it, SQLite prefers it to the unique index that begins with the payment, and has it all.
    op.drop_index(op.f("ix_payment_allocations_account_id_invoice_id"), "payment_allocations")
    op.create_index(
        op.f("ix_payment_allocations_account_id_invoice_id_payment_id"),
        "payment_allocations",
        ["account_id", "invoice_id", "payment_id"],
    )
    for column in ("issue_date", "due_date"):
        name = op.f(f"ix_invoices_account_id_{column}_id")
        op.drop_index(name, "invoices")
        _create_index(name, ["account_id", column, "id"], IN_USE)
    _create_index("ix_invoices_trash", ["account_id", "id"], IN_TRASH)
    # Of several indexes that would do, SQLite takes the one that was made last: the narrowest choice comes last.
    _create_index(
        "ix_invoices_amounts",
        ["account_id", "currency", "state", "issue_date", "total", "tax", "paid", "credited"],
        IN_USE,
    )
    _create_index(
        "ix_invoices_open", ["account_id", "due_date", "currency", "issue_date", "total", "paid", "credited"], OPEN
    )


def _create_index(name: str, columns: list[str], condition: sa.TextClause) -> None:
    op.create_index(name, "invoices", columns, sqlite_where=condition, postgresql_where=condition)
