"""Each sort of each list is read off an index, on both databases: no page sorts what it does not show."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from psycopg import RawCursor
from sqlalchemy import text

from tallystick.credit_notes import store as credit_notes
from tallystick.customers.resource import CUSTOMERS
from tallystick.invoices import store as invoices
from tallystick.payments import store as payments
from tallystick.products.resource import PRODUCTS
from tallystick.quotations import store as quotations
from tallystick.recurring import store as recurring
from tallystick.store.db import Tx
from tallystick.taxes.resource import TAXES
from tests.api import Api
from tests.listening import listening

SORTS: Mapping[str, Mapping[str, Any]] = {
    "/customers": CUSTOMERS.sorts,
    "/products": PRODUCTS.sorts,
    "/taxes": TAXES.sorts,
    "/invoices": invoices.SORTS,
    "/quotations": quotations.SORTS,
    "/credit-notes": credit_notes.SORTS,
    "/payments": payments.SORTS,
    "/recurring-billing": recurring.SORTS,
}


def page_plan(api: Api, path: str) -> list[str]:
    """The steps, each with its conditions, by which the database finds which rows the page shows."""
    with listening() as statements:
        assert api.get(path).is_success, path
    sql, parameters = next((sql, parameters) for sql, parameters in statements if "LIMIT" in sql)
    with api.database.read() as tx:
        steps = _steps_of_postgresql if tx.is_postgresql else _steps_of_sqlite
        return list(steps(tx, sql, parameters))


def _steps_of_sqlite(tx: Tx, sql: str, parameters: Any) -> Iterator[str]:
    """The steps of the inner query; those of the outer one only read the rows that it found, and put them in order."""
    rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
    (inner,) = (row.id for row in rows if row.detail.startswith("LIST SUBQUERY"))
    yield from (row.detail for row in rows if row.parent == inner)


def _steps_of_postgresql(tx: Tx, sql: str, parameters: Any) -> Iterator[str]:
    # Over a handful of rows it would read them all and sort them.
    for better in ("seqscan", "sort", "incremental_sort", "bitmapscan"):
        tx.connection.execute(text(f"SET LOCAL enable_{better} = off"))
    # What stands ready has numbers for its parameters, and what SQLAlchemy runs their names.
    cursor = RawCursor(tx.driver) if isinstance(parameters, tuple) else tx.driver
    ((plans,),) = cursor.execute(f"EXPLAIN (FORMAT json) {sql}", parameters).fetchall()
    (limit,) = (node for node in _nodes(plans[0]["Plan"]) if node["Node Type"] == "Limit")
    yield from (f"{node['Node Type']} {node.get('Index Name', '')}" for node in _nodes(limit) if node is not limit)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def is_read_off_an_index(steps: list[str]) -> bool:
    return len(steps) == 1 and "INDEX" in steps[0].upper()


@pytest.mark.parametrize("path", SORTS)
def test_each_sort_is_read_off_an_index(api: Api, path: str, subtests: pytest.Subtests) -> None:
    for sort, order in product(SORTS[path], ("asc", "desc")):
        with subtests.test(sort=sort, order=order):
            assert is_read_off_an_index(page_plan(api, f"{path}?after=&sort={sort}&order={order}"))


def test_a_sort_without_an_index_would_be_seen(api: Api) -> None:
    with api.database.transaction("tests") as tx:
        tx.connection.execute(text("DROP INDEX ix_payments_account_id_date_id"))
    assert not is_read_off_an_index(page_plan(api, "/payments?after=&sort=date"))
