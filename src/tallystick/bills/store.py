"""The SQL that every kind of bill shares."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, bindparam, delete, or_, select

from tallystick.bills.types import Found, Item, LineRow
from tallystick.core.account import Account
from tallystick.core.bill import Bill, Line
from tallystick.core.totals import LineTotals, Totals
from tallystick.customers.types import Customer
from tallystick.products.types import Product
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.tables import customers, products, taxes
from tallystick.taxes.types import Tax

CUSTOMER: Select[Any] = select(*rows.columns(customers, Customer)).where(
    customers.c.account_id == bindparam("account"), customers.c.id == bindparam("wanted")
)
PRODUCTS: Select[Any] = select(*rows.columns(products, Product)).where(
    products.c.account_id == bindparam("account"), products.c.id.in_(bindparam("wanted", expanding=True))
)
TAXES: Select[Any] = select(*rows.columns(taxes, Tax)).where(
    taxes.c.account_id == bindparam("account"),
    or_(taxes.c.is_default, taxes.c.id.in_(bindparam("wanted", expanding=True))),
)


def gather(tx: Tx, account: Account, customer_id: int, items: Sequence[Item]) -> Found:
    """The rows that a new bill names: at most three queries."""
    customer: Any = tx.execute(CUSTOMER, {"account": account.id, "wanted": customer_id}).one_or_none()
    named = _products(tx, account, {item.product_id for item in items if item.product_id})
    found = _found_taxes(tx, account, items, named)
    return Found(
        customer=customer and Customer(*customer),
        products=named,
        taxes=found,
        default_tax=next((tax for tax in found.values() if tax.is_default), None),
    )


def _products(tx: Tx, account: Account, wanted: set[int]) -> dict[int, Product]:
    if not wanted:
        return {}
    found = tx.all(PRODUCTS, {"account": account.id, "wanted": list(wanted)})
    return {row.id: Product(*row) for row in found}


def _found_taxes(tx: Tx, account: Account, items: Sequence[Item], named: dict[int, Product]) -> dict[int, Tax]:
    if all(item.tax_rate is not None and item.tax_id is None for item in items):
        return {}
    wanted = {item.tax_id for item in items} | {product.tax_id for product in named.values()}
    found = tx.all(TAXES, {"account": account.id, "wanted": [tax_id for tax_id in wanted if tax_id]})
    return {row.id: Tax(*row) for row in found}


def bill_values(bill: Bill, totals: Totals) -> dict[str, Any]:
    """The columns of a bill's row that follow from the bill and its totals."""
    return {
        "currency": bill.currency,
        "discount_type": bill.discount and bill.discount.type.value,
        "discount_value": bill.discount and bill.discount.value,
        "prices_include_tax": bill.prices_include_tax,
        "rounding": bill.rounding.value,
        "rounding_mode": bill.rounding_mode.value,
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "tax": totals.tax,
        "total": totals.total,
        "taxes": [
            [format(tax.rate, "f"), tax.category, tax.exemption_reason, tax.base, tax.amount] for tax in totals.taxes
        ],
    }


def line_values(line: Line, totals: LineTotals) -> dict[str, Any]:
    """The columns of a line's row that follow from the line and its totals."""
    return {
        "product_id": line.product_id,
        "description": line.description,
        "quantity": line.quantity,
        "unit": line.unit,
        "unit_price": line.unit_price,
        "discount_type": line.discount and line.discount.type.value,
        "discount_value": line.discount and line.discount.value,
        "tax_id": line.tax_id,
        "tax_rate": line.tax.rate,
        "tax_category": line.tax.category,
        "exemption_reason": line.tax.exemption_reason,
        "amount": totals.amount,
        "discount": totals.discount,
        "tax": totals.tax,
    }


def unstored_lines(bill: Bill, totals: Totals) -> list[LineRow]:
    """The lines as they would be stored, with the id 0."""
    return [LineRow(id=0, **line_values(*pair)) for pair in zip(bill.lines, totals.lines, strict=True)]


class Lines:
    """The lines of one kind of bill: their table, and the column that names their bill."""

    def __init__(self, table: Table, owner: str) -> None:
        self._owner = owner
        self._insert = table.insert().returning(table.c.id, sort_by_parameter_order=True)
        belonging = (table.c.account_id == bindparam("account"), table.c[owner] == bindparam("bill"))
        self._select: Select[Any] = select(*rows.columns(table, LineRow)).where(*belonging).order_by(table.c.position)
        self._delete = delete(table).where(*belonging)

    def insert(self, tx: Tx, account: Account, bill_id: int, bill: Bill, totals: Totals) -> list[LineRow]:
        """Writes the lines of a bill and answers them as they are stored."""
        values = [line_values(line, computed) for line, computed in zip(bill.lines, totals.lines, strict=True)]
        keys = {"account_id": account.id, self._owner: bill_id}
        placed = [{**keys, "position": position, **value} for position, value in enumerate(values)]
        ids = tx.execute(self._insert, placed).scalars()
        return [LineRow(id=line_id, **value) for line_id, value in zip(ids, values, strict=True)]

    def replace(self, tx: Tx, account: Account, bill_id: int, bill: Bill, totals: Totals) -> list[LineRow]:
        """Puts other lines in the place of a draft's."""
        tx.execute(self._delete, {"account": account.id, "bill": bill_id})
        return self.insert(tx, account, bill_id, bill, totals)

    def of(self, tx: Tx, account: Account, bill_id: int) -> list[LineRow]:
        """The lines of a bill, in order."""
        return [LineRow(*row) for row in tx.all(self._select, {"account": account.id, "bill": bill_id})]
