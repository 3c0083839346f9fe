"""What was used by each customer, as reports take it: by the meters, and by what events name where none measures them.

An event that names a meter is of that one. One that names only a service is of each meter that has the service among
its filters, and by itself where none has it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from tallystick.core.account import Account
from tallystick.core.rating import Aggregation, Rate
from tallystick.store.db import Tx
from tallystick.usage import resource, store
from tallystick.usage.instants import midnight_us
from tallystick.usage.pricing import Used
from tallystick.usage.types import Measured, Meter, Selection, Span

A_DAY = timedelta(days=1)
ADDITIVE = (Aggregation.COUNT, Aggregation.SUM)
DAY, MONTH, CUSTOMER, METER = "day", "month", "customer", "meter"
NOT_OF_EVENTS = (DAY, MONTH, CUSTOMER, METER)
"""What is grouped by that the store is not asked for: the span tells the first two, and each is measured by itself."""


class Wanted(NamedTuple):
    """Which usage: both days whole, in the account's time zone.

    Of the events that have one of the values of each filter; where there is a ``meter``, as far as that measures them.
    Told by the dimensions of ``group``: ``day``, ``month``, ``customer``, ``meter``, or those of a ``Selection``.
    """

    first: date
    last: date
    customers: Sequence[int]
    meter: str | None = None
    filters: Mapping[str, list[str]] = {}
    group: tuple[str, ...] = ()


class Measuring:
    """How an account's usage is measured: by its meters, and as finely as its rates tell apart."""

    def __init__(self, tx: Tx, account: Account) -> None:
        self._tx = tx
        self._account = account
        self.meters = resource.meters(tx, account)
        self.rates: list[Rate] = resource.rates(tx, account)
        self._priced_by = tuple(
            name for name in ("service", "region") if any(getattr(rate, name) is not None for rate in self.rates)
        )
        self._covered = {name for meter in self.meters.values() for name in meter.filters.get("service", ())}

    @property
    def prices_months(self) -> bool:
        """Whether some usage is priced by a whole month."""
        return any(not rate.price.is_linear for rate in self.rates) or not all(map(adds_up, self.meters.values()))

    def used(self, wanted: Wanted, only: Collection[str | None] | None = None) -> Iterator[Used]:
        """What was used, in parts that one rate each is for; ``only`` by these meters, None what is of none."""
        chosen = only if wanted.meter is None else {wanted.meter}
        for meter in self.meters.values():
            if not is_plain(meter) and (chosen is None or meter.key in chosen):
                yield from self.by_meter(meter, wanted)
        if chosen is None or any(key is None or self._is_plain(key) for key in chosen):
            yield from (used for used in self._by_name(wanted) if chosen is None or used.meter in chosen)

    def measuring(self, meter: str | None, service: str | None) -> list[Meter | None]:
        """The meters that may measure an event that names these; None where it is measured by itself."""
        if meter is not None:
            return [self.meters.get(meter)]
        return [each for each in self.meters.values() if service in each.filters.get("service", ())] or [None]

    def _is_by_name(self, meter: str | None, service: str | None) -> bool:
        return service not in self._covered if meter is None else self._is_plain(meter)

    def _is_plain(self, key: str) -> bool:
        return key not in self.meters or is_plain(self.meters[key])

    def _by_name(self, wanted: Wanted) -> Iterator[Used]:
        """What the meters measure that take just the events that name them, and what no meter measures."""
        service = ("service",) if self._covered else ()
        group = dict.fromkeys(("meter", *service, *self._priced_by, *_of_events(wanted.group)))
        filters = wanted.filters if wanted.meter is None else {**wanted.filters, "meter": [wanted.meter]}
        for day, found, values in self._measured(wanted, Selection(Aggregation.SUM, None, None, filters, tuple(group))):
            key = values["meter"]
            if self._is_by_name(key, values.get("service")):
                used = _used(day, found, values, key, ())
                yield _told(_counted(used, self.meters.get(key or "")), wanted, values)

    def by_meter(self, meter: Meter, wanted: Wanted) -> Iterator[Used]:
        """What one meter measures, be it stored or not."""
        selection = self._selection(meter, wanted)
        if selection is None:
            return
        for day, found, values in self._measured(wanted, selection):
            group = tuple(values[name] for name in meter.group_by)
            used = _used(day, found, values, meter.key, group)
            yield _told(used._replace(adds_up=adds_up(meter)), wanted, values)

    def _selection(self, meter: Meter, wanted: Wanted) -> Selection | None:
        """What the meter measures of what is wanted; None where that can be nothing."""
        filters = dict(wanted.filters)
        for name, values in meter.filters.items():
            filters[name] = [value for value in values if value in filters.get(name, values)]
        if not all(filters.values()):
            return None
        priced_by = self._priced_by if adds_up(meter) else ()
        one = Selection.of_meter(meter, *priced_by, *_of_events(wanted.group))._replace(filters=filters)
        if "service" in meter.filters:
            return one
        return one._replace(meter=None, filters={**filters, "meter": [meter.key]})

    def _measured(self, wanted: Wanted, selection: Selection) -> Iterator[tuple[date, Measured, dict[str, str | None]]]:
        """What the events came to from each day on, with their dimensions by name."""
        days = self._days(wanted, is_cut=selection.aggregation in ADDITIVE)
        midnights = [midnight_us(day, self._account.timezone) for day in (*days, wanted.last + A_DAY)]
        spans = [Span(*bounds) for bounds in pairwise(midnights)]
        for found in store.aggregate(self._tx, self._account, wanted.customers, spans, selection):
            yield days[found.place], found, dict(zip(selection.group, found.group, strict=True))

    def _days(self, wanted: Wanted, *, is_cut: bool) -> list[date]:
        """The days on which a part begins: each, or those of a new month, or on which a rate comes into force."""
        count = (wanted.last - wanted.first).days + 1
        days = [wanted.first + place * A_DAY for place in range(count)]
        cuts = {rate.valid_from for rate in self.rates} if is_cut else set()
        return [day for day in days if DAY in wanted.group or day.day == 1 or day == wanted.first or day in cuts]


def is_plain(meter: Meter) -> bool:
    """Whether it takes just the events that name it, by their own quantities or by how many they are."""
    return adds_up(meter) and meter.of is None and not meter.filters and not meter.group_by


def adds_up(meter: Meter) -> bool:
    """Whether what it measures of the parts of a time sums to what it measures of the whole."""
    return meter.aggregation in ADDITIVE


def _of_events(group: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in group if name not in NOT_OF_EVENTS)


def _used(
    day: date, found: Measured, values: Mapping[str, str | None], key: str | None, group: tuple[str | None, ...]
) -> Used:
    by = (values.get("service"), values.get("region"))
    return Used(
        *(found.customer_id, day, key, group, *by, True),
        *(found.has_cost, found.events, found.quantity, found.costs),
    )


def _counted(used: Used, meter: Meter | None) -> Used:
    is_count = meter is not None and meter.aggregation is Aggregation.COUNT
    return used._replace(quantity=Decimal(used.events)) if is_count else used


def _told(used: Used, wanted: Wanted, values: Mapping[str, str | None]) -> Used:
    return used._replace(key=tuple(_value(name, used, values) for name in wanted.group))


def _value(name: str, used: Used, values: Mapping[str, str | None]) -> object:
    match name:
        case "day":
            return used.day
        case "month":
            return f"{used.day:%Y-%m}"
        case "customer":
            return used.customer_id or None
        case "meter":
            return used.meter
        case _:
            return values[name]
