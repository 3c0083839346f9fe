"""What each event costs."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tallystick.core.account import Account
from tallystick.core.periods import today
from tallystick.core.rating import ZERO, Aggregation
from tallystick.store.db import Tx
from tallystick.store.usage_file import EXACT, is_number
from tallystick.usage import store
from tallystick.usage.aggregates import COLUMNS
from tallystick.usage.incoming import as_text
from tallystick.usage.instants import instant, midnight_us
from tallystick.usage.measuring import A_DAY, Measuring, Wanted, adds_up
from tallystick.usage.pricing import Pricing, Used
from tallystick.usage.report import add_months
from tallystick.usage.types import EventRow, Meter, Selection, Span

PROPERTIES = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def costs(tx: Tx, account: Account, wanted: Wanted) -> Iterator[tuple[EventRow, Decimal]]:
    """The events that are wanted, by their start, each with its exact cost in major units; 0 where no rate fits.

    A cost is as ``usage.report`` has it; an event that several meters measure bears what each of them makes of it.
    """
    measuring = Measuring(tx, account)
    pricing = Pricing(measuring.rates, account.currency)
    if measuring.prices_months:
        add_months(measuring, pricing, wanted)
    span = Span(*(midnight_us(day, account.timezone) for day in (wanted.first, wanted.last + A_DAY)))
    selection = Selection(Aggregation.SUM, filters=wanted.filters)
    for event in store.explain(tx, account, wanted.customers, span, selection, _event):
        yield event, _cost(event, measuring, pricing, account)


def number(units: int, parts: int) -> Decimal:
    """A number that is stored as its whole units and parts of 10**-12."""
    return EXACT.add(Decimal(units), Decimal(parts).scaleb(-12, EXACT))


def _event(_seq: int, *columns: Any) -> EventRow:
    return EventRow(*columns)


def _cost(event: EventRow, measuring: Measuring, pricing: Pricing, account: Account) -> Decimal:
    if event.cost is not None:
        return number(event.cost, event.cost_parts or 0)
    total = ZERO
    for used in _parts(event, measuring, account):
        total = EXACT.add(total, pricing.cost(used) or ZERO)
    return total


def _parts(event: EventRow, measuring: Measuring, account: Account) -> Iterator[Used]:
    """What the event is to each meter that measures it, or by itself where none does."""
    day = today(instant(event.at_us), account.timezone)
    quantity = number(event.quantity, event.parts)
    alone = Used(
        *(event.customer_id, day, event.meter, (), event.service, event.region),
        *(True, False, 1, quantity, ZERO),
    )
    for meter in measuring.measuring(event.meter, event.service):
        if meter is None:
            yield alone
            continue
        values = _values(event, meter)
        if all(values[name] in allowed for name, allowed in meter.filters.items()):
            group = tuple(values[name] for name in meter.group_by)
            measured = _measured(meter, quantity, values)
            yield alone._replace(meter=meter.key, group=group, quantity=measured, adds_up=adds_up(meter))


def _measured(meter: Meter, quantity: Decimal, values: Mapping[str, str | None]) -> Decimal:
    if meter.aggregation is Aggregation.COUNT:
        return Decimal(1)
    if meter.of is None:
        return quantity
    text = values[meter.of]
    return Decimal(text) if text is not None and is_number(text) else ZERO


def _values(event: EventRow, meter: Meter) -> dict[str, str | None]:
    """The dimensions by which the meter takes an event, and the property that it measures, as texts."""
    names = {*meter.filters, *meter.group_by, *([meter.of] if meter.of else [])}
    properties = PROPERTIES.decode(event.properties) if event.properties and names - set(COLUMNS) else {}
    texts = {name: as_text(value) for name, value in properties.items()}
    return {name: getattr(event, name) if name in COLUMNS else texts.get(name) for name in names}
