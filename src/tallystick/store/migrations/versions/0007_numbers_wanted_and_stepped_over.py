"""Numbers, wanted and stepped over, and dates that nobody gave."""

import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
DIGITS_OF_A_RUN = 20
IN_USE = sa.text("deleted_at IS NULL")
NUMBERED = sa.text("number IS NOT NULL")
NOT_NUMBERED = sa.text("number IS NULL")


def upgrade() -> None:
    op.create_table(
        "stepped_over",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_stepped_over_account_id")),
        sa.PrimaryKeyConstraint("account_id", "kind", "scope", "sequence", name=op.f("pk_stepped_over")),
    )
    op.create_index(
        op.f("ix_stepped_over_account_id_kind_number_key"), "stepped_over", ["account_id", "kind", "number_key"]
    )
    for table in ("quotations", "invoices", "credit_notes"):
        op.add_column(table, sa.Column("number_key", sa.Text()))
        in_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
        op.add_column(table, sa.Column("number_order", in_bytes, server_default="", nullable=False))
    for table, kind in (("quotations", "quotation"), ("invoices", "invoice")):
        op.add_column(table, sa.Column("wanted_number", sa.Text()))
        op.add_column(table, sa.Column("issue_date_given", sa.Boolean(), server_default=sa.true(), nullable=False))
        op.add_column(table, sa.Column("terms_days", sa.Integer()))
        _let_drafts_want(table, kind)
        _compare_numbers(table, "coalesce(number, wanted_number)")
    _compare_numbers("credit_notes", "number")
    _create_indexes()


def _let_drafts_want(table: str, kind: str) -> None:
    """A number counts from the issue on: a draft that has no seal was never issued, so it only wants its number."""
    op.execute(
        f"""UPDATE {table} SET wanted_number = number, number = NULL
        WHERE state = 'draft' AND number IS NOT NULL AND number_sequence IS NULL AND NOT EXISTS (
            SELECT 1 FROM seals
            WHERE seals.account_id = {table}.account_id AND seals.kind = '{kind}' AND seals.bill_id = {table}.id
        )"""  # noqa: S608
    )


def _compare_numbers(table: str, number: str) -> None:
    """Sets what numbers are compared and sorted by; of several that differ only in their case, one keeps its key.

    Before this version they were different numbers, and issued bills keep theirs. The key stays with the one that was
    issued, or else made, first: so no further bill gets such a number, in whatever case.
    """
    statement = sa.text(f"UPDATE {table} SET number_key = :key, number_order = :in_order WHERE id = :id")  # noqa: S608
    for rows in _numbered(table, number):
        op.get_bind().execute(
            statement, [{"id": row_id, "key": _key(text), "in_order": _order(text)} for row_id, text in rows]
        )
    op.execute(
        f"""UPDATE {table} SET number_key = NULL WHERE id IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (
                    PARTITION BY account_id, number_key, number IS NULL
                    ORDER BY state = 'draft', number_sequence IS NULL, id
                ) AS place FROM {table} WHERE number_key IS NOT NULL
            ) AS ranked WHERE place > 1
        )"""  # noqa: S608
    )


def _numbered(table: str, number: str) -> Iterator[list[tuple[int, str]]]:
    """The ids and numbers of a table's rows, some at a time."""
    statement = sa.text(
        f"SELECT id, {number} FROM {table} WHERE id > :after AND {number} IS NOT NULL ORDER BY id LIMIT {AT_ONCE}"  # noqa: S608
    )
    after = 0
    while rows := [tuple(row) for row in op.get_bind().execute(statement, {"after": after})]:
        yield rows
        after = rows[-1][0]


def _key(number: str) -> str:
    return number.strip().casefold()


def _order(number: str) -> str:
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(DIGITS_OF_A_RUN), _key(number))


def _create_indexes() -> None:
    for table, condition in (("quotations", None), ("invoices", IN_USE), ("credit_notes", None)):
        name = op.f(f"ix_{table}_account_id_number_order_id")
        _create_index(table, name, ["account_id", "number_order", "id"], condition)
        _create_index(table, f"uq_{table}_number_key", ["account_id", "number_key"], NUMBERED, unique=True)
    for table in ("quotations", "invoices"):
        _create_index(table, f"uq_{table}_wanted_number", ["account_id", "number_key"], NOT_NUMBERED, unique=True)


def _create_index(
    table: str, name: str, columns: list[str], condition: sa.TextClause | None, *, unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
