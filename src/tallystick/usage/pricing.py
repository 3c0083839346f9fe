"""What usage costs, part by part, in a report: pure (API.md, section 10).

A cost of an event's own stands. A price that is the same for each unit prices every part by itself. Any other price is
of a customer's calendar month, and each part of the month bears of it in proportion to its quantity.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from tallystick.core.rating import ZERO, Rate, Rated, Rates, RateUnit, charged_parts, charged_units, cost
from tallystick.usage import amounts


class UsagePart(NamedTuple):
    """Of which usage a part is: from a ``day`` on within a month, of a meter or else as its events name it.

    Each ``group``, the values of the meter's own dimensions, is priced by itself. ``adds_up``: the quantities of the
    parts of a month sum to the month's.
    """

    day: date
    meter: str | None
    group: tuple[str | None, ...]
    service: str | None
    region: str | None
    adds_up: bool
    has_cost: bool


class Used(NamedTuple):
    """What a customer used of a part: the quantity and the events' own costs in parts of 10**-12.

    ``key`` is whatever it is told by.
    """

    part: UsagePart
    customer_id: int
    events: int
    quantity: int
    costs: int
    key: Any = None


class _Fit(NamedTuple):
    """A rate; where each unit costs the same, every part is priced alone, by what a part of a unit costs.

    ``each`` is in parts of 10**-26.
    """

    rate: Rate
    is_alone: bool
    each: int


class Pricing:
    """The rates of an account, in one currency, and what of the costs of whole months was handed out."""

    def __init__(self, rates: Iterable[Rate], currency: str) -> None:
        self._currency = currency
        self._rates = Rates(rates)
        self._fits: dict[tuple[UsagePart, int], _Fit | None] = {}
        self._months: dict[tuple[Any, ...], _Month] = {}

    def is_of_month(self, used: Used) -> bool:
        """Whether it is priced by the whole month that it is of, which must then be added before."""
        fit = self._fit(used)
        return fit is not None and not fit.is_alone

    def add(self, used: Used) -> None:
        """Takes in what was used in a part of a whole month."""
        fit = self._fit(used)
        if fit is not None and not fit.is_alone:
            month = _Month(fit.rate, adds_up=used.part.adds_up)
            self._months.setdefault(_month_key(used, fit.rate), month).add(used)

    def cost(self, used: Used) -> int | None:
        """What it costs in parts of 10**-26; None where no rate fits. A part of a month is asked for once."""
        if used.part.has_cost:
            return used.costs * amounts.A_PART
        fit = self._fit(used)
        if fit is None:
            return None
        if fit.is_alone:
            return max(charged_parts(fit.rate.unit, used.quantity, used.events), 0) * fit.each
        return self._months[_month_key(used, fit.rate)].share(used)

    def _fit(self, used: Used) -> _Fit | None:
        key = used.part, self._rates.customer(used.customer_id)
        try:
            return self._fits[key]
        except KeyError:
            fit = self._fits[key] = self._found(*key)
            return fit

    def _found(self, part: UsagePart, customer_id: int) -> _Fit | None:
        month = part.day.replace(day=1)
        rated = Rated(customer_id, part.meter, part.service, part.region, self._currency)
        rate = None if part.has_cost else self._rates.fitting(rated, part.day if part.adds_up else month, month)
        if rate is None:
            return None
        is_alone = rate.price.is_linear and part.adds_up
        return _Fit(rate, is_alone, amounts.to_cost(rate.price.unit_price or ZERO) // amounts.ONE)


def _month_key(used: Used, rate: Rate) -> tuple[Any, ...]:
    day, meter, group, *_ = used.part
    return used.customer_id, day.year, day.month, meter, group, rate.id


class _Month:
    """What is priced together in a month; its parts bear its cost by their quantities, or else by their events."""

    def __init__(self, rate: Rate, *, adds_up: bool) -> None:
        self._rate = rate
        self._by_quantity = adds_up and rate.unit is not RateUnit.EVENT
        self._quantity = 0
        self._events = 0
        self._price: int | None = None
        self._borne = 0
        self._given = 0

    def add(self, used: Used) -> None:
        self._quantity += used.quantity
        self._events += used.events

    def share(self, used: Used) -> int:
        """The part's share in whole parts of 10**-12, but for the last; all shares of the month sum to its cost."""
        is_by_quantity = self._by_quantity and self._quantity > 0
        whole = self._quantity if is_by_quantity else self._events
        self._borne += used.quantity if is_by_quantity else used.events
        price = self._whole_price()
        until = price if self._borne == whole else amounts.rounded(price * self._borne, whole) * amounts.A_PART
        share = until - self._given
        self._given = until
        return share

    def _whole_price(self) -> int:
        if self._price is None:
            units = charged_units(self._rate.unit, amounts.of_parts(self._quantity), self._events)
            self._price = amounts.to_cost(cost(self._rate.price, units))
        return self._price
