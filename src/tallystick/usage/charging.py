"""From what was measured to what is charged: pure (API.md, section 10)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tallystick.core.account import Account
from tallystick.core.money import digits, round_ratio, to_decimal
from tallystick.core.rating import ZERO, Aggregation, Rate, Rated, Rates, RateUnit, charged_units, cost
from tallystick.store.usage_file import EXACT
from tallystick.usage.amounts import ONE, of_parts
from tallystick.usage.types import Meter

ADDITIVE = (Aggregation.COUNT, Aggregation.SUM)
"""What parts of a quantity add up to it, so that each part may have a price of its own."""

DIMENSIONS = ("service", "region")
"""On which a price may depend."""


class BilledDays(NamedTuple):
    """Days whose usage is billed together, from the first to the last, and their instants in microseconds."""

    first: date
    last: date
    start_us: int
    end_us: int


class EarlierDays(NamedTuple):
    """Days that were billed, of the events that had come in up to ``to_seq``."""

    days: BilledDays
    to_seq: int


class BilledBefore(NamedTuple):
    """What was billed for the usage of some days, and what to lift it to a minimum; in minor units."""

    used: int
    lifted: int


class UsedOn(NamedTuple):
    """What one customer used from a day on, for one combination of a meter's groups, and of services and regions.

    The quantity and the events' own costs are in parts of 10**-12.
    """

    group: tuple[str | None, ...]
    service: str | None
    region: str | None
    day: date
    has_cost: bool
    events: int
    quantity: int
    costs: int


class Priced(NamedTuple):
    """What is priced together: a combination of the meter's groups by a rate, or by the events' own costs."""

    group: tuple[str | None, ...]
    rate: Rate | None
    has_cost: bool


class ChargedPart(NamedTuple):
    """Of which events a charge is a part: of a service, of a region, and from which day of ``Counting.cuts`` on."""

    service: str | None
    region: str | None
    day: date


class Counting(NamedTuple):
    """How a meter's usage of some days was counted: apart ``by`` service or region or both, and from which days on."""

    by: tuple[str, ...]
    cuts: tuple[date, ...]


class Charge(NamedTuple):
    """What was used of a meter, its exact cost in major units, and what of the meter's events it is of.

    The ``units`` are the ``quantity`` that was measured as the rate counts it.
    """

    meter: Meter
    priced: Priced
    quantity: Decimal
    units: Decimal
    events: int
    cost: Decimal
    parts: frozenset[ChargedPart]
    counting: Counting

    def has_price(self, account: Account, currency: str) -> bool:
        """Whether its cost is one in this currency; the events' own are in the account's."""
        return currency == account.currency if self.priced.has_cost else self.priced.rate is not None


def counting(meter: Meter, rates: Sequence[Rate], days: BilledDays) -> Counting:
    """How a meter's usage of some days is counted."""
    return Counting(counted_by(meter, rates), tuple(cuts(meter, rates, days)))


def counted_by(meter: Meter, rates: Sequence[Rate]) -> tuple[str, ...]:
    """By which of service and region a meter's usage is counted apart: where it is grouped by it, or priced by it.

    Only where quantities add up have their parts a price.
    """
    is_additive = meter.aggregation in ADDITIVE
    priced = {name for name in DIMENSIONS if is_additive and any(getattr(rate, name) is not None for rate in rates)}
    return tuple(name for name in DIMENSIONS if name in priced or name in meter.group_by)


def charges(
    meter: Meter,
    used: Sequence[UsedOn],
    rates: Rates,
    customer_id: int,
    currency: str,
    days: BilledDays,
    counting: Counting,
) -> dict[Priced, Charge]:
    """What is charged for a meter's usage on some days; what no rate fits has none, and costs nothing."""
    together: dict[Priced, list[UsedOn]] = {}
    for each in used:
        rated = Rated(customer_id, meter.key, each.service, each.region, currency)
        rate = None if each.has_cost else rates.fitting(rated, each.day, days.first)
        together.setdefault(Priced(each.group, rate, each.has_cost), []).append(each)
    if not together:
        return _unused(meter, rates, Rated(customer_id, meter.key, None, None, currency), days, counting)
    return {priced: _charge(meter, priced, those, counting) for priced, those in together.items()}


def _charge(meter: Meter, priced: Priced, used: Sequence[UsedOn], counting: Counting) -> Charge:
    events = sum(each.events for each in used)
    quantity = units = of_parts(_joined(meter.aggregation, used))
    if priced.rate is None:
        price = of_parts(sum(each.costs for each in used))
    else:
        units = charged_units(priced.rate.unit, quantity, events)
        price = cost(priced.rate.price, units)
    parts = frozenset(ChargedPart(each.service, each.region, each.day) for each in used)
    return Charge(meter, priced, quantity, units, events, price, parts, counting)


def _joined(aggregation: Aggregation, parts: Sequence[UsedOn]) -> int:
    if aggregation is Aggregation.COUNT:
        return sum(part.events for part in parts) * ONE
    if aggregation is Aggregation.MAX:
        return max(part.quantity for part in parts)
    return sum(part.quantity for part in parts)


def _unused(meter: Meter, rates: Rates, rated: Rated, days: BilledDays, counting: Counting) -> dict[Priced, Charge]:
    """What is charged though nothing was used: a flat fee or a minimum."""
    rate = rates.fitting(rated, days.first, days.first)
    price = cost(rate.price, ZERO) if rate else ZERO
    if not price:
        return {}
    priced = Priced(tuple(None for _ in meter.group_by), rate, has_cost=False)
    return {priced: Charge(meter, priced, ZERO, ZERO, 0, price, frozenset(), counting)}


