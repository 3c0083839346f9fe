"""A statement with parameters answers and refuses as the same statement does through SQLAlchemy."""

import gc
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from sqlalchemy import bindparam, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from tallystick.accounts import ops
from tallystick.store import prepared
from tallystick.store.db import Database, Tx, violates
from tallystick.store.tables import products, unique_product_sku

pytestmark = pytest.mark.slow

# A constant among the parameters, a list, and columns of every kind that needs converting.
FIND = (
    select(products.c.id, products.c.unit_price, products.c.is_active, products.c.created_at)
    .where(
        products.c.account_id == bindparam("account"),
        products.c.id.in_(bindparam("wanted", expanding=True)),
        products.c.name == "Widget",
    )
    .order_by(products.c.id)
)
PRICED: Any = (
    select(products.c.name)
    .where(
        products.c.account_id == bindparam("account"),
        products.c.unit_price.in_(bindparam("prices", expanding=True)),
        products.c.name.in_(["Widget", "Gadget"]),
        tuple_(products.c.name, products.c.is_active).in_([("Widget", True), ("Gadget", True)]),
    )
    .order_by(products.c.id)
)
INSERT = insert(products).returning(products.c.id, products.c.unit_price)
RENAME = update(products).where(products.c.account_id == bindparam("account")).values(name=bindparam("new_name"))


class Priced(NamedTuple):
    id: int
    unit_price: Decimal


def columns(*row: Any) -> tuple[Any, ...]:
    return row


@pytest.fixture
def tx(database_url: str) -> Iterator[Tx]:
    with closing(Database(database_url)) as database, database.transaction("tests") as transaction:
        yield transaction


def product(tx: Tx, account_id: int, **values: Any) -> dict[str, Any]:
    given = {"name": "Widget", "unit_price": Decimal("1.50"), "sku": None, **values}
    return {**given, "account_id": account_id, "is_active": True, "created_at": tx.now, "updated_at": tx.now}


def insert_all(tx: Tx, rows: list[dict[str, Any]]) -> list[Priced]:
    return [tx.one(INSERT, Priced, **row) for row in rows]


@pytest.fixture
def account_id(tx: Tx) -> int:
    return ops.create(tx, "Example Ltd").id


@pytest.mark.parametrize(("wanted", "found"), [([], []), ([1], [1]), ([3, 1], [1, 3]), ([1, 2, 3, 4, 5], [1, 2, 3, 5])])
def test_a_list_of_any_length(tx: Tx, account_id: int, wanted: list[int], found: list[int]) -> None:
    others = {3: {"name": "Gadget"}}
    insert_all(tx, [product(tx, account_id, **others.get(n, {})) for n in range(5)])
    answered = tx.rows(FIND, columns, account=account_id, wanted=wanted)
    assert [row[0] for row in answered] == found
    ever = tx.connection.execute(FIND, {"account": account_id, "wanted": wanted})
    assert answered == [tuple(row) for row in ever]


def test_the_members_of_lists_are_converted_too(tx: Tx, account_id: int) -> None:
    made = [("Widget", "0.5"), ("Gadget", "0.25"), ("Gizmo", "0.25"), ("Gadget", "4")]
    rows = [product(tx, account_id, name=name, unit_price=Decimal(price)) for name, price in made]
    insert_all(tx, rows)
    assert tx.rows(PRICED, str, account=account_id, prices=[Decimal("0.25"), Decimal("0.5")]) == ["Widget", "Gadget"]


def test_values_are_converted_both_ways(tx: Tx, account_id: int) -> None:
    made = tx.one(INSERT, Priced, **product(tx, account_id, unit_price=Decimal("0.100000000001")))
    assert made.unit_price == Decimal("0.100000000001")
    wanted = tx.row(FIND, columns, account=account_id, wanted=[made.id])
    assert wanted == (made.id, made.unit_price, True, tx.now)
    assert tx.row(FIND, columns, account=account_id, wanted=[made.id + 1]) is None


def test_a_refusal_is_sqlalchemys(tx: Tx, account_id: int) -> None:
    with pytest.raises(IntegrityError) as refused, tx.savepoint():
        insert_all(tx, [product(tx, account_id, sku="A-1") for _ in range(2)])
    assert violates(refused.value, unique_product_sku)
    assert tx.rows(select(products.c.id).where(products.c.account_id == account_id), int) == []


def test_a_write_answers_how_many_rows_it_met(tx: Tx, account_id: int) -> None:
    insert_all(tx, [product(tx, account_id) for _ in range(3)])
    assert tx.write(RENAME, account=account_id, new_name="Gadget") == 3
    assert tx.write(RENAME, account=account_id + 1, new_name="Gizmo") == 0
    assert tx.write(update(products).where(products.c.account_id == account_id).values(name="Gizmo")) == 3


def test_rows_are_streamed_as_they_are_answered(tx: Tx, account_id: int) -> None:
    written = insert_all(tx, [product(tx, account_id) for _ in range(3)])
    every = select(products.c.id, products.c.unit_price).order_by(products.c.id)
    constant = every.where(products.c.account_id == bindparam("account"))
    built = every.where(products.c.account_id == account_id)
    assert list(tx.stream(constant, Priced, account=account_id)) == written
    assert list(tx.stream(built, Priced)) == tx.rows(built, Priced) == written


def test_one_that_answers_none_or_several_is_a_fault(tx: Tx, account_id: int) -> None:
    insert_all(tx, [product(tx, account_id) for _ in range(2)])
    counted = select(func.count()).select_from(products).where(products.c.account_id == bindparam("account"))
    assert tx.one(counted, int, account=account_id) == 2
    with pytest.raises(ValueError, match="unpack"):
        tx.one(FIND, columns, account=account_id, wanted=[1, 2])


def test_a_statement_of_many_combinations_is_kept_in_few(tx: Tx, account_id: int) -> None:
    change = update(products).where(products.c.account_id == bindparam("account"))
    insert_all(tx, [product(tx, account_id)])
    names = ("name", "description", "sku", "unit", "currency", "unit_price", "is_active", "created_at", "updated_at")
    values = {**product(tx, account_id), "description": None, "unit": None, "currency": None}
    for combination in range(1, 2 ** len(names)):
        named = {name: values[name] for place, name in enumerate(names) if combination >> place & 1}
        assert tx.write(change, account=account_id, **named) == 1
        assert len(prepared._PREPARED[change]._forms) <= prepared.MAX_FORMS


def test_what_is_compiled_goes_with_its_statement(tx: Tx, account_id: int) -> None:
    gc.collect()
    before = len(prepared._PREPARED)
    tx.rows(select(products.c.id).where(products.c.account_id == bindparam("account")), int, account=account_id)
    gc.collect()
    assert len(prepared._PREPARED) == before
