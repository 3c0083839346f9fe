"""What usage costs, part by part, in a report: pure (API.md, section 10).

A cost of an event's own stands. A price that is the same for each unit prices every part by itself. Any other price is
of a customer's calendar month, and each part of the month bears of it in proportion to its quantity.
"""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, NamedTuple

from tallystick.core.rating import FRACTION_DIGITS, ZERO, Rate, Rated, RateUnit, charged_units, cost, fitting
from tallystick.store.usage_file import EXACT

SMALLEST = Decimal(1).scaleb(-FRACTION_DIGITS)
_WIDE = Context(prec=200)


class Used(NamedTuple):
    """What a customer used from a ``day`` on within a month, of a meter or else as its events name it.

    Each ``group``, the values of the meter's own dimensions, is priced by itself. ``adds_up``: the quantities of the
    parts of a month sum to the month's. ``key`` is whatever the part is told by.
    """

    customer_id: int
    day: date
    meter: str | None
    group: tuple[str | None, ...]
    service: str | None
    region: str | None
    adds_up: bool
    has_cost: bool
    events: int
    quantity: Decimal
    costs: Decimal
    key: Any = None


class Pricing:
    """The rates of an account, in one currency, and what of the costs of whole months was handed out."""

    def __init__(self, rates: Iterable[Rate], currency: str) -> None:
        self._currency = currency
        self._of_all: list[Rate] = []
        self._own: dict[int, list[Rate]] = {}
        for rate in rates:
            if rate.customer_id is None:
                self._of_all.append(rate)
            else:
                self._own.setdefault(rate.customer_id, []).append(rate)
        self._found: dict[tuple[Rated, date], Rate | None] = {}
        self._months: dict[tuple[Any, ...], _Month] = {}

    def is_of_month(self, used: Used) -> bool:
        """Whether the part is priced by the whole month that it is of, which must then be added before."""
        rate = self._rate(used)
        return rate is not None and not _is_alone(used, rate)

    def add(self, used: Used) -> None:
        """Takes in a part of a whole month."""
        rate = self._rate(used)
        if rate is not None and not _is_alone(used, rate):
            self._months.setdefault(_month_key(used, rate), _Month(rate, adds_up=used.adds_up)).add(used)

    def cost(self, used: Used) -> Decimal | None:
        """What the part costs in major units; None where no rate fits. A part of a month is asked for once."""
        if used.has_cost:
            return used.costs
        rate = self._rate(used)
        if rate is None:
            return None
        if _is_alone(used, rate):
            return cost(rate.price, charged_units(rate.unit, used.quantity, used.events))
        return self._months[_month_key(used, rate)].share(used)

    def _rate(self, used: Used) -> Rate | None:
        if used.has_cost:
            return None
        own = self._own.get(used.customer_id)
        customer_id = used.customer_id if own else 0
        month = used.day.replace(day=1)
        day = used.day if used.adds_up else month
        rated = Rated(customer_id, used.meter, used.service, used.region, self._currency)
        if (rated, day) not in self._found:
            rates = [*self._of_all, *own] if own else self._of_all
            self._found[rated, day] = fitting(rates, rated, day, month)
        return self._found[rated, day]


def _is_alone(used: Used, rate: Rate) -> bool:
    return rate.price.is_linear and used.adds_up


def _month_key(used: Used, rate: Rate) -> tuple[Any, ...]:
    return used.customer_id, used.day.year, used.day.month, used.meter, used.group, rate.id


class _Month:
    """What is priced together in a month; its parts bear its cost by their quantities, or else by their events."""

    def __init__(self, rate: Rate, *, adds_up: bool) -> None:
        self._rate = rate
        self._by_quantity = adds_up and rate.unit is not RateUnit.EVENT
        self._quantity = ZERO
        self._events = 0
        self._borne = ZERO
        self._given = ZERO

    def add(self, used: Used) -> None:
        self._quantity = EXACT.add(self._quantity, used.quantity)
        self._events += used.events

    def share(self, used: Used) -> Decimal:
        """The part's share in parts of 10**-12; all shares of the month sum to its cost."""
        is_by_quantity = self._by_quantity and self._quantity > 0
        whole = self._quantity if is_by_quantity else Decimal(self._events)
        self._borne = EXACT.add(self._borne, used.quantity if is_by_quantity else Decimal(used.events))
        price = cost(self._rate.price, charged_units(self._rate.unit, self._quantity, self._events))
        until = price if self._borne == whole else _in_proportion(price, self._borne, whole)
        share = EXACT.subtract(until, self._given)
        self._given = until
        return share


def _in_proportion(price: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return rounded(_WIDE.divide(_WIDE.multiply(price, part), whole))


def rounded(cost: Decimal) -> Decimal:
    """A cost in parts of 10**-12."""
    return cost.quantize(SMALLEST, ROUND_HALF_UP, _WIDE)
