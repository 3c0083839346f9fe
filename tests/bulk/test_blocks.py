"""A block of invoices: what is written is what the same verbs write one by one."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select

from tallystick.bulk import ops
from tallystick.bulk.ops import IN_BLOCKS, VERBS
from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.figures import KEY, SUMS
from tallystick.store.tables import (
    events,
    figure_changes,
    invoice_lines,
    invoices,
    journal,
    payment_allocations,
    payments,
    seals,
    sequences,
    stepped_over,
)
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.clock import Clock
from tests.older import first_versions

UNKNOWN = 999_999
OWN_IDS = (events, figure_changes, invoice_lines, journal, payment_allocations)
"""Of these the ids matter to nobody, and PostgreSQL gives some up with each savepoint."""

ONE_OF_A_KIND = frozenset({"share_token", "content_hash", "hash"})
"""What a new share link makes different each time, and so the seals over it."""

Written = dict[str, Any]


class Shop:
    """Invoices of every standing, and their ids."""

    def __init__(self, api: Api) -> None:
        self.api = api
        api.data(api.post("/taxes", {"name": "VAT", "rate": 19, "is_default": True}))
        self.customer = a_customer(api, country="DE")
        made = [*self._issued(), *self._drafts(), *self._wanting_numbers(), *self._lacking_a_reason()]
        self.ids = [each["id"] for each in made] + [UNKNOWN]

    def _issued(self) -> Iterator[Any]:
        new = {"customer_id": self.customer}
        yield an_invoice(self.api, 100, **new)
        for amount in (40, 100):
            paid = an_invoice(self.api, 100, **new)
            pay(self.api, paid, amount)
            yield paid
        credited = an_invoice(self.api, 100, **new)
        self.api.data(self.api.post(f"/invoices/{credited['id']}/credit-note"))
        yield credited
        yield self._after("void", an_invoice(self.api, 100, **new))
        yield self._after("mark-sent", a_draft(self.api, 100, **new))

    def _drafts(self) -> Iterator[Any]:
        items = [
            {"description": "Work", "quantity": "2.5", "unit_price": "19.99"},
            {"description": "Way", "unit_price": 7},
        ]
        yield a_draft(self.api, items=items, discount_type="percentage", discount_value=5)
        yield a_draft(self.api, 100, issue_date="2025-12-31", notes="Of the year before")
        yield a_draft(self.api, 0)
        yield self._after("unpublish", an_invoice(self.api, 100, customer_id=self.customer))
        trashed = a_draft(self.api, 100)
        self.api.data(self.api.delete(f"/invoices/{trashed['id']}"))
        yield trashed
        with first_versions():
            yield a_draft(self.api, 100)
        for price in range(1, 5):
            yield a_draft(self.api, price, customer_id=self.customer)

    def _wanting_numbers(self) -> Iterator[Any]:
        """One wants a number that the sequence comes to soon: who of the two has it depends on the order."""
        following = self.api.data(self.api.get("/invoices/next-number"))["number"]
        soon = int(following[-4:]) + 2
        for number in (f"inv-2026-{soon:04}", "X-1"):
            yield a_draft(self.api, 100, invoice_number=number)

    def _lacking_a_reason(self) -> Iterator[Any]:
        for later in ("", "Article 132"):
            tax = self.api.data(self.api.post("/taxes", {"name": "None", "rate": 0, "category": "E"}))
            items = [{"description": "Work", "unit_price": 100, "tax_id": tax["id"]}]
            draft = a_draft(self.api, items=items)
            if later:
                self.api.data(self.api.put(f"/taxes/{tax['id']}", {"exemption_reason": later}))
            yield draft

    def _after(self, verb: str, invoice: Any) -> Any:
        return self.api.data(self.api.post(f"/invoices/{invoice['id']}/{verb}"))


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with opened(database_url, clock=Clock("2026-06-15T12:00:00+00:00")) as api:
        yield Shop(api)


class _UndoneError(Exception):
    pass


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(data=st.data())
def test_a_block_writes_what_its_verbs_write_one_by_one(shop: Shop, data: st.DataObject) -> None:
    ids = data.draw(
        st.permutations(shop.ids).flatmap(lambda each: st.integers(1, len(each)).map(lambda count: each[:count]))
    )
    action = data.draw(st.sampled_from(list(IN_BLOCKS)))
    size = data.draw(st.sampled_from([2, 7, len(shop.ids)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ops, "BLOCK", size)
        in_blocks = undone(shop.api, lambda tx, account: ops.run(tx, account, action, ids))
    assert in_blocks == undone(shop.api, lambda tx, account: ops.one_by_one(tx, account, VERBS[action], ids))


def undone(api: Api, work: Callable[[Tx, Account], list[ops.BulkFailure]]) -> Written:
    """What the work answers and leaves behind, in a transaction that is not kept."""
    found: Written = {}

    def see(tx: Tx) -> None:
        found["failures"] = [(id, error.code, error.reason) for id, error in work(tx, api.account)]
        found.update(written(tx))
        raise _UndoneError

    with pytest.raises(_UndoneError):
        api.database.transact("tests", see)
    return found


def written(tx: Tx) -> Written:
    """All that a verb writes, as whoever reads it later finds it."""
    tables = (invoices, invoice_lines, payments, payment_allocations, journal, events, seals, sequences, stepped_over)
    rows: Written = {table.name: rows_of(tx, table) for table in tables}
    places = {row["id"]: place for place, row in enumerate(rows["payments"])}
    for row in rows["payments"]:
        row["id"] = places[row["id"]]
    for row in (*rows["journal"], *rows["payment_allocations"]):
        row["payment_id"] = places.get(row["payment_id"])
    for row in rows["events"]:
        if row["type"].startswith("payment."):
            row["subject_id"] = places[row["subject_id"]]
    return {**rows, "figures": figures(tx)}


def rows_of(tx: Tx, table: Table) -> list[dict[str, Any]]:
    query = select(table).where(table.c.account_id == 1).order_by(*table.primary_key.columns)
    hidden = ONE_OF_A_KIND | ({"id"} if table in OWN_IDS else set())
    return [
        {name: value for name, value in row.items() if name not in hidden}
        for row in tx.connection.execute(query).mappings()
    ]


def figures(tx: Tx) -> Counter[tuple[Any, ...]]:
    """What is to be added to the figures: a block takes an invoice from its draft to paid in one change."""
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in rows_of(tx, figure_changes):
        for name in SUMS:
            sums[(*(row[column] for column in KEY), name)] += row[name]
    return Counter({key: amount for key, amount in sums.items() if amount})
