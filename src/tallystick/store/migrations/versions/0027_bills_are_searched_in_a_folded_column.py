"""Bills are searched in a folded column, which has an index."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from tallystick.store.search import searchable

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BILLS = ("invoices", "quotations")
AT_ONCE = 1_000
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The extension is a trusted one: who may create in the database may create it.
TRIGRAMS_MAY_BE_HAD = sa.text(
    """SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm')
    OR (has_database_privilege(current_database(), 'CREATE')
    AND EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'))"""
)


def upgrade() -> None:
    _fill()
    _make_table("search_marks", sa.Column("indexed_to", KEY, nullable=False))
    _make_table(
        "search_changes",
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("indexed", sa.Text(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql" and op.get_bind().execute(TRIGRAMS_MAY_BE_HAD).scalar():
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.execute("CREATE INDEX ix_invoices_search ON invoices USING gin (search gin_trgm_ops)")


def _make_table(name: str, *columns: sa.Column[object]) -> None:
    key = ["account_id", *(column.name for column in columns if column.name == "invoice_id")]
    op.create_table(
        name,
        sa.Column("account_id", KEY, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=f"fk_{name}_account_id"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
    )


def _fill() -> None:
    for table in BILLS:
        op.add_column(table, sa.Column("search", sa.Text(), server_default="", nullable=False))
        written = sa.text(f"UPDATE {table} SET search = :search WHERE id = :id")  # noqa: S608
        for rows in _bills(table):
            searched = [{"id": row_id, "search": searchable(number, name)} for row_id, number, name in rows]
            op.get_bind().execute(written, searched)


def _bills(table: str) -> Iterator[list[tuple[int, str | None, str]]]:
    """The ids, numbers and shown names of the bills, some at a time."""
    some = sa.text(
        f"""SELECT bills.id, coalesce(bills.number, bills.wanted_number), coalesce(bills.customer_name, customers.name)
        FROM {table} AS bills JOIN customers
        ON customers.account_id = bills.account_id AND customers.id = bills.customer_id
        WHERE bills.id > :after ORDER BY bills.id LIMIT {AT_ONCE}"""  # noqa: S608
    )
    after = 0
    while rows := [(row[0], row[1], row[2]) for row in op.get_bind().execute(some, {"after": after})]:
        yield rows
        after = rows[-1][0]
