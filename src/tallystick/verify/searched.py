"""What bills are searched by, held against the numbers and the names that they show."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Select, Table, and_, bindparam, func, select

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.search import searchable
from tallystick.store.tables import customers, invoices, quotations
from tallystick.verify.types import Check, Difference, row_name


def _check(table: Table) -> Check:
    statement = _bills(table)

    def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
        for row_id, number, name, search in tx.stream(statement, _row, account=account.id):
            advance(1)
            expected = searchable(number, name)
            if search != expected:
                yield Difference(table.name, row_name(row_id, number), f"is searched as{search}, should be{expected}")

    return Check(f"what {table.name} are searched by", table, run)


def _bills(table: Table) -> Select[Any]:
    """The number and the name that each bill shows, and what it is searched by."""
    own = and_(customers.c.account_id == table.c.account_id, customers.c.id == table.c.customer_id)
    number = func.coalesce(table.c.number, table.c.wanted_number)
    name = func.coalesce(table.c.customer_name, customers.c.name)
    return (
        select(table.c.id, number, name, table.c.search)
        .select_from(table.outerjoin(customers, own))
        .where(table.c.account_id == bindparam("account"))
        .order_by(table.c.id)
    )


def _row(row_id: int, number: str | None, name: str | None, search: str) -> tuple[int, str | None, str | None, str]:
    return row_id, number, name, search


CHECKS = (_check(quotations), _check(invoices))
