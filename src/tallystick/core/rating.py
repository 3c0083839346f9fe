"""What usage costs: the price of a quantity, exact, and which of an account's rates is the one that fits.

All numbers are Decimals, and nothing is rounded here but a time in hours, to ``FRACTION_DIGITS``: a cost is rounded
once, on the line that bills it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple

from msgspec import Struct

from tallystick.core.errors import FieldErrors
from tallystick.core.money import RoundingMode, round_ratio

FRACTION_DIGITS = 12
PARTS_OF_ONE: int = 10**FRACTION_DIGITS
SECONDS_PER_HOUR = 3600
ZERO = Decimal(0)

# Wide enough for sums and products of the longest numbers; whatever would be cut off is an error.
_EXACT = Context(prec=200, traps=[InvalidOperation, Inexact])


class Aggregation(StrEnum):
    """How a meter makes one quantity of many events."""

    COUNT = "count"
    """How many there are."""
    SUM = "sum"
    MAX = "max"
    LAST = "last"
    """What the latest of them measured; of two at one instant, the one that came in later."""
    UNIQUE = "unique"
    """How many values there are, each counted once."""


class PriceModel(StrEnum):
    """How a quantity becomes a cost."""

    PER_UNIT = "per_unit"
    """Each unit at the ``unit_price``."""
    GRADUATED = "graduated"
    """Each unit at the price of the tier in which it lies; the flat fee of each tier that is entered."""
    VOLUME = "volume"
    """All units at the price of the tier in which the whole quantity lies, with that tier's flat fee."""
    PACKAGE = "package"
    """By packages of ``size`` units, the last one whole, each at the ``unit_price``."""
    PERCENTAGE = "percentage"
    """``percent`` of the quantity, which is an amount; at least ``minimum`` and at most ``maximum``."""


TIERED = (PriceModel.GRADUATED, PriceModel.VOLUME)


class RateUnit(StrEnum):
    """What a rate counts, where that is not the quantity as it is."""

    HOUR = "hour"
    """The quantity is a time in seconds, and is priced by the hour."""
    SECOND = "second"
    """The quantity is a time in seconds."""
    EVENT = "event"
    """However much each event measured, it is one."""


class Tier(NamedTuple):
    """Units up to and including ``up_to``, from where the tier before it ends; None is without end.

    The first tier is entered at 0, any other by a quantity above the end of the one before it.
    """

    up_to: Decimal | None
    unit_price: Decimal
    flat: Decimal = ZERO


class Price(Struct, frozen=True, kw_only=True):
    """What a quantity costs, in major units of the rate's currency. What its ``model`` does not use is None or empty.

    ``free_units`` are taken off the quantity first. ``flat`` is charged once a period, and like the first tier's flat
    fee and the ``minimum`` also where nothing was used, unless it is ``free_if_unused``.
    """

    model: PriceModel
    unit_price: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    size: Decimal | None = None
    percent: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    free_units: Decimal = ZERO
    flat: Decimal = ZERO
    free_if_unused: bool = False

    @property
    def is_linear(self) -> bool:
        """Whether each unit costs the same, however many there are: only then are days priced one by one."""
        return self.model is PriceModel.PER_UNIT and not self.free_units and not self.flat


class Rate(Struct, frozen=True, kw_only=True):
    """A price, and what it is for: a ``meter`` or a ``service``; only in a region, or for a customer, where it has one.

    ``valid_from`` is the first day, in the account's time zone, on which it is in force; None is always.
    """

    id: int
    meter: str | None
    service: str | None
    region: str | None
    customer_id: int | None
    currency: str
    unit: RateUnit | None
    valid_from: date | None
    tax_id: int | None
    price: Price

    def __hash__(self) -> int:
        """Of its id alone: much is looked up by its rate."""
        return hash(self.id)


class Rated(NamedTuple):
    """What a rate is looked for: usage of a customer (0 is nobody's) that is billed in a currency."""

    customer_id: int
    meter: str | None
    service: str | None
    region: str | None
    currency: str


def cost(price: Price, quantity: Decimal) -> Decimal:
    """What a period's quantity, 0 or more and in the rate's units, costs in major units; exact."""
    if not quantity and price.free_if_unused:
        return ZERO
    charged = max(_EXACT.subtract(quantity, price.free_units), ZERO)
    return _plain(_EXACT.add(_COSTS[price.model](price, charged), price.flat))


def _per_unit(price: Price, quantity: Decimal) -> Decimal:
    return _EXACT.multiply(quantity, price.unit_price or ZERO)


def _graduated(price: Price, quantity: Decimal) -> Decimal:
    total, begin = ZERO, ZERO
    for tier in price.tiers:
        end = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total = _sum(total, _EXACT.multiply(_EXACT.subtract(end, begin), tier.unit_price), tier.flat)
        if tier.up_to is None or quantity <= tier.up_to:
            break
        begin = tier.up_to
    return total


def _volume(price: Price, quantity: Decimal) -> Decimal:
    tier = next(tier for tier in price.tiers if tier.up_to is None or quantity <= tier.up_to)
    return _EXACT.add(_EXACT.multiply(quantity, tier.unit_price), tier.flat)


def _package(price: Price, quantity: Decimal) -> Decimal:
    size = price.size or Decimal(1)
    whole, rest = _EXACT.divmod(quantity, size)
    return _EXACT.multiply(_EXACT.add(whole, Decimal(bool(rest))), price.unit_price or ZERO)


def _percentage(price: Price, quantity: Decimal) -> Decimal:
    share = _EXACT.multiply(quantity, price.percent or ZERO).scaleb(-2, _EXACT)
    lifted = share if price.minimum is None else max(share, price.minimum)
    return lifted if price.maximum is None else min(lifted, price.maximum)


