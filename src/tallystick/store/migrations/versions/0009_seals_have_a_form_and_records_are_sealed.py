"""Seals have a form, events and postings are sealed, and the database refuses what no bill or payment may be."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UNSEALED = sa.text("seal_position IS NULL")
CHECKS = {
    "invoices": {
        "issued_at_some_time": "(state = 'draft') = (issued_at IS NULL)",
        "issued_is_never_in_the_trash": "state = 'draft' OR deleted_at IS NULL",
        "only_issued_is_settled": "state = 'issued' OR (paid = 0 AND credited = 0)",
    },
    "quotations": {"issued_at_some_time": "(state = 'draft') = (issued_at IS NULL)"},
    "payments": {"reversed_at_some_time": "(status = 'reversed') = (reversed_at IS NOT NULL)"},
}

NARROWEST = {
    "ix_invoices_amounts": (
        ["account_id", "currency", "state", "issue_date", "total", "tax", "paid", "credited"],
        "deleted_at IS NULL",
    ),
    "ix_invoices_open": (
        ["account_id", "due_date", "currency", "issue_date", "total", "paid", "credited"],
        "state = 'issued' AND total > paid + credited AND deleted_at IS NULL",
    ),
}


def upgrade() -> None:
    _give_seals_a_form()
    _tell_of_an_issue_before_the_conversion()
    for table in ("events", "journal"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("seal_position", sa.BigInteger(), nullable=True))
            batch_op.add_column(sa.Column("row_hash", sa.LargeBinary(length=32), nullable=True))
            batch_op.create_check_constraint(
                batch_op.f(f"ck_{table}_sealed_whole"), "(seal_position IS NULL) = (row_hash IS NULL)"
            )
        op.create_index(
            f"ix_{table}_unsealed", table, ["account_id", "id"], sqlite_where=UNSEALED, postgresql_where=UNSEALED
        )
    for table, checks in CHECKS.items():
        never_reused = _last_id(table)
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch_op:
            for name, condition in checks.items():
                batch_op.create_check_constraint(batch_op.f(f"ck_{table}_{name}"), condition)
        if never_reused is not None:
            statement = sa.text("UPDATE sqlite_sequence SET seq = :last WHERE name = :table")
            op.execute(statement.bindparams(last=never_reused, table=table))
    _put_the_narrowest_choice_last()


def _put_the_narrowest_choice_last() -> None:
    """Of several indexes that would do, SQLite takes the one that was made last; copying a table makes them anew."""
    if op.get_context().dialect.name != "sqlite":
        return
    for name, (names, condition) in NARROWEST.items():
        op.drop_index(name, "invoices")
        op.create_index(name, "invoices", names, sqlite_where=sa.text(condition))


def _give_seals_a_form() -> None:
    op.drop_index(op.f("ix_seals_account_id_kind_bill_id_position"), "seals")
    with op.batch_alter_table("seals") as batch_op:
        batch_op.alter_column("bill_id", new_column_name="subject_id")
        batch_op.add_column(sa.Column("form", sa.SmallInteger(), nullable=False, server_default="1"))
    with op.batch_alter_table("seals") as batch_op:
        batch_op.alter_column("form", server_default=None)
    op.create_index(
        op.f("ix_seals_account_id_kind_subject_id_position"), "seals", ["account_id", "kind", "subject_id", "position"]
    )


def _tell_of_an_issue_before_the_conversion() -> None:
    """A draft quotation that was converted was issued by it, and this was written after it: events tell in order."""
    connection = op.get_bind()
    pairs = connection.execute(
        sa.text("""
            SELECT conversion.id AS first_id, conversion.data AS conversion_data, issue.id AS second_id
            FROM events conversion JOIN events issue
            ON issue.account_id = conversion.account_id AND issue.subject_id = conversion.subject_id
            AND issue.type = 'quotation.issued' AND issue.id > conversion.id
            WHERE conversion.type = 'quotation.converted'
        """)
    ).all()
    events = sa.table("events", sa.column("id"), sa.column("type"), sa.column("data", sa.JSON(none_as_null=True)))
    for pair in pairs:
        data = pair.conversion_data
        data = json.loads(data) if isinstance(data, str) else data
        told = ((pair.first_id, "quotation.issued", None), (pair.second_id, "quotation.converted", data))
        for event_id, kind, facts in told:
            connection.execute(sa.update(events).where(events.c.id == event_id).values(type=kind, data=facts))


def _last_id(table: str) -> int | None:
    """The highest id that SQLite ever gave, which copying a table forgets; None on PostgreSQL, which copies none."""
    if op.get_context().dialect.name != "sqlite":
        return None
    statement = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table").bindparams(table=table)
    last: int | None = op.get_bind().execute(statement).scalar()
    return last
