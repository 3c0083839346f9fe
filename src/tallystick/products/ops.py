"""The verbs of products, as far as they differ from those of every resource."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.core.events import Event
from tallystick.products.resource import PRODUCTS
from tallystick.products.types import Product
from tallystick.store.db import Tx
from tallystick.store.tables import taxes

# Tells by a row that the account has this tax.
KNOWN_TAX = select(taxes.c.id).where(taxes.c.account_id == bindparam("account"), taxes.c.id == bindparam("tax"))


def create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Product:
    """Makes a product."""
    _check_tax(tx, account, values.get("tax_id"))
    return PRODUCTS.create(tx, account, values)


def update(tx: Tx, account: Account, product_id: int, changes: Mapping[str, Any], version: int | None) -> Product:
    """Changes what ``changes`` name. Bills keep the price and the tax that they were made with."""
    _check_tax(tx, account, changes.get("tax_id"))
    return PRODUCTS.update(tx, account, product_id, changes, version)


def delete(tx: Tx, account: Account, product_id: int) -> Product | None:
    """Deletes a product, or deactivates and answers it where a bill names it."""
    try:
        PRODUCTS.delete(tx, account, product_id)
    except Conflict:
        return PRODUCTS.change(tx, account, product_id, {"is_active": False}, None, Event.PRODUCT_DEACTIVATED)
    return None


def reactivate(tx: Tx, account: Account, product_id: int) -> Product:
    """Puts a deactivated product on sale again."""
    return PRODUCTS.change(tx, account, product_id, {"is_active": True}, None, Event.PRODUCT_REACTIVATED)


def _check_tax(tx: Tx, account: Account, tax_id: int | None) -> None:
    if tax_id is not None and tx.row(KNOWN_TAX, int, account=account.id, tax=tax_id) is None:
        raise ValidationFailed({"tax_id": ["There is no such tax."]})
