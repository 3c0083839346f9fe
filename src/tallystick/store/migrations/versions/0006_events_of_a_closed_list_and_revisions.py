"""Events of a closed list, the facts of payments and credit notes with them, and invoices that are revised."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 500
ACTOR = "migration"
OF_PAYMENTS = {
    "invoice.payment_recorded": "payment.created",
    "invoice.payment_failed": "payment.failed",
    "invoice.payment_reversed": "payment.reversed",
}
STATUSES = {"payment.created": "succeeded", "payment.failed": "failed", "payment.reversed": "reversed"}

events = sa.table(
    "events",
    sa.column("id", sa.BigInteger()),
    sa.column("account_id", sa.BigInteger()),
    sa.column("at", columns.UtcDateTime()),
    sa.column("actor", sa.Text()),
    sa.column("type", sa.Text()),
    sa.column("subject_id", sa.BigInteger()),
    sa.column("data", sa.JSON(none_as_null=True)),
    sa.column("delivered_at", columns.UtcDateTime()),
)
payments = sa.table(
    "payments",
    sa.column("id", sa.BigInteger()),
    sa.column("account_id", sa.BigInteger()),
    sa.column("customer_id", sa.BigInteger()),
    sa.column("currency", sa.Text()),
    sa.column("amount", sa.BigInteger()),
    sa.column("to_credit", sa.BigInteger()),
    sa.column("method", sa.Text()),
    sa.column("reference", sa.Text()),
    sa.column("date", sa.Date()),
    sa.column("notes", sa.Text()),
    sa.column("status", sa.Text()),
    sa.column("created_at", columns.UtcDateTime()),
    sa.column("reversed_at", columns.UtcDateTime()),
)
allocations = sa.table(
    "payment_allocations",
    sa.column("id", sa.BigInteger()),
    sa.column("payment_id", sa.BigInteger()),
    sa.column("invoice_id", sa.BigInteger()),
    sa.column("amount", sa.BigInteger()),
)
credit_notes = sa.table(
    "credit_notes",
    sa.column("id", sa.BigInteger()),
    sa.column("invoice_id", sa.BigInteger()),
    sa.column("currency", sa.Text()),
    sa.column("total", sa.BigInteger()),
    sa.column("to_credit", sa.BigInteger()),
)

THIS = events.c.id == sa.bindparam("this")
SET_DATA = sa.update(events).where(THIS).values(data=sa.bindparam("facts"))
RENAME = (
    sa.update(events)
    .where(THIS)
    .values(type=sa.bindparam("name"), subject_id=sa.bindparam("subject"), data=sa.bindparam("facts"))
)


def upgrade() -> None:
    op.add_column("invoices", sa.Column("revised_at", columns.UtcDateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    connection.execute(sa.update(events).where(events.c.type == "quotation.sent").values(type="quotation.issued"))
    _fold_requests_to_send(connection)
    _fill_credit_notes(connection)
    _tell_of_payments(connection)


def _fold_requests_to_send(connection: sa.Connection) -> None:
    """That an invoice was to be sent had an event of its own: now its issue says so."""
    issued = sa.select(events.c.account_id, events.c.subject_id, sa.func.min(events.c.id).label("id"))
    issued = issued.where(events.c.type == "invoice.issued").group_by(events.c.account_id, events.c.subject_id)
    first = issued.subquery()
    same = sa.and_(first.c.account_id == events.c.account_id, first.c.subject_id == events.c.subject_id)
    asked = sa.select(first.c.id).join_from(events, first, same).where(events.c.type == "invoice.send_requested")
    for batch in _batches(connection.execute(asked).all()):
        connection.execute(SET_DATA, [{"this": row.id, "facts": {"auto_send": True}} for row in batch])
    connection.execute(sa.delete(events).where(events.c.type == "invoice.send_requested"))


def _fill_credit_notes(connection: sa.Connection) -> None:
    """What a credit note comes to is told with it."""
    of_notes = sa.select(events.c.id, events.c.type, events.c.subject_id, events.c.data).where(
        events.c.type.in_(["credit_note.issued", "invoice.credited"])
    )
    for batch in _batches(connection.execute(of_notes).all()):
        ids = {row.id: row.subject_id if row.data is None else row.data["credit_note_id"] for row in batch}
        found = connection.execute(sa.select(credit_notes).where(credit_notes.c.id.in_(set(ids.values()))))
        notes = {note.id: note for note in found}
        for row in batch:
            note = notes[ids[row.id]]
            facts = {"currency": note.currency, "total": note.total, "to_credit": note.to_credit}
            facts |= row.data or {"invoice_id": note.invoice_id}
            connection.execute(SET_DATA, {"this": row.id, "facts": facts})


def _tell_of_payments(connection: sa.Connection) -> None:
    """One event of the payment in place of one of each invoice that it settles; and where there was none, one too."""
    told: dict[tuple[int, str], list[int]] = defaultdict(list)
    old = sa.select(events.c.id, events.c.type, events.c.data).where(events.c.type.in_(list(OF_PAYMENTS)))
    for row in connection.execute(old.order_by(events.c.id)):
        told[row.data["payment_id"], OF_PAYMENTS[row.type]].append(row.id)
    for batch in _batches(connection.execute(sa.select(payments).order_by(payments.c.id)).all()):
        shares = _shares(connection, [payment.id for payment in batch])
        renamed, untold = [], []
        for payment in batch:
            for name in _names(payment):
                facts = _facts(payment, shares[payment.id]) | {"status": STATUSES[name]}
                if first := told[payment.id, name][:1]:
                    renamed.append({"this": first[0], "name": name, "subject": payment.id, "facts": facts})
                else:
                    untold.append(_event(payment, name, facts))
        if renamed:
            connection.execute(RENAME, renamed)
        if untold:
            connection.execute(sa.insert(events), untold)
    connection.execute(sa.delete(events).where(events.c.type.in_(list(OF_PAYMENTS))))


def _names(payment: Any) -> list[str]:
    if payment.status == "failed":
        return ["payment.failed"]
    return ["payment.created", "payment.reversed"] if payment.status == "reversed" else ["payment.created"]


def _event(payment: Any, name: str, facts: dict[str, Any]) -> dict[str, Any]:
    at = payment.reversed_at if name == "payment.reversed" else payment.created_at
    return {
        "account_id": payment.account_id,
        "at": at,
        "actor": ACTOR,
        "type": name,
        "subject_id": payment.id,
        "data": facts,
        "delivered_at": at,
    }


def _facts(payment: Any, shares: list[dict[str, int]]) -> dict[str, Any]:
    return {
        "customer_id": payment.customer_id,
        "currency": payment.currency,
        "amount": payment.amount,
        "to_credit": payment.to_credit,
        "method": payment.method,
        "reference": payment.reference,
        "date": payment.date.isoformat(),
        "notes": payment.notes,
        "allocations": shares,
    }


def _shares(connection: sa.Connection, ids: list[int]) -> dict[int, list[dict[str, int]]]:
    shares: dict[int, list[dict[str, int]]] = defaultdict(list)
    found = sa.select(allocations).where(allocations.c.payment_id.in_(ids)).order_by(allocations.c.id)
    for row in connection.execute(found):
        shares[row.payment_id].append({"invoice_id": row.invoice_id, "amount": row.amount})
    return shares


def _batches(found: Sequence[Any]) -> Iterator[Sequence[Any]]:
    rows = iter(found)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield batch
