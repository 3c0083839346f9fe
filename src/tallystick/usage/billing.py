"""What a run bills for usage: gathered from the store up to a watermark, then charged (docs/adr/0048)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.rating import ZERO, Aggregation, Rate, Rates
from tallystick.store.db import Tx
from tallystick.usage import charging, lines, resource, store
from tallystick.usage.charging import (
    ADDITIVE,
    BilledBefore,
    BilledDays,
    Charge,
    Counting,
    EarlierDays,
    Priced,
    UsageLine,
    UsedOn,
)
from tallystick.usage.instants import midnight_us
from tallystick.usage.types import Measured, Meter, Selection, Span

NOTHING_BILLED = BilledBefore(0, 0)
OTHER_CURRENCY = "Some usage events have costs of their own, which are in {account}; the schedule bills in {currency}."


class UsageToBill(NamedTuple):
    """What is to be billed of one customer's usage: some days each by themselves, none of them billed before.

    And what came late for the days that were billed ``earlier``: after they were, and after ``after_seq``, up to where
    that was billed. ``minimum`` in major units.
    ``recurring_id`` is the schedule's, None where none bills it.
    """

    customer_id: int
    currency: str
    meters: tuple[str, ...]
    minimum: Decimal | None
    days: tuple[BilledDays, ...]
    earlier: tuple[EarlierDays, ...]
    after_seq: int
    recurring_id: int | None


class Ask(NamedTuple):
    """What one customer used on some days, of what had come in up to ``to_seq``."""

    customer_id: int
    days: BilledDays
    to_seq: int


class _Part(NamedTuple):
    """Of some days that are asked for, those from one ``day`` on."""

    days: BilledDays
    to_seq: int
    day: date
    span: Span


class _Late(NamedTuple):
    """Days that were billed, what for, and up to which seq."""

    days: BilledDays
    before: BilledBefore
    after_seq: int


class ChargedSoFar(NamedTuple):
    """What usage of some days comes to by now."""

    days: BilledDays
    charge: Charge


class Billed(NamedTuple):
    """The lines of usage for each of the days that were asked for, those of what came late, and the watermark."""

    lines: list[list[UsageLine]]
    late: list[UsageLine]
    to_seq: int


def bill(tx: Tx, account: Account, wanted: Sequence[UsageToBill]) -> list[Billed | Conflict]:
    """The lines of what is to be billed, or why it cannot be, each by itself.

    Writes nothing, and comes to the same again at the same watermark.
    """
    if not wanted:
        return []
    rates, meters = resource.rates(tx, account), resource.meters(tx, account)
    with tx.usage() as events:
        newest = store.watermark(events, account)
        counted = _Counted(events, account, meters, rates)
        late = _late(tx, events, account, wanted)
        counted.count(_asks(wanted, late, newest))
    return [_billed_or_not(counted, account, each, of_each, newest) for each, of_each in zip(wanted, late, strict=True)]


def charges_so_far(tx: Tx, account: Account, wanted: Sequence[UsageToBill]) -> list[list[ChargedSoFar]]:
    """What the usage of the days comes to with the events that are there, also what has no price."""
    rates, meters = resource.rates(tx, account), resource.meters(tx, account)
    with tx.usage() as events:
        newest = store.newest(events, account)
        counted = _Counted(events, account, meters, rates)
        counted.count(_asks(wanted, [()] * len(wanted), newest))
    return [
        [
            ChargedSoFar(days, charge)
            for days in each.days
            for key in each.meters
            for charge in _charges(counted, each, key, days, newest).values()
        ]
        for each in wanted
    ]


def _late(tx: Tx, events: Tx, account: Account, wanted: Sequence[UsageToBill]) -> list[list[_Late]]:
    """Of each, the days that were billed before and of which some events may have come since."""
    # Schedules that were billed together are after the same seq.
    seqs = {_billed_to(each, some) for each in wanted for some in each.earlier}
    earliest_us = {seq: store.earliest_since(events, account, seq) for seq in seqs}
    late = [
        [some for some in each.earlier if may_be_late(some.days, earliest_us[_billed_to(each, some)])]
        for each in wanted
    ]
    billers = {each.recurring_id for each, some in zip(wanted, late, strict=True) if some and each.recurring_id}
    before = lines.billed(tx, account, billers)
    return [
        [
            _Late(days, before.get((each.recurring_id, days.first), NOTHING_BILLED), max(each.after_seq, to_seq))
            for days, to_seq in some
        ]
        for each, some in zip(wanted, late, strict=True)
    ]


def _billed_to(wanted: UsageToBill, earlier: EarlierDays) -> int:
    return max(wanted.after_seq, earlier.to_seq)


def may_be_late(days: BilledDays, earliest_us: int | None) -> bool:
    """Whether some of the events may be of days that end after the earliest of them; None where there is none."""
    return earliest_us is not None and days.end_us > earliest_us


def _asks(wanted: Sequence[UsageToBill], late: Sequence[Sequence[_Late]], newest: int) -> set[tuple[Ask, str]]:
    """All that is to be measured, each with the meter."""
    asks: set[tuple[Ask, str]] = set()
    for each, again in zip(wanted, late, strict=True):
        on_time = [Ask(each.customer_id, days, newest) for days in each.days]
        of_late = [Ask(each.customer_id, some.days, to_seq) for some in again for to_seq in (some.after_seq, newest)]
        asks.update((ask, key) for ask in (*on_time, *of_late) for key in each.meters)
    return asks


class _Counted:
    """What was used, by what was asked and by meter."""

    def __init__(self, events: Tx, account: Account, meters: Mapping[str, Meter], rates: Sequence[Rate]) -> None:
        self.meters = meters
        self.rates = Rates(rates)
        self._events = events
        self._account = account
        self._used: dict[tuple[Ask, str], list[UsedOn]] = {}
        self._countings: dict[tuple[str, BilledDays], Counting] = {}

    def used(self, ask: Ask, key: str) -> list[UsedOn]:
        """What was used."""
        return self._used.get((ask, key), [])

    def counting(self, meter: Meter, days: BilledDays) -> Counting:
        """How the meter's usage of the days is counted."""
        key = meter.key, days
        if key not in self._countings:
            self._countings[key] = charging.counting(meter, self.rates.all, days)
        return self._countings[key]

    def count(self, asks: Iterable[tuple[Ask, str]]) -> None:
        """Measures all of it: meters that count alike, and customers who are asked for the same days, in one query."""
        by_meter: dict[str, set[Ask]] = {}
        for ask, key in asks:
            by_meter.setdefault(key, set()).add(ask)
        together: dict[tuple[object, ...], list[str]] = {}
        for key, of_meter in by_meter.items():
            if key in self.meters:
                together.setdefault((*_likeness(self.meters[key]), frozenset(of_meter)), []).append(key)
        for keys in together.values():
            self._measure(keys, by_meter[keys[0]])

    def _measure(self, keys: Sequence[str], asks: Iterable[Ask]) -> None:
        selection = self._selection(keys)
        by_spans: dict[tuple[tuple[BilledDays, int], ...], list[int]] = {}
        of_customer: dict[int, list[tuple[BilledDays, int]]] = {}
        for ask in sorted(asks):
            of_customer.setdefault(ask.customer_id, []).append((ask.days, ask.to_seq))
        for customer_id, wanted in of_customer.items():
            by_spans.setdefault(tuple(wanted), []).append(customer_id)
        for wanted_spans, customers in by_spans.items():
            parts = [part for days, to_seq in wanted_spans for part in self._parts(keys, days, to_seq)]
            spans = [part.span for part in parts]
            measured = store.aggregate(self._events, self._account, customers, spans, selection)
            self._keep(keys, selection, parts, measured)

    def _selection(self, keys: Sequence[str]) -> Selection:
        meter = self.meters[keys[0]]
        one = Selection.of_meter(meter, *charging.counted_by(meter, self.rates.all))
        if "service" in meter.filters:
            return one
        counted = Aggregation.SUM if meter.aggregation in ADDITIVE else meter.aggregation
        filters = {**meter.filters, "meter": list(keys)}
        return one._replace(aggregation=counted, meter=None, filters=filters, group=("meter", *one.group))

    def _parts(self, keys: Sequence[str], days: BilledDays, to_seq: int) -> list[_Part]:
        """The days, cut where another rate may come into force; of what does not add up, they stay whole."""
        first, *rest = self.counting(self.meters[keys[0]], days).cuts
        midnights = [midnight_us(day, self._account.timezone) for day in rest]
        bounds = zip([days.start_us, *midnights], [*midnights, days.end_us], strict=True)
        return [
            _Part(days, to_seq, day, Span(*bound, 0, to_seq)) for day, bound in zip([first, *rest], bounds, strict=True)
        ]

    def _keep(
        self, keys: Sequence[str], selection: Selection, parts: Sequence[_Part], measured: Iterable[Measured]
    ) -> None:
        known: dict[tuple[str | None, ...], tuple[str, tuple[str | None, ...], str | None, str | None]] = {}
        for place, customer_id, dimensions, has_cost, events, quantity, costs in measured:
            if dimensions not in known:
                known[dimensions] = self._named(keys[0], dict(zip(selection.group, dimensions, strict=True)))
            key, group, service, region = known[dimensions]
            part = parts[place]
            used = UsedOn(group, service, region, part.day, has_cost, events, quantity, costs)
            self._used.setdefault((Ask(customer_id, part.days, part.to_seq), key), []).append(used)

    def _named(
        self, key: str, values: Mapping[str, str | None]
    ) -> tuple[str, tuple[str | None, ...], str | None, str | None]:
        """Of some dimensions the meter, if it is not the only one, its own group, the service and the region."""
        key = values.get("meter") or key
        group = tuple(values[name] for name in self.meters[key].group_by)
        return key, group, values.get("service"), values.get("region")


