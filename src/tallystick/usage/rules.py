"""The decisions of usage."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import structs

from tallystick.core.errors import FieldErrors
from tallystick.core.rating import ZERO, Price, Rate, RateUnit, Tier, price_errors
from tallystick.store.engines import to_json
from tallystick.usage.types import RateRow

TARGET = ("meter_id", "service", "region", "customer_id", "currency", "valid_from")
"""All that a rate is for."""

COLUMNS = (*TARGET, "unit", "tax_id")
"""The columns of a rate beside its price."""

RATE_FIELDS = tuple(name for name in Rate.__struct_fields__ if name != "price")


def target(values: Mapping[str, Any]) -> str:
    """All that a rate is for, in one text, which no other rate of the account has."""
    return msgspec.json.encode([_plain(values.get(name)) for name in TARGET]).decode()


def _plain(value: Any) -> Any:
    """A request's own kind of number or text as the built-in one."""
    return int(value) if isinstance(value, int) else value if value is None else str(value)


def with_target(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The columns of a rate, which is always written whole, with its target."""
    return {**values, "target": target(values)}


def whole_rate(values: Mapping[str, Any], before: RateRow | None, currency: str, errors: FieldErrors) -> dict[str, Any]:
    """The columns of a new rate, or of one that was there ``before`` and changes; what is wrong is added to ``errors``.

    Without a currency of its own it has this one.
    """
    stored = {name: getattr(before, name) for name in COLUMNS} if before else {"currency": currency}
    columns = {**dict.fromkeys(COLUMNS), **stored, **{name: values[name] for name in COLUMNS if name in values}}
    if (columns["meter_id"] is None) == (columns["service"] is None) and "meter" not in errors:
        errors["meter"] = ["Must be given, or a service, and not both."]
    price = _price(values, before)
    errors.update(price_errors(price))
    return {**columns, "price": price_json(price)}


def _price(values: Mapping[str, Any], before: RateRow | None) -> Price:
    kept = dict.fromkeys(Price.__struct_fields__) if before is None else structs.asdict(price(before))
    named = {name: _number(values[name]) for name in Price.__struct_fields__ if name in values}
    if named.get("tiers"):
        tiers = ((each.up_to, each.unit_price, each.flat or ZERO) for each in named["tiers"])
        named["tiers"] = tuple(Tier(*map(_number, tier)) for tier in tiers)
    if before is not None and named.get("model", before.price["model"]) != before.price["model"]:
        # Of another model it has nothing but what it is given.
        kept = dict.fromkeys(Price.__struct_fields__)
    whole = {name: value for name, value in {**kept, **named}.items() if value is not None}
    return Price(**whole)


def _number(value: Any) -> Any:
    """A request's own kind of number as the built-in one."""
    return Decimal(value) if isinstance(value, Decimal) else value


def price_json(price: Price) -> dict[str, Any]:
    """A price as it is stored: its numbers are texts, and what it does not have is left out."""
    kept = {name: value for name in Price.__struct_fields__ if (value := getattr(price, name)) not in (None, ())}
    plain: dict[str, Any] = msgspec.json.decode(to_json(kept))
    return plain


def price(row: RateRow) -> Price:
    """The price of a stored rate."""
    return msgspec.convert(row.price, Price)


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
        price=price(row),
    )
