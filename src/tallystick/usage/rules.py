"""The decisions of usage."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tallystick.core.rating import Price, Rate, RateUnit
from tallystick.usage.types import RateRow

TARGET = ("meter_id", "service", "region", "customer_id", "currency", "valid_from")
"""All that a rate is for."""


def with_target(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns of a rate, which is always written whole, with the text that no other of the account may have."""
    target = msgspec.json.encode([values.get(name) for name in TARGET]).decode()
    return {**values, "target": target}


def price_json(price: Price) -> dict[str, Any]:
    """A price as it is stored: its numbers are texts, and what it does not have is left out."""
    kept = {name: value for name in Price.__struct_fields__ if (value := getattr(price, name)) not in (None, ())}
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(kept))
    return plain


def rate(row: RateRow, meter: str | None) -> Rate:
    """A stored rate, of the meter with this key if it is of one, as prices are found and computed by it."""
    return Rate(
        id=row.id,
        meter=meter,
        service=row.service,
        region=row.region,
        customer_id=row.customer_id,
        currency=row.currency,
        unit=None if row.unit is None else RateUnit(row.unit),
        valid_from=row.valid_from,
        tax_id=row.tax_id,
        price=msgspec.convert(row.price, Price),
    )
