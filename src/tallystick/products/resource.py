"""What products are."""

from tallystick.core.events import Event
from tallystick.products.types import Product
from tallystick.store.resource import Resource, ResourceEvents
from tallystick.store.rows import Rows
from tallystick.store.tables import products, unique_product_sku
from tallystick.store.unique import Unique

PRODUCTS = Resource(
    Rows(products, Product),
    told=ResourceEvents(Event.PRODUCT_CREATED, Event.PRODUCT_UPDATED, Event.PRODUCT_DELETED),
    sorts={"created_at": products.c.id, "name": products.c.name},
    searched=(products.c.name, products.c.sku, products.c.description),
    in_use="A bill names this product, so it cannot be deleted.",
    unique=(Unique("sku", "SKU", unique_product_sku),),
)
