"""How many statements the hot paths cost, the key's own included, whatever the size of the bill or the list."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, Engine, event

from tallystick.dialects.iqraa.routes import IQRAA
from tallystick.store.db import Tx
from tests.api import Api
from tests.dialects.callers import DialectCaller


class Most(NamedTuple):
    """How many statements there may be."""

    sqlite: int
    postgresql: int

    def check(self, api: Api, statements: list[str]) -> None:
        """Fails where there are more."""
        assert len(statements) <= (self.sqlite if api.database.is_sqlite else self.postgresql), statements


CREATE, CREATE_MANY_LINES, CREATE_BY_ADDRESS, CONVERT = Most(7, 4), Most(7, 8), Most(6, 8), Most(11, 10)
GET, LIST, ACTIVITY, FILTERED, SEARCHED, SHARED = Most(4, 2), Most(3, 2), Most(3, 4), Most(3, 4), Most(4, 4), Most(4, 5)
PUBLISH, PAY, SETTLE = Most(12, 9), Most(9, 7), Most(14, 10)
AT_ONCE = 3
"""Of so many lines PostgreSQL is told with the bill; many are copied to it."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent during the block, on PostgreSQL each BEGIN and COMMIT among them."""
    statements: list[str] = []

    def note(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    def drive(tx: Tx, statement: str) -> AbstractContextManager[Any]:
        statements.append(statement)
        return driving(tx, statement)

    def run(tx: Tx, sql: str, *rest: Any) -> Any:
        # SQLite begins for nothing: there is no way to go.
        if tx.is_postgresql or sql != "BEGIN":
            statements.append(sql)
        return running(tx, sql, *rest)

    driving, running = Tx.driving, Tx._run
    event.listen(Engine, "before_cursor_execute", note)
    try:
        # What stands ready, and blocks of rows, go past SQLAlchemy.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Tx, "driving", drive)
            patch.setattr(Tx, "_run", run)
            yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def seller(api: Api) -> Api:
    api.post("/customers", {"name": "Ann"})
    api.post("/taxes", {"name": "VAT", "rate": 20, "is_default": True})
    api.post("/products", {"name": "Hour", "unit_price": 80, "tax_id": 1})
    api.post("/products", {"name": "Day", "unit_price": 600, "tax_id": 1})
    return api


def bill(lines: int) -> dict[str, Any]:
    items = [{"product_id": n % 2 + 1, "quantity": n + 1} for n in range(lines)]
    return {"customer_id": 1, "items": items, "discount_type": "percentage", "discount_value": 5}


@pytest.mark.parametrize("lines", [1, 3, 100])
def test_create(seller: Api, lines: int) -> None:
    with counted() as statements:
        assert seller.post("/invoices", bill(lines)).status_code == 201
    (CREATE if lines <= AT_ONCE else CREATE_MANY_LINES).check(seller, statements)


def test_create_for_a_customer_by_their_address(seller: Api) -> None:
    """The customer who is found is not read again."""
    seller.post("/customers", {"name": "Ben", "email": "ben@example.com"})
    body = {
        "amount": 9999,
        "currency": "USD",
        "description": "Plan",
        "components": {"customerDetails": {"customerEmail": "ben@example.com"}},
    }
    with counted() as statements:
        assert DialectCaller(seller, IQRAA).post("/invoices", body).status_code == 201
    CREATE_BY_ADDRESS.check(seller, statements)


@pytest.mark.parametrize("lines", [1, 100])
def test_get(seller: Api, lines: int) -> None:
    seller.post("/invoices", bill(lines))
    seller.post("/invoices/1/publish")
    for amount in (1, 2):
        seller.post("/invoices/1/payments", {"amount": amount})
    with counted() as statements:
        assert len(seller.data(seller.get("/invoices/1"))["payments"]) == 2
    GET.check(seller, statements)


@pytest.mark.parametrize(
    ("verb", "body", "most"),
    [("publish", None, PUBLISH), ("payments", {"amount": 1}, PAY), ("mark-paid", None, SETTLE)],
)
@pytest.mark.parametrize("lines", [1, 100])
def test_a_verb_of_one_invoice(seller: Api, verb: str, body: dict[str, Any] | None, most: Most, lines: int) -> None:
    """What it leaves is answered without another look."""
    seller.post("/invoices", bill(lines))
    if verb == "payments":
        seller.post("/invoices/1/mark-sent")
    with counted() as statements:
        assert seller.post(f"/invoices/1/{verb}", body).is_success
    most.check(seller, statements)


def test_activity(seller: Api) -> None:
    """The key, that the invoice is known, and one query for its own events, its payments' and its credit notes'."""
    seller.post("/invoices", bill(1))
    seller.post("/invoices/1/publish")
    seller.post("/invoices/1/payments", {"amount": 1})
    seller.post("/invoices/1/credit-note")
    with counted() as statements:
        assert len(seller.data(seller.get("/invoices/1/activity"))) == 6
    ACTIVITY.check(seller, statements)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/invoices", LIST),
        ("/invoices/1", GET),
        ("/quotations/1", GET),
        ("/products/1", GET),
        ("/taxes/1", GET),
        ("/products?after=", LIST),
        ("/invoices?after=", LIST),
        # It also asks how far the index goes.
        ("/invoices?status=overdue,sent&search=ann&sort=total", SEARCHED),
    ],
)
def test_list(seller: Api, path: str, most: Most) -> None:
    for _ in range(30):
        seller.post("/invoices", bill(1))
    seller.post("/quotations", bill(1))
    with counted() as statements:
        assert seller.get(path).status_code == 200
    most.check(seller, statements)


@pytest.mark.parametrize("path", ["/customers", "/products", "/taxes"])
def test_a_list_of_the_catalogue(seller: Api, path: str) -> None:
    with counted() as statements:
        assert seller.get(path).status_code == 200
    FILTERED.check(seller, statements)


@pytest.mark.parametrize("lines", [1, 100])
def test_a_quotation(seller: Api, lines: int) -> None:
    with counted() as statements:
        assert seller.post("/quotations", bill(lines)).status_code == 201
    (CREATE if lines <= AT_ONCE else CREATE_MANY_LINES).check(seller, statements)
    token = seller.data(seller.post("/quotations/1/publish"))["share_token"]
    for path in (f"/api/v1/public/quotations/{token}", f"/public/quotations/{token}"):
        with counted() as statements:
            assert seller.client.get(path).status_code == 200
        SHARED.check(seller, statements)
    with counted() as statements:
        assert seller.post("/quotations/1/convert").status_code == 201
    CONVERT.check(seller, statements)


@pytest.mark.parametrize(
    ("action", "most"), [("publish", Most(15, 16)), ("mark-paid", Most(18, 19)), ("void", Most(10, 12))]
)
def test_a_batch_costs_the_same_for_more_invoices(seller: Api, action: str, most: Most) -> None:
    ids = [seller.data(seller.post("/invoices", bill(3)))["id"] for _ in range(9)]
    if action == "void":
        seller.data(seller.post("/invoices/batch", {"action": "mark-sent", "ids": ids}))
    with counted() as statements:
        done = seller.data(seller.post("/invoices/batch", {"action": action, "ids": ids}))
    assert done["succeeded"] == 9
    most.check(seller, statements)
