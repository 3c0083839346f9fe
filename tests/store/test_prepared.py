"""Prepared statements answer and refuse as the same statements do through SQLAlchemy."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from tallystick.accounts import ops
from tallystick.store.db import Database, Tx, violates
from tallystick.store.prepared import Prepared
from tallystick.store.tables import products, unique_product_sku

# A constant among the parameters, a list, and columns of every kind that needs converting.
FIND_AS_EVER = (
    select(products.c.id, products.c.unit_price, products.c.is_active, products.c.created_at)
    .where(
        products.c.account_id == bindparam("account"),
        products.c.id.in_(bindparam("wanted", expanding=True)),
        products.c.name == "Widget",
    )
    .order_by(products.c.id)
)
FIND = Prepared(FIND_AS_EVER)
INSERT = Prepared(insert(products).returning(products.c.id, products.c.unit_price))


@pytest.fixture
def tx(database_url: str) -> Iterator[Tx]:
    with closing(Database(database_url)) as database, database.transaction("tests") as transaction:
        yield transaction


def product(tx: Tx, account_id: int, **values: Any) -> dict[str, Any]:
    given = {"name": "Widget", "unit_price": Decimal("1.50"), "sku": None, **values}
    return {**given, "account_id": account_id, "is_active": True, "created_at": tx.now, "updated_at": tx.now}


@pytest.fixture
def account_id(tx: Tx) -> int:
    return ops.create(tx, "Example Ltd").id


@pytest.mark.parametrize(("wanted", "found"), [([], []), ([1], [1]), ([3, 1], [1, 3]), ([1, 2, 3, 4, 5], [1, 2, 3, 5])])
def test_a_list_of_any_length(tx: Tx, account_id: int, wanted: list[int], found: list[int]) -> None:
    others = {3: {"name": "Gadget"}}
    INSERT.each(tx, [product(tx, account_id, **others.get(n, {})) for n in range(5)])
    answered = FIND.all(tx, {"account": account_id, "wanted": wanted})
    assert [row[0] for row in answered] == found
    assert answered == [list(row) for row in tx.all(FIND_AS_EVER, {"account": account_id, "wanted": wanted})]


def test_values_are_converted_both_ways(tx: Tx, account_id: int) -> None:
    ((first, price),) = INSERT.all(tx, product(tx, account_id, unit_price=Decimal("0.100000000001")))
    assert price == Decimal("0.100000000001")
    assert FIND.one_or_none(tx, {"account": account_id, "wanted": [first]}) == [first, price, True, tx.now]
    assert FIND.one_or_none(tx, {"account": account_id, "wanted": [first + 1]}) is None


def test_each_answers_in_the_order_of_the_values(tx: Tx, account_id: int) -> None:
    prices = [Decimal(n) for n in (3, 1, 2)]
    written = INSERT.each(tx, [product(tx, account_id, unit_price=price) for price in prices])
    assert [price for _id, price in written] == prices


def test_a_refusal_is_sqlalchemys(tx: Tx, account_id: int) -> None:
    with pytest.raises(IntegrityError) as refused, tx.connection.begin_nested():
        INSERT.each(tx, [product(tx, account_id, sku="A-1") for _ in range(2)])
    assert violates(refused.value, unique_product_sku)
    assert tx.all(select(products.c.id)) == []
