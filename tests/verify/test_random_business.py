"""A year of random business, and then one random thing altered by hand."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Integer, LargeBinary, Table, select, update
from sqlalchemy.exc import IntegrityError

from tallystick.bills import labels
from tallystick.bills.types import Views
from tallystick.store import record_seals
from tallystick.store.columns import Exact, OneOf, UtcDateTime
from tallystick.store.db import Tx
from tallystick.store.tables import (
    credit_note_lines,
    credit_notes,
    events,
    invoice_lines,
    invoices,
    journal,
    payment_allocations,
    payments,
    quotation_lines,
    quotations,
)
from tests.api import Api, opened
from tests.clock import Clock
from tests.verify.tampering import report, unguarded

pytestmark = pytest.mark.slow

STEPS = 365
ALTERATIONS = 100
SEEDS = (1,)
MOST_NEVER_DONE = 3
"""Of the verbs, those that chance may leave out."""
PATTERNS = ("INV-{YYYY}-{SEQ:4}", "INV-2026-{SEQ:4}", "{YY}{MM}-{SEQ:3}", "R{SEQ}")
TAXES: tuple[dict[str, int], ...] = ({"tax_rate": 20}, {"tax_rate": 7}, {"tax_rate": 0}, {"tax_id": 1}, {})


class Year:
    """Does one random thing after another; what the API refuses, it refuses."""

    def __init__(self, api: Api, clock: Clock, seed: int) -> None:
        self.api = api
        self.clock = clock
        self.day = date(2026, 1, 1)
        self.random = random.Random(seed)
        self.done: set[str] = set()

    def begin(self) -> None:
        self.api.data(self.api.post("/taxes", {"name": "VAT", "rate": "19", "is_default": True}))
        self.api.data(self.api.post("/products", {"name": "Hour", "unit_price": "80.125", "tax_id": 1}))
        for name, currency in (("Ann", "EUR"), ("Bob", "USD"), ("Yuki", "JPY")):
            self.api.data(self.api.post("/customers", {"name": name, "currency": currency}))

    def step(self) -> None:
        self.day += timedelta(days=1)
        self.clock.set(f"{self.day}T{self.random.randrange(24):02}:30:00Z")
        verb = self.random.choice(VERBS)
        if verb(self).is_success:
            self.done.add(verb.__name__)

    def some(self, resource: str) -> Any:
        """The id of a random row, most often of a new one."""
        rows = self.api.data(self.api.get(f"/{resource}?limit=30"))
        return self.random.choice(rows)["id"] if rows else 0

    def items(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = [
            {
                "description": self.random.choice(["Work", "Travel", "Licence"]),
                "quantity": str(self.random.choice([1, 2, "0.5", 3])),
                "unit_price": str(self.random.choice([10, 100, "3.5", 1999])),
                **self.random.choice(TAXES),
            }
            for _ in range(self.random.randint(1, 3))
        ]
        return [*lines, {"product_id": 1, "quantity": self.random.randint(1, 9)}]

    def bill(self) -> dict[str, Any]:
        body: dict[str, Any] = {"customer_id": self.random.randint(1, 3), "items": self.items()}
        if self.random.random() < 0.3:
            body |= {"discount_type": "percentage", "discount_value": self.random.choice([5, 10, "33.3"])}
        if self.random.random() < 0.2:
            body["prices_include_tax"] = True
        return body

    def verb(self, resource: str, *names: str) -> Any:
        return self.api.post(f"/{resource}/{self.some(resource)}/{self.random.choice(names)}", {})


def draft(year: Year) -> Any:
    return year.api.post("/invoices", year.bill())


def numbered(year: Year) -> Any:
    return year.api.post("/invoices", year.bill() | {"invoice_number": f"OWN-{year.random.randrange(10**6)}"})


def issue(year: Year) -> Any:
    made = draft(year)
    return year.api.post(f"/invoices/{year.api.data(made)['id']}/{year.random.choice(['publish', 'mark-sent'])}")


def publish(year: Year) -> Any:
    return year.verb("invoices", "publish", "mark-sent")


def change(year: Year) -> Any:
    return year.api.put(f"/invoices/{year.some('invoices')}", {"items": year.items(), "notes": "Changed"})


def revise(year: Year) -> Any:
    return year.api.post(f"/invoices/{year.some('invoices')}/revise", {"items": year.items()})


def take_back(year: Year) -> Any:
    return year.verb("invoices", "unpublish")


def move(year: Year) -> Any:
    """To another customer and currency, which only a draft can be."""
    body = {"customer_id": year.random.randint(1, 3), "currency": "EUR", "items": year.items()}
    return year.api.put(f"/invoices/{year.some('invoices')}", body)


def void(year: Year) -> Any:
    return year.verb("invoices", "void")


def duplicate(year: Year) -> Any:
    return year.verb("invoices", "duplicate")


def trash(year: Year) -> Any:
    return year.api.delete(f"/invoices/{year.some('invoices')}")


def restore(year: Year) -> Any:
    rows = year.api.data(year.api.get("/invoices/trash/list"))
    return year.api.post(f"/invoices/{rows[0]['id'] if rows else 0}/restore")


def purge(year: Year) -> Any:
    rows = year.api.data(year.api.get("/invoices/trash/list"))
    ids = [rows[0]["id"] if rows else 1]
    return year.api.post("/invoices/trash/batch", {"action": "permanent-delete", "ids": ids})


def pay(year: Year) -> Any:
    body = {"amount": year.random.choice([1, 5, 20]), "method": year.random.choice(["cash", "card", "credit"])}
    return year.api.post(f"/invoices/{year.some('invoices')}/payments", body)


def overpay(year: Year) -> Any:
    return year.api.post(f"/invoices/{year.some('invoices')}/payments", {"amount": 5000, "excess": "credit"})


def fail(year: Year) -> Any:
    return year.api.post(f"/invoices/{year.some('invoices')}/payments", {"amount": 1, "status": "failed"})


def settle(year: Year) -> Any:
    return year.verb("invoices", "mark-paid")


def pay_several(year: Year) -> Any:
    return year.api.post("/payments", {"customer_id": year.random.randint(1, 3), "amount": 300, "excess": "credit"})


def reverse(year: Year) -> Any:
    return year.api.delete(f"/payments/{year.some('payments')}")


def credit(year: Year) -> Any:
    invoice = year.api.data(year.api.get(f"/invoices/{year.some('invoices')}")) if year.some("invoices") else {}
    lines = invoice.get("items") or [{"id": 0}]
    item = {"item_id": year.random.choice(lines)["id"], "quantity": "0.5"}
    body = year.random.choice([{}, {"items": [item]}, {"items": [{**item, "amount": 1} | {"quantity": None}]}])
    return year.api.post(f"/invoices/{invoice.get('id', 0)}/credit-note", body)


def offer(year: Year) -> Any:
    return year.api.post("/quotations", year.bill())


def answer(year: Year) -> Any:
    return year.verb("quotations", "publish", "accept", "reject", "convert", "duplicate")


def schedule(year: Year) -> Any:
    body = {
        "customer_id": year.random.randint(1, 3),
        "frequency": year.random.choice(["weekly", "monthly", "quarterly"]),
        "items": year.items(),
        "auto_issue": year.random.random() < 0.7,
    }
    return year.api.post("/recurring-billing", body)


def reschedule(year: Year) -> Any:
    body = {"frequency": year.random.choice(["weekly", "monthly"]), "items": year.items()}
    return year.api.put(f"/recurring-billing/{year.some('recurring-billing')}", body)


def toggle(year: Year) -> Any:
    return year.api.post(f"/recurring-billing/{year.some('recurring-billing')}/toggle", {"catch_up": True})


def process(year: Year) -> Any:
    return year.api.post("/recurring-billing/process", {})


def renumber(year: Year) -> Any:
    return year.api.put("/settings", {"number_patterns": {"invoice": year.random.choice(PATTERNS)}})


def settings(year: Year) -> Any:
    return year.api.put(
        "/settings", {"rounding": year.random.choice(["line", "document"]), "iban": "DE75512108001245126199"}
    )


def rename(year: Year) -> Any:
    return year.api.put(f"/customers/{year.random.randint(1, 3)}", {"name": f"Name {year.random.random()}"})


def batch(year: Year) -> Any:
    ids = list({year.some("invoices") or 1 for _ in range(3)})
    return year.api.post(
        "/invoices/batch", {"action": year.random.choice(["publish", "mark-paid", "void"]), "ids": ids}
    )


def seal(year: Year) -> Any:
    year.api.database.transact("tests", lambda tx: record_seals.seal(tx, year.api.account))
    return year.api.get("/stats")


VERBS: tuple[Callable[[Year], Any], ...] = (
    *(draft, numbered, issue, issue, publish, publish, change, revise, take_back, move, void, duplicate),
    *(trash, restore, purge, pay, pay, overpay, fail, settle, pay_several, reverse, reverse, credit, credit),
    *(offer, offer, answer, answer, schedule, reschedule, toggle, process, process, renumber, settings, rename),
    *(batch, seal),
)

# What is no content: an id, what follows from other rows and is checked by them, what goes on in a bill's life, when
# its page was looked at, and what a client keeps with a thing (API.md, section 1: neither sealed nor public).
BOOKKEEPING = {"id", "account_id", "version", "updated_at", "number_key", "number_order", *labels.FIELDS}
BOOKKEEPING |= set(Views.__struct_fields__)
ISSUED = {
    invoices: invoices.c.issued_at.is_not(None),
    quotations: quotations.c.issued_at.is_not(None),
    credit_notes: credit_notes.c.id > 0,
    invoice_lines: invoice_lines.c.invoice_id.in_(select(invoices.c.id).where(invoices.c.issued_at.is_not(None))),
    quotation_lines: quotation_lines.c.quotation_id.in_(
        select(quotations.c.id).where(quotations.c.issued_at.is_not(None))
    ),
    credit_note_lines: credit_note_lines.c.id > 0,
    payments: payments.c.id > 0,
    payment_allocations: payment_allocations.c.id > 0,
    journal: journal.c.id > 0,
    events: events.c.id > 0,
}


def next_member(column: Any, value: Any) -> Any:
    members = [each for each in column.type.kind if each != value]
    return members[0] if members else value


def in_json(column: Column[Any], value: Any) -> Any:
    return [] if isinstance(value, list) else {"forged": column.name}


FORGERIES: tuple[tuple[Any, Callable[[Column[Any], Any], Any]], ...] = (
    (OneOf, next_member),
    (Boolean, lambda _column, value: not value),
    ((Integer, Exact), lambda _column, value: (value or 0) + 1),
    (UtcDateTime, lambda _column, value: (value or datetime(2026, 1, 1, tzinfo=UTC)) + timedelta(hours=1)),
    (Date, lambda _column, value: (value or date(2026, 1, 1)) + timedelta(days=1)),
    (LargeBinary, lambda _column, value: bytes(reversed(value or bytes(range(32))))),
    (JSON, in_json),
    (object, lambda _column, value: f"{value or ''}X"[-2:]),
)


def forged(column: Column[Any], value: Any) -> Any:
    """Another value of the column's type."""
    return next(forge for kind, forge in FORGERIES if isinstance(column.type, kind))(column, value)


