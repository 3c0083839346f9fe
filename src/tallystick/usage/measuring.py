"""What was used by each customer, as reports take it: by the meters, and by what events name where none measures them.

An event that names a meter is of that one. One that names only a service is of each meter that has the service among
its filters, and by itself where none has it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.core.periods import Frequency, occurrence
from tallystick.core.rating import Aggregation, Rate
from tallystick.store.db import Tx
from tallystick.usage import forgetting, resource, store
from tallystick.usage.amounts import ONE
from tallystick.usage.instants import midnight_us
from tallystick.usage.pricing import UsagePart, Used
from tallystick.usage.types import Meter, Selection, Span

A_DAY = timedelta(days=1)
ADDITIVE = (Aggregation.COUNT, Aggregation.SUM)
DAY, MONTH, CUSTOMER, METER = "day", "month", "customer", "meter"
NOT_OF_EVENTS = (DAY, MONTH, CUSTOMER, METER)
"""What is grouped by that the store is not asked for: the span tells the first two, and each is measured by itself."""


ONLY_TOTALS = (
    "The events before {day} are forgotten, but for what each customer's months came to by meter: begin on that day, "
    "or ask for whole months, grouped by month, customer and meter alone."
)


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


Values = Mapping[str, str | None]
"""The dimensions of some events by name."""


class _Told(NamedTuple):
    """What some events stand for, and what that is told by; ``is_count`` where they are counted, not summed."""

    part: UsagePart
    before: tuple[Any, ...]
    after: tuple[Any, ...] | None
    is_count: bool


_PartOf = Callable[[date, Values, bool], _Told | None]


class Measuring:
    """How an account's usage is measured: by its meters, and as finely as its rates tell apart."""

    def __init__(self, tx: Tx, account: Account) -> None:
        self._tx = tx
        self._account = account
        self.meters = resource.meters(tx, account)
        self.rates: list[Rate] = resource.rates(tx, account)
        self.forgotten = forgetting.forgotten(tx, account)
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
        if self.forgotten is not None and wanted.first < self.forgotten.day:
            yield from self._before(self.forgotten.day, wanted, chosen)
            if wanted.last < self.forgotten.day:
                return
            wanted = wanted._replace(first=self.forgotten.day)
        for meter in self.meters.values():
            if not is_plain(meter) and (chosen is None or meter.key in chosen):
                yield from self.by_meter(meter, wanted)
        if chosen is None or any(key is None or self._is_plain(key) for key in chosen):
            yield from (used for used in self._by_name(wanted) if chosen is None or used.part.meter in chosen)

    def _before(self, day: date, wanted: Wanted, chosen: Collection[str | None] | None) -> Iterator[Used]:
        """What was kept of the months before a day, whose events are forgotten."""
        last = min(wanted.last, day - A_DAY)
        is_whole = wanted.first.day == (last + A_DAY).day == 1
        if not is_whole or wanted.filters or not set(wanted.group) <= {MONTH, CUSTOMER, METER}:
            raise ValidationFailed({"from": [ONLY_TOTALS.format(day=day)]})
        for total in forgetting.totals(self._tx, self._account, wanted.customers, wanted.first, last):
            if chosen is None or total.part.meter in chosen:
                key = _whole(*_key(total.part, wanted, {}), total.customer_id)
                yield Used(total.part, total.customer_id, total.events, total.quantity, total.costs, key)

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

        def part(day: date, values: Values, has_cost: bool) -> _Told | None:
            key, service = values["meter"], values.get("service")
            if not self._is_by_name(key, service):
                return None
            meter = self.meters.get(key or "")
            is_count = meter is not None and meter.aggregation is Aggregation.COUNT
            told = UsagePart(day, key, (), service, values.get("region"), adds_up=True, has_cost=has_cost)
            return _Told(told, *_key(told, wanted, values), is_count)

        return self._used(wanted, Selection(Aggregation.SUM, None, None, filters, tuple(group)), part)

    def by_meter(self, meter: Meter, wanted: Wanted) -> Iterator[Used]:
        """What one meter measures, be it stored or not."""
        selection = self._selection(meter, wanted)
        forgetting.check_events(self.forgotten, wanted.first, "from")

        def part(day: date, values: Values, has_cost: bool) -> _Told:
            group = tuple(values[name] for name in meter.group_by)
            by = (values.get("service"), values.get("region"))
            told = UsagePart(day, meter.key, group, *by, adds_up=adds_up(meter), has_cost=has_cost)
            return _Told(told, *_key(told, wanted, values), is_count=False)

        return iter(()) if selection is None else self._used(wanted, selection, part)

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

    def _used(self, wanted: Wanted, selection: Selection, part: _PartOf) -> Iterator[Used]:
        """What the events came to from each day on; ``part`` is asked once what their dimensions stand for."""
        days = self._days(wanted, is_cut=selection.aggregation in ADDITIVE)
        midnights = [midnight_us(day, self._account.timezone) for day in (*days, wanted.last + A_DAY)]
        spans = [Span(*bounds) for bounds in pairwise(midnights)]
        parts: dict[tuple[Any, ...], _Told | None] = {}
        measured = store.aggregate(self._tx, self._account, wanted.customers, spans, selection)
        for place, customer_id, group, has_cost, events, quantity, costs in measured:
            same = place, group, has_cost
            if same not in parts:
                parts[same] = part(days[place], dict(zip(selection.group, group, strict=True)), has_cost)
            told = parts[same]
            if told is not None:
                key = _whole(told.before, told.after, customer_id)
                amount = events * ONE if told.is_count else quantity
                yield Used(told.part, customer_id, events, amount, costs, key)

    def _days(self, wanted: Wanted, *, is_cut: bool) -> list[date]:
        """The days on which a part begins: each, or those of a new month, or on which a rate comes into force."""
        count = (wanted.last - wanted.first).days + 1
        days = [wanted.first + place * A_DAY for place in range(count)]
        cuts = {rate.valid_from for rate in self.rates} if is_cut else set()
        return [day for day in days if DAY in wanted.group or day.day == 1 or day == wanted.first or day in cuts]


def month_after(day: date) -> date:
    """The first day of the month after a day's."""
    return occurrence(day.replace(day=1), Frequency.MONTHLY, 1, 1)


def is_plain(meter: Meter) -> bool:
    """Whether it takes just the events that name it, by their own quantities or by how many they are."""
    return adds_up(meter) and meter.of is None and not meter.filters and not meter.group_by


def adds_up(meter: Meter) -> bool:
    """Whether what it measures of the parts of a time sums to what it measures of the whole."""
    return meter.aggregation in ADDITIVE


def _of_events(group: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in group if name not in NOT_OF_EVENTS)


def _key(part: UsagePart, wanted: Wanted, values: Values) -> tuple[tuple[Any, ...], tuple[Any, ...] | None]:
    """What a part is told by, before the customer and after it; all of it and None, where it is not told by that."""
    key = tuple(_value(name, part, values) for name in wanted.group)
    if CUSTOMER not in wanted.group:
        return key, None
    place = wanted.group.index(CUSTOMER)
    return key[:place], key[place + 1 :]


def _whole(before: tuple[Any, ...], after: tuple[Any, ...] | None, customer_id: int) -> tuple[Any, ...]:
    """The key of a customer's part."""
    return before if after is None else (*before, customer_id or None, *after)


def _value(name: str, part: UsagePart, values: Values) -> object:
    match name:
        case "day":
            return part.day
        case "month":
            return f"{part.day:%Y-%m}"
        case "customer":
            return None
        case "meter":
            return part.meter
        case _:
            return values[name]
