"""Customers are found by their e-mail address."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
SOME = sa.text(
    f"SELECT id, email FROM customers WHERE id > :after AND email IS NOT NULL ORDER BY id LIMIT {AT_ONCE}"  # noqa: S608
)
SET = sa.text("UPDATE customers SET email_key = :key WHERE id = :id")


def upgrade() -> None:
    op.add_column("customers", sa.Column("email_key", sa.Text()))
    for rows in _with_email():
        op.get_bind().execute(SET, [{"id": row_id, "key": email.casefold()} for row_id, email in rows])
    op.create_index(
        op.f("ix_customers_account_id_email_key_id"), "customers", ["account_id", "email_key", "id"], unique=False
    )


def _with_email() -> Iterator[list[tuple[int, str]]]:
    after = 0
    while rows := [tuple(row) for row in op.get_bind().execute(SOME, {"after": after})]:
        yield rows
        after = rows[-1][0]
