"""What older databases hold under other names is renamed, before the first event is sealed."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from tallystick.core.events import Event
from tallystick.store.db import Database, Tx
from tallystick.store.migrate import migrate
from tallystick.store.tables import events
from tallystick.store.upgrade import upgrade

OLDER = "0005"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)

STAMPS = {"created_at": NOON, "updated_at": NOON}
ACCOUNT = {
    **STAMPS,
    "id": 1,
    "name": "Example Ltd",
    "currency": "EUR",
    "timezone": "UTC",
    "payment_terms_days": 30,
    "number_patterns": {},
    "rounding": "document",
    "rounding_mode": "half_up",
    "prices_include_tax": False,
}
BILL = {
    **STAMPS,
    "account_id": 1,
    "customer_id": 7,
    "state": "issued",
    "issued_at": NOON,
    "issue_date": date(2026, 3, 1),
    "currency": "EUR",
    "prices_include_tax": False,
    "rounding": "document",
    "rounding_mode": "half_up",
    "subtotal": 10000,
    "discount": 0,
    "tax": 0,
    "taxes": [],
}
INVOICES = [
    {**BILL, "id": each, "number": f"INV-{each}", "total": 10000, "due_date": date(2026, 4, 1)} for each in (1, 2, 3)
]
CREDIT_NOTE = {**BILL, "id": 5, "number": "CN-1", "total": 10000, "to_credit": 4000, "invoice_id": 3}
PAYMENT = {
    "account_id": 1,
    "customer_id": 7,
    "currency": "EUR",
    "to_credit": 0,
    "method": "card",
    "date": date(2026, 2, 28),
    "status": "succeeded",
    "created_at": NOON,
    "reference": None,
    "notes": None,
    "reversed_at": None,
}
TAKEN_BACK = {"status": "reversed", "reversed_at": LATER}
PAYMENTS = [
    {**PAYMENT, "id": 11, "amount": 5000, "reference": "TX-1"},
    {**PAYMENT, "id": 12, "amount": 6000, "notes": "Two at once", **TAKEN_BACK},
    {**PAYMENT, "id": 13, "amount": 900, "status": "failed"},
    # Of nothing but credit: no event told of it, nor of its reversal.
    {**PAYMENT, "id": 14, "amount": 300, "to_credit": 300, **TAKEN_BACK},
]
SHARES = [(11, 1, 5000), (12, 1, 4000), (12, 2, 2000), (13, 2, 900)]

# The event's name, its subject and its data.
OLD: list[tuple[str, int, Any]] = [
    ("customer.created", 7, None),
    ("quotation.sent", 9, None),
    ("invoice.issued", 1, None),
    ("invoice.issued", 2, None),
    ("invoice.send_requested", 2, None),
    ("invoice.payment_recorded", 1, {"payment_id": 11, "amount": 5000}),
    ("invoice.payment_recorded", 1, {"payment_id": 12, "amount": 4000}),
    ("invoice.payment_recorded", 2, {"payment_id": 12, "amount": 2000}),
    ("invoice.payment_failed", 2, {"payment_id": 13, "amount": 900}),
    ("invoice.payment_reversed", 1, {"payment_id": 12, "amount": 4000}),
    ("invoice.payment_reversed", 2, {"payment_id": 12, "amount": 2000}),
    ("invoice.credited", 3, {"credit_note_id": 5}),
    ("credit_note.issued", 5, None),
]


def content(amount: int, *shares: tuple[int, int], **others: Any) -> dict[str, Any]:
    """What the events of a payment hold."""
    return {
        "customer_id": 7,
        "currency": "EUR",
        "amount": amount,
        "to_credit": 0,
        "method": "card",
        "reference": None,
        "date": "2026-02-28",
        "notes": None,
        "status": "succeeded",
        "allocations": [{"invoice_id": invoice, "amount": share} for invoice, share in shares],
        **others,
    }


OF_TWO = content(6000, (1, 4000), (2, 2000), notes="Two at once")
OF_CREDIT = content(300, to_credit=300)
NOTE = {"currency": "EUR", "total": 10000, "to_credit": 4000}
NEW: list[tuple[int, datetime, str, str, int, Any]] = [
    (1, NOON, "key:1", "customer.created", 7, None),
    (2, NOON, "key:1", "quotation.issued", 9, None),
    (3, NOON, "key:1", "invoice.issued", 1, None),
    (4, NOON, "key:1", "invoice.issued", 2, {"auto_send": True}),
    (6, NOON, "key:1", "payment.created", 11, content(5000, (1, 5000), reference="TX-1")),
    (7, NOON, "key:1", "payment.created", 12, OF_TWO),
    (9, NOON, "key:1", "payment.failed", 13, content(900, (2, 900), status="failed")),
    (10, NOON, "key:1", "payment.reversed", 12, {**OF_TWO, "status": "reversed"}),
    (12, NOON, "key:1", "invoice.credited", 3, {"credit_note_id": 5, **NOTE}),
    (13, NOON, "key:1", "credit_note.issued", 5, {"invoice_id": 3, **NOTE}),
    (14, NOON, "migration", "payment.created", 14, OF_CREDIT),
    (15, LATER, "migration", "payment.reversed", 14, {**OF_CREDIT, "status": "reversed"}),
]


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    """A database of the older schema, with rows in it."""
    with closing(Database(empty_database_url)) as opened:
        with opened.migration() as tx:
            upgrade(tx.connection, OLDER)
        with opened.transaction("tests") as tx:
            _fill(tx)
        yield opened


def _fill(tx: Tx) -> None:
    older = MetaData()
    older.reflect(tx.connection)
    told = [
        {"account_id": 1, "at": NOON, "actor": "key:1", "type": type, "subject_id": subject, "data": data}
        for type, subject, data in OLD
    ]
    rows: dict[str, list[dict[str, Any]]] = {
        "accounts": [ACCOUNT],
        "customers": [{**STAMPS, "id": 7, "account_id": 1, "name": "Ann Example"}],
        "invoices": INVOICES,
        "credit_notes": [CREDIT_NOTE],
        "payments": PAYMENTS,
        "payment_allocations": [
            {"account_id": 1, "payment_id": payment, "invoice_id": invoice, "amount": amount}
            for payment, invoice, amount in SHARES
        ],
        "events": told,
    }
    for table, values in rows.items():
        tx.connection.execute(older.tables[table].insert(), values)


@pytest.mark.slow
def test_older_events_take_the_names_of_the_list(database: Database) -> None:
    """A payment of two invoices becomes one event, which holds all that the payment says."""
    migrate(database)
    shown = ("id", "at", "actor", "type", "subject_id", "data")
    with database.read() as tx:
        found = [
            tuple(row)
            for row in tx.connection.execute(select(*(events.c[name] for name in shown)).order_by(events.c.id))
        ]
    assert found == NEW
    assert {type(row[3]) for row in found} == {Event}
