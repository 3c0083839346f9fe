"""The SQL of products."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.products.types import Product, ProductFilter
from tallystick.store import rows
from tallystick.store.db import Tx, violates
from tallystick.store.paging import Page, PageRequest, fetch, stream
from tallystick.store.search import mentions
from tallystick.store.tables import products, taxes, unique_product_sku

SORTS = {"created_at": products.c.id, "name": products.c.name}
SEARCHED = (products.c.name, products.c.sku, products.c.description)
IN_USE = "A bill names this product, so it cannot be deleted."


def get(tx: Tx, account: Account, product_id: int) -> Product:
    """One product, or NotFound."""
    return rows.get(tx, account, products, Product, product_id)


def page(tx: Tx, account: Account, request: PageRequest, wanted: ProductFilter) -> Page[Product]:
    """A page of the account's products; ``search`` looks in name, SKU and description."""
    return fetch(tx, _selected(account, wanted), request, sorts=SORTS, key=products.c.id, kind=Product)


def every(tx: Tx, account: Account, request: PageRequest, wanted: ProductFilter) -> Iterator[Product]:
    """As ``page``, all of them."""
    return stream(tx, _selected(account, wanted), request, sorts=SORTS, key=products.c.id, kind=Product)


def _selected(account: Account, wanted: ProductFilter) -> Select[Any]:
    query = rows.selection(products, Product, account)
    if wanted.external_id is not None:
        query = query.where(products.c.external_id == wanted.external_id)
    if wanted.is_active is not None:
        query = query.where(products.c.is_active == wanted.is_active)
    if wanted.search:
        query = query.where(mentions(wanted.search, *SEARCHED))
    return query


def insert(tx: Tx, account: Account, values: Mapping[str, Any]) -> Product:
    """Writes a new product; Conflict where its SKU is taken."""
    with _refusing_taken_sku(values):
        return rows.insert(tx, account, products, Product, values)


def change(tx: Tx, account: Account, product_id: int, changes: Mapping[str, Any], version: int | None) -> Product:
    """Changes a product; NotFound, or Conflict where ``version`` is stale or the SKU taken."""
    with _refusing_taken_sku(changes):
        return rows.update(tx, account, products, Product, product_id, changes, version=version)


def delete(tx: Tx, account: Account, product_id: int) -> None:
    """Deletes a product that no bill names; Conflict otherwise."""
    rows.delete(tx, account, products, product_id, in_use=IN_USE)


def check_tax(tx: Tx, account: Account, tax_id: int | None) -> None:
    """Raises ValidationFailed where the account has no such tax."""
    if tax_id is None:
        return
    known = select(taxes.c.id).where(taxes.c.account_id == account.id, taxes.c.id == tax_id)
    if tx.execute(known).one_or_none() is None:
        raise ValidationFailed({"tax_id": ["There is no such tax."]})


@contextmanager
def _refusing_taken_sku(values: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if violates(error, unique_product_sku):
            raise Conflict(f"The SKU {values['sku']} is in use by another product.") from None
        raise