def difference(now: Mapping[Priced, Charge], before: Mapping[Priced, Charge]) -> list[Charge]:
    """What late events change of the charges of their days; nothing for what they leave as it was."""
    found = []
    for priced in {**now, **before}:
        after, until = now.get(priced), before.get(priced)
        some = after or until
        if some is None:
            continue
        quantity = (after.quantity if after else ZERO) - (until.quantity if until else ZERO)
        units = (after.units if after else ZERO) - (until.units if until else ZERO)
        price = (after.cost if after else ZERO) - (until.cost if until else ZERO)
        events = (after.events if after else 0) - (until.events if until else 0)
        if units or price:
            found.append(some._replace(quantity=quantity, units=units, cost=price, events=events))
    return found


class UsageLine(NamedTuple):
    """A line of an invoice that bills usage: what it says, and its charge, None for what a minimum adds.

    ``unit_price`` in major units, ``amount`` in minor units; events up to ``to_seq`` and, of what came late, above
    ``after_seq``.
    """

    description: str
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    tax_id: int | None
    amount: int
    charge: Charge | None
    days: BilledDays
    after_seq: int | None
    to_seq: int


def line(
    charge: Charge, account: Account, currency: str, days: BilledDays, after_seq: int | None, to_seq: int
) -> UsageLine:
    """The line that bills a charge: units and their price where that is the same for each, else the cost as one."""
    rate = charge.priced.rate
    said = _said(charge, days) + _late(after_seq)
    each = rate.price.unit_price if rate is not None and rate.price.is_linear else None
    if each is not None and charge.cost == EXACT.multiply(charge.units, each):
        # A quantity is above 0: what late events take back has a negative price.
        quantity, price, unit = abs(charge.units), -each if charge.units < 0 else each, _unit_of(rate)
    else:
        quantity, price, unit = Decimal(1), rounded(charge.cost, account, currency), None
        said += f": {_told(charge)}"
    amount = to_minor_rounded(charge.cost, account, currency)
    tax_id = rate.tax_id if rate else None
    return UsageLine(said, quantity, unit, price, tax_id, amount, charge, days, after_seq, to_seq)


def _unit_of(rate: Rate | None) -> str | None:
    return None if rate is None or rate.unit in (None, RateUnit.EVENT) else rate.unit


def _said(charge: Charge, days: BilledDays) -> str:
    group = [str(value) for value in charge.priced.group if value is not None]
    return ", ".join([charge.meter.name, *group, f"{days.first} to {days.last}"])


def _late(after_seq: int | None) -> str:
    return "" if after_seq is None else ", late"


def _told(charge: Charge) -> str:
    if charge.priced.has_cost:
        return f"{charge.events} events at their own costs"
    unit = _unit_of(charge.priced.rate)
    return f"{charge.units.normalize():f} {'units' if unit is None else unit + 's'}"


def minimum_line(
    lines: Iterable[UsageLine], minimum: int, currency: str, days: BilledDays, to_seq: int
) -> UsageLine | None:
    """The line that lifts usage to a minimum (minor units); None where it comes to that by itself."""
    missing = minimum - sum(line.amount for line in lines)
    return _of_minimum(missing, currency, days, None, to_seq) if missing > 0 else None


def late_minimum_line(
    lines: Iterable[UsageLine],
    before: BilledBefore,
    minimum: int,
    currency: str,
    days: BilledDays,
    after_seq: int,
    to_seq: int,
) -> UsageLine | None:
    """The line by which usage is lifted more, or less, to the least that was billed for its days.

    ``minimum`` in minor units is what is billed at least now, 0 where there is none.
    """
    used = before.used + sum(line.amount for line in lines)
    change = max(_least(before, minimum) - used, 0) - before.lifted
    return _of_minimum(change, currency, days, after_seq, to_seq) if change else None


def _least(before: BilledBefore, minimum: int) -> int:
    """The minimum by which some days were billed; where it lifted nothing, the one of now, if it would not have."""
    if before.lifted:
        return before.used + before.lifted
    return minimum if minimum <= before.used else 0


def _of_minimum(missing: int, currency: str, days: BilledDays, after_seq: int | None, to_seq: int) -> UsageLine:
    said = f"Minimum for usage, {days.first} to {days.last}" + _late(after_seq)
    price = to_decimal(missing, digits(currency))
    return UsageLine(said, Decimal(1), None, price, None, missing, None, days, after_seq, to_seq)


def rounded(exact: Decimal, account: Account, currency: str) -> Decimal:
    """An exact amount in major units as its currency has it, rounded as the account does."""
    return to_decimal(to_minor_rounded(exact, account, currency), digits(currency))


def to_minor_rounded(exact: Decimal, account: Account, currency: str) -> int:
    """An exact amount in major units as minor units, rounded as the account does."""
    numerator, denominator = exact.as_integer_ratio()
    return round_ratio(numerator * 10 ** digits(currency), denominator, account.rounding_mode)


def cuts(meter: Meter, rates: Iterable[Rate], days: BilledDays) -> list[date]:
    """The first of the days, and those on which another rate may come into force: parts of a quantity begin there.

    What does not add up stays whole.
    """
    if meter.aggregation not in ADDITIVE:
        return [days.first]
    within = {rate.valid_from for rate in rates if rate.valid_from and days.first < rate.valid_from <= days.last}
    return [days.first, *sorted(within)]
