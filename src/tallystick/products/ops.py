"""The verbs of products."""

from collections.abc import Mapping
from typing import Any

from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.products import store
from tallystick.products.types import Product
from tallystick.store import outbox
from tallystick.store.db import Tx


def create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Product:
    """Makes a product."""
    store.check_tax(tx, account, values.get("tax_id"))
    product = store.insert(tx, account, values)
    outbox.add(tx, account, Event.PRODUCT_CREATED, product.id)
    return product


def update(tx: Tx, account: Account, product_id: int, changes: Mapping[str, Any], version: int | None) -> Product:
    """Changes what ``changes`` name. Bills keep the price and the tax that they were made with."""
    store.check_tax(tx, account, changes.get("tax_id"))
    product = store.change(tx, account, product_id, changes, version)
    outbox.add(tx, account, Event.PRODUCT_UPDATED, product_id)
    return product


def delete(tx: Tx, account: Account, product_id: int) -> Product | None:
    """Deletes a product, or deactivates and answers it where a bill names it."""
    try:
        store.delete(tx, account, product_id)
    except Conflict:
        return _set_active(tx, account, product_id, active=False)
    outbox.add(tx, account, Event.PRODUCT_DELETED, product_id)
    return None


def reactivate(tx: Tx, account: Account, product_id: int) -> Product:
    """Puts a deactivated product on sale again."""
    return _set_active(tx, account, product_id, active=True)


def _set_active(tx: Tx, account: Account, product_id: int, *, active: bool) -> Product:
    product = store.change(tx, account, product_id, {"is_active": active}, None)
    outbox.add(tx, account, Event.PRODUCT_REACTIVATED if active else Event.PRODUCT_DEACTIVATED, product_id)
    return product
