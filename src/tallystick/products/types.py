"""The shape of a product."""

from datetime import datetime
from decimal import Decimal

import msgspec

from tallystick.core.labels import Metadata


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
