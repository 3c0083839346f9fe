"""The shape of a product."""

from datetime import datetime
from decimal import Decimal

import msgspec


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
    version: int
    created_at: datetime
    updated_at: datetime
