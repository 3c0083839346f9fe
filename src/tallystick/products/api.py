"""The native wire of products."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.core.account import Account
from tallystick.core.labels import Metadata
from tallystick.core.money import digits
from tallystick.products import ops, types
from tallystick.products.resource import PRODUCTS
from tallystick.wire import render
from tallystick.wire.call import Call, Change, Deleted, given
from tallystick.wire.csv import CsvFile
from tallystick.wire.lists import ListQuery, among, listed, page_request
from tallystick.wire.reply import Listed, Reply
from tallystick.wire.scalars import Currency, ExternalId, Id, LongText, MetadataChange, Name, Number, ShortText


class ProductChange(Change, kw_only=True):
    """A product, as far as it is to change. ``unit_price`` in major units, with up to 12 digits after the point."""

    name: Name | UnsetType = UNSET
    description: LongText | None | UnsetType = UNSET
    sku: Name | None | UnsetType = UNSET
    unit_price: Number | UnsetType = UNSET
    currency: Currency | None | UnsetType = UNSET
    unit: ShortText | None | UnsetType = UNSET
    tax_id: Id | None | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    external_id: ExternalId | None | UnsetType = UNSET
    metadata: MetadataChange | None | UnsetType = UNSET


class NewProduct(ProductChange, kw_only=True):
    """A new product."""

    name: Name
    unit_price: Number


class ProductQuery(ListQuery, frozen=True, kw_only=True):
    """``is_active`` selects the products that are on sale, or those that are not."""

    sort: Annotated[ShortText, among(PRODUCTS.sorts)] | None = None
    external_id: ExternalId | None = None
    is_active: bool | None = None


class Product(msgspec.Struct, frozen=True):
    """What an account sells. ``unit_price`` is in major units of ``currency``, or of the bill where that is None."""

    id: int
    name: str
    description: str | None
    sku: str | None
    unit_price: Decimal
    currency: str | None
    unit: str | None
    tax_id: int | None
    is_active: bool
    external_id: str | None
    metadata: Metadata
    version: int
    created_at: datetime
    updated_at: datetime


def filter_from(query: ProductQuery) -> dict[str, Any]:
    """What the query selects."""
    return {"search": query.search, "external_id": query.external_id, "is_active": query.is_active}


def to_json(product: types.Product, account: Account) -> Product:
    """A product as the API shows it."""
    price = render.unit_price(product.unit_price, digits(product.currency or account.currency))
    return msgspec.structs.replace(msgspec.convert(product, Product, from_attributes=True), unit_price=price)


def index(call: Call, query: ProductQuery) -> Listed[Product]:
    """List the products."""
    page = PRODUCTS.page(call.tx, call.account, page_request(query), **filter_from(query))
    return listed(page, lambda product: to_json(product, call.account))


CSV_COLUMNS = {
    "Name": "name",
    "Description": "description",
    "SKU": "sku",
    "Unit Price": "unit_price",
    "Currency": "currency",
    "Unit": "unit",
    "Tax": "tax_id",
    "Active": "is_active",
    "Created": "created_at",
}


def export_csv(call: Call, query: ProductQuery) -> CsvFile:
    """Export the products that a list would show on all its pages.

    `page`, `limit` and `after` change nothing. `Tax` is the id of the product's own tax.
    """
    products = PRODUCTS.every(call.tx, call.account, page_request(query), **filter_from(query))
    shown = (to_json(product, call.account) for product in products)
    rows = ([getattr(product, field) for field in CSV_COLUMNS.values()] for product in shown)
    return CsvFile("products.csv", list(CSV_COLUMNS), rows)


def create(call: Call, body: NewProduct) -> Product:
    """Make a product."""
    return to_json(ops.create(call.tx, call.account, {"is_active": True} | given(body)), call.account)


def get(call: Call, product_id: Id) -> Product:
    """Get one product."""
    return to_json(PRODUCTS.get(call.tx, call.account, product_id), call.account)


def update(call: Call, product_id: Id, body: ProductChange) -> Product:
    """Change a product; bills keep the price they were made with."""
    product = ops.update(call.tx, call.account, product_id, given(body), body.seen_version)
    return to_json(product, call.account)


def delete(call: Call, product_id: Id) -> Reply[Product | Deleted]:
    """Delete a product, or deactivate it where a bill names it."""
    kept = ops.delete(call.tx, call.account, product_id)
    if kept is None:
        return Reply(Deleted(product_id), "The product was deleted.")
    return Reply(to_json(kept, call.account), "A bill names this product, so it was deactivated instead of deleted.")


def reactivate(call: Call, product_id: Id) -> Product:
    """Put a deactivated product on sale again."""
    return to_json(ops.reactivate(call.tx, call.account, product_id), call.account)