@pytest.fixture(params=SEEDS)
def year(request: pytest.FixtureRequest, database_url: str) -> Iterator[Year]:
    clock = Clock("2026-01-01T12:00:00Z")
    with opened(database_url, clock=clock) as api:
        done = Year(api, clock, request.param)
        done.begin()
        for _ in range(STEPS):
            done.step()
        yield done


def test_the_books_of_a_random_year_are_right_and_one_random_alteration_is_named(year: Year) -> None:
    assert year.api.differences() == []
    assert len({verb.__name__ for verb in VERBS} - year.done) <= MOST_NEVER_DONE
    while year.api.database.transact("tests", lambda tx: record_seals.seal(tx, year.api.account)):
        pass
    unnamed = []
    with unguarded(year.api) as tx:
        assert report(tx, year.api) == []
        for _ in range(ALTERATIONS):
            savepoint = tx.connection.begin_nested()
            altered = alter(tx, year.random)
            if altered and not report(tx, year.api):
                unnamed.append(altered)
            savepoint.rollback()
    assert unnamed == []


def alter(tx: Tx, chance: random.Random) -> str | None:
    """One column of one row, by hand; None where the database refuses even this."""
    table: Table = chance.choice(list(ISSUED))
    column = chance.choice([each for each in table.columns if each.name not in BOOKKEEPING])
    ids = tx.connection.execute(select(table.c.id).where(ISSUED[table]).order_by(table.c.id)).scalars().all()
    row_id = chance.choice(ids)
    value = tx.connection.execute(select(column).where(table.c.id == row_id)).scalar_one()
    changed = forged(column, value)
    try:
        tx.connection.execute(update(table).where(table.c.id == row_id).values({column.name: changed}))
    except IntegrityError:
        return None
    return None if changed == value else f"{table.name} {row_id}: {column.name} from {value} to {changed}"