def _likeness(meter: Meter) -> tuple[object, ...]:
    """What two meters must have in common to be measured together."""
    filters = tuple((name, tuple(values)) for name, values in meter.filters.items())
    alone = meter.key if "service" in meter.filters else None
    is_sum = meter.aggregation in ADDITIVE and meter.of is None
    return "sum" if is_sum else meter.aggregation, meter.of, filters, tuple(meter.group_by), alone


def _billed_or_not(
    counted: _Counted, account: Account, wanted: UsageToBill, late: Sequence[_Late], newest: int
) -> Billed | Conflict:
    try:
        return _billed(counted, account, wanted, late, newest)
    except Conflict as refusal:
        return refusal


def _billed(counted: _Counted, account: Account, wanted: UsageToBill, late: Sequence[_Late], newest: int) -> Billed:
    return Billed(
        lines=[_on_time(counted, account, wanted, days, newest) for days in wanted.days],
        late=[line for some in late for line in _of_late(counted, account, wanted, some, newest)],
        to_seq=newest,
    )


def _on_time(
    counted: _Counted, account: Account, wanted: UsageToBill, days: BilledDays, newest: int
) -> list[UsageLine]:
    charges = [
        charge
        for key in wanted.meters
        for charge in _charges(counted, wanted, key, days, newest).values()
        if charge.units or charge.cost
    ]
    found = _lines(charges, account, wanted, days, None, newest)
    least = charging.minimum_line(found, _minimum(wanted, account), wanted.currency, days, newest)
    return found if least is None else [*found, least]