_COSTS = {
    PriceModel.PER_UNIT: _per_unit,
    PriceModel.GRADUATED: _graduated,
    PriceModel.VOLUME: _volume,
    PriceModel.PACKAGE: _package,
    PriceModel.PERCENTAGE: _percentage,
}


def _sum(*parts: Decimal) -> Decimal:
    total = ZERO
    for part in parts:
        total = _EXACT.add(total, part)
    return total


def _plain(number: Decimal) -> Decimal:
    """Without zeros at its end, so that equal costs look the same."""
    short = number.normalize(_EXACT)
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1), context=_EXACT)  # type: ignore[operator]


def charged_units(unit: RateUnit | None, quantity: Decimal, events: int) -> Decimal:
    """A measured quantity, of so many events, as the rate counts it. Hours are rounded to ``FRACTION_DIGITS``."""
    if unit is not RateUnit.HOUR:
        return Decimal(events) if unit is RateUnit.EVENT else quantity
    parts = int(quantity.scaleb(FRACTION_DIGITS, _EXACT).quantize(Decimal(1), context=_EXACT))
    return _plain(Decimal(charged_parts(unit, parts, events)).scaleb(-FRACTION_DIGITS, _EXACT))


def charged_parts(unit: RateUnit | None, parts: int, events: int) -> int:
    """As ``charged_units``, in parts of 10**-12."""
    if unit is RateUnit.EVENT:
        return events * PARTS_OF_ONE
    return round_ratio(parts, SECONDS_PER_HOUR, RoundingMode.HALF_UP) if unit is RateUnit.HOUR else parts


class Rates:
    """An account's rates; the one that fits is looked for once for all customers that have no price of their own."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self.all = tuple(rates)
        self._of_all: dict[str | None, list[Rate]] = {}
        self._own: dict[int, list[Rate]] = {}
        for rate in self.all:
            if rate.customer_id is None:
                self._of_all.setdefault(rate.meter, []).append(rate)
            else:
                self._own.setdefault(rate.customer_id, []).append(rate)
        self._found: dict[tuple[Any, ...], Rate | None] = {}

    def customer(self, customer_id: int) -> int:
        """The customer, or 0 for each that has no price of its own."""
        return customer_id if customer_id in self._own else 0

    def fitting(self, rated: Rated, day: date, period_start: date) -> Rate | None:
        """The rate of usage on a day, None where none fits.

        The customer's own comes before any other, then one of the meter before one of the service, then one with a
        region, then the latest that was in force on the day; where its price is not linear, on the first day of the
        period.
        """
        customer_id, *what = rated
        key = self.customer(customer_id), *what, day, period_start
        if key not in self._found:
            of_all = [self._of_all.get(meter, ()) for meter in {None, rated.meter}]
            rates = chain(*of_all, self._own.get(customer_id, ()))
            fit = [rate for rate in rates if _fits(rate, rated, day if rate.price.is_linear else period_start)]
            self._found[key] = max(fit, key=_precedence, default=None)
        return self._found[key]


def _fits(rate: Rate, rated: Rated, day: date) -> bool:
    return (
        rate.currency == rated.currency
        and rate.customer_id in (None, rated.customer_id)
        and (rate.meter is None or rate.meter == rated.meter)
        and (rate.service is None or rate.service == rated.service)
        and (rate.region is None or rate.region == rated.region)
        and (rate.valid_from is None or rate.valid_from <= day)
    )


def _precedence(rate: Rate) -> tuple[bool, bool, bool, date]:
    is_own, is_of_meter, is_of_region = (each is not None for each in (rate.customer_id, rate.meter, rate.region))
    return is_own, is_of_meter, is_of_region, rate.valid_from or date.min


_ALLOWED = {
    PriceModel.PER_UNIT: {"unit_price"},
    PriceModel.GRADUATED: {"tiers"},
    PriceModel.VOLUME: {"tiers"},
    PriceModel.PACKAGE: {"unit_price", "size"},
    PriceModel.PERCENTAGE: {"percent", "minimum", "maximum"},
}
_OPTIONAL = {"minimum", "maximum"}
_OF_A_MODEL = ("unit_price", "tiers", "size", "percent", "minimum", "maximum")


def price_errors(price: Price) -> FieldErrors:
    """What is wrong with a price, by field: what its model lacks or does not have, and tiers that do not ascend."""
    errors: FieldErrors = {}
    allowed = _ALLOWED[price.model]
    for name in _OF_A_MODEL:
        is_given = getattr(price, name) not in (None, ())
        if is_given and name not in allowed:
            errors[name] = [f"Is not a field of the model {price.model}."]
        elif not is_given and name in allowed - _OPTIONAL:
            errors[name] = [f"Is needed by the model {price.model}."]
    if price.size is not None and price.size <= 0:
        errors["size"] = ["Must be above 0."]
    if price.minimum is not None and price.maximum is not None and price.minimum > price.maximum:
        errors["maximum"] = ["Must not be below the minimum."]
    return errors | ({} if "tiers" in errors else _tier_errors(price.tiers))


def _tier_errors(tiers: Sequence[Tier]) -> FieldErrors:
    errors: FieldErrors = {}
    end = ZERO
    for place, tier in enumerate(tiers):
        field, is_last = f"tiers.{place}.up_to", place == len(tiers) - 1
        if (tier.up_to is None) != is_last:
            errors[field] = ["Must be null in the last tier, and in no other."]
        elif tier.up_to is not None and tier.up_to <= end:
            errors[field] = ["Must be above the end of the tier before it."]
        end = tier.up_to or end
    return errors
