"""Statistics are kept ahead."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SUMS = ("counted", "total", "tax", "paid", "still_open", "partly_settled", "balance")
COLUMNS = ("account_id", "kind", "currency", "state", "day", "due", *SUMS)
OWED = "{row}.state = 'issued' AND {row}.total > {row}.paid + {row}.credited"
# Of each table what a row adds to the columns, which rows do, and which columns tell.
ADDED = {
    "invoices": (
        (
            *("{row}.account_id", "'invoice'", "{row}.currency", "{row}.state", "{row}.issue_date", "{row}.due_date"),
            *("1", "{row}.total", "{row}.tax", "{row}.paid"),
            f"CASE WHEN {OWED} THEN 1 ELSE 0 END",
            f"CASE WHEN {OWED} AND {{row}}.paid + {{row}}.credited > 0 THEN 1 ELSE 0 END",
            f"CASE WHEN {OWED} THEN {{row}}.total - {{row}}.paid - {{row}}.credited ELSE 0 END",
        ),
        "{row}.deleted_at IS NULL",
        ("currency", "state", "issue_date", "due_date", "total", "tax", "paid", "credited", "deleted_at"),
    ),
    "payments": (
        (
            *("{row}.account_id", "'payment'", "{row}.currency", "''", "{row}.date", "{row}.date"),
            *("1", "{row}.amount", "0", "0", "0", "0", "0"),
        ),
        "{row}.status = 'succeeded' AND {row}.method <> 'credit'",
        ("currency", "date", "amount", "status", "method"),
    ),
    "credit_notes": (
        (
            *("{row}.account_id", "'credit_note'", "{row}.currency", "''", "{row}.issue_date", "{row}.issue_date"),
            *("1", "{row}.total", "{row}.tax", "0", "0", "0", "0"),
        ),
        "TRUE",
        ("currency", "issue_date", "total", "tax"),
    ),
}


def upgrade() -> None:
    _make_tables()
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in ADDED:
        # The triggers first: they lock the table, and nothing comes to it between them and what all rows come to.
        for statement in _for_postgresql(table) if is_postgresql else _for_sqlite(table):
            # Not as a text with parameters, which it may look like.
            op.get_bind().exec_driver_sql(statement)
        op.execute(_all(table))
    op.drop_index("ix_payments_received", table_name="payments")
    op.drop_index("ix_credit_notes_amounts", table_name="credit_notes")


def _make_tables() -> None:
    op.create_table(
        "figures",
        *_columns(),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_figures_account_id"),
        sa.PrimaryKeyConstraint("account_id", "kind", "currency", "state", "day", "due", name="pk_figures"),
    )
    op.create_table("figure_changes", *_columns())
    op.create_index(op.f("ix_figure_changes_account_id"), "figure_changes", ["account_id"])


def _columns() -> Iterator[sa.Column[Any]]:
    yield sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)
    yield sa.Column("kind", sa.Text(), nullable=False)
    yield sa.Column("currency", sa.String(3), nullable=False)
    yield sa.Column("state", sa.Text(), nullable=False)
    yield from (sa.Column(name, sa.Date(), nullable=False) for name in ("day", "due"))
    yield from (sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS)


def _all(table: str) -> str:
    """What all rows come to by now."""
    values, condition, _ = ADDED[table]
    key, amounts = values[: -len(SUMS)], values[-len(SUMS) :]
    columns = ", ".join((*key, *(f"sum({amount})" for amount in amounts)))
    grouped = ", ".join(str(place) for place in range(1, len(key) + 1))
    added = f"SELECT {columns} FROM {table} WHERE {condition} GROUP BY {grouped}"  # noqa: S608
    return f"INSERT INTO figures ({', '.join(COLUMNS)}) {added}".format(row=table)


def _add(table: str, row: str, *, sign: str = "") -> str:
    values, condition, _ = ADDED[table]
    signed = (*values[: -len(SUMS)], *(f"{sign}({amount})" for amount in values[-len(SUMS) :]))
    added = f"SELECT {', '.join(signed)} WHERE {condition}"
    return f"INSERT INTO figure_changes ({', '.join(COLUMNS)}) {added}".format(row=row)


def _changed(table: str, comparison: str) -> str:
    return " OR ".join(f"old.{column} {comparison} new.{column}" for column in ADDED[table][2])


def _for_sqlite(table: str) -> Iterator[str]:
    columns = ", ".join(ADDED[table][2])
    add, take = _add(table, "new"), _add(table, "old", sign="-")
    yield f"CREATE TRIGGER {table}_counted_new AFTER INSERT ON {table} BEGIN {add}; END"
    yield f"CREATE TRIGGER {table}_counted_gone AFTER DELETE ON {table} BEGIN {take}; END"
    yield f"""CREATE TRIGGER {table}_counted_changed AFTER UPDATE OF {columns} ON {table}
        WHEN {_changed(table, "IS NOT")} BEGIN {take}; {add}; END"""


def _for_postgresql(table: str) -> Iterator[str]:
    add, take = _add(table, "new"), _add(table, "old", sign="-")
    yield f"""CREATE FUNCTION {table}_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN {take}; END IF;
        IF TG_OP <> 'DELETE' THEN {add}; END IF;
        RETURN NULL;
        END $$"""
    each = f"FOR EACH ROW EXECUTE FUNCTION {table}_counted()"
    yield f"CREATE TRIGGER {table}_counted_new AFTER INSERT OR DELETE ON {table} {each}"
    yield f"""CREATE TRIGGER {table}_counted_changed AFTER UPDATE ON {table}
        FOR EACH ROW WHEN ({_changed(table, "IS DISTINCT FROM")}) EXECUTE FUNCTION {table}_counted()"""