def _of_late(counted: _Counted, account: Account, wanted: UsageToBill, late: _Late, newest: int) -> list[UsageLine]:
    days, before, after = late
    charges = [
        charge
        for key in wanted.meters
        for charge in charging.difference(
            _charges(counted, wanted, key, days, newest), _charges(counted, wanted, key, days, after)
        )
    ]
    found = _lines(charges, account, wanted, days, after, newest)
    minimum = _minimum(wanted, account)
    least = charging.late_minimum_line(found, before, minimum, wanted.currency, days, after, newest)
    return found if least is None else [*found, least]


def _minimum(wanted: UsageToBill, account: Account) -> int:
    """The least that is billed, in minor units."""
    return charging.to_minor_rounded(wanted.minimum or ZERO, account, wanted.currency)


def _charges(counted: _Counted, wanted: UsageToBill, key: str, days: BilledDays, to_seq: int) -> dict[Priced, Charge]:
    meter = counted.meters.get(key)
    if meter is None:
        return {}
    used = counted.used(Ask(wanted.customer_id, days, to_seq), key)
    how = counted.counting(meter, days)
    return charging.charges(meter, used, counted.rates, wanted.customer_id, wanted.currency, days, how)


def _lines(
    charges: Iterable[Charge],
    account: Account,
    wanted: UsageToBill,
    days: BilledDays,
    after_seq: int | None,
    newest: int,
) -> list[UsageLine]:
    """The lines of what has a price. Raises Conflict for costs that are in another currency."""
    priced = [charge for charge in charges if charge.priced.has_cost or charge.priced.rate is not None]
    priced.sort(key=lambda charge: (wanted.meters.index(charge.meter.key), *_by_group(charge)))
    if not all(charge.has_price(account, wanted.currency) for charge in priced):
        raise Conflict(OTHER_CURRENCY.format(account=account.currency, currency=wanted.currency))
    return [charging.line(charge, account, wanted.currency, days, after_seq, newest) for charge in priced]


def _by_group(charge: Charge) -> tuple[list[str], bool, int]:
    """The order of a meter's lines: by group, and of one what has a rate before what has its own costs."""
    group, rate, has_cost = charge.priced
    return [value or "" for value in group], has_cost, rate.id if rate else 0
