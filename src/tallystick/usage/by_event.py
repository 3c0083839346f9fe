"""What each event costs."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tallystick.core.account import Account
from tallystick.core.periods import today
from tallystick.core.rating import Aggregation
from tallystick.store.db import Tx
from tallystick.store.usage_file import is_number
from tallystick.usage import store
from tallystick.usage.aggregates import COLUMNS
from tallystick.usage.amounts import A_PART, ONE, of_parts, to_parts
from tallystick.usage.incoming import as_text
from tallystick.usage.instants import instant, midnight_us
from tallystick.usage.measuring import A_DAY, Measuring, Wanted, adds_up
from tallystick.usage.pricing import Pricing, UsagePart, Used
from tallystick.usage.report import add_months
from tallystick.usage.types import EventRow, Meter, Selection, Span

PROPERTIES = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def costs(tx: Tx, account: Account, wanted: Wanted) -> Iterator[tuple[EventRow, int]]:
    """The events that are wanted, by their start, each with its exact cost in parts of 10**-26; 0 where no rate fits.

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
    return of_parts(units * ONE + parts)


def _event(_seq: int, *columns: Any) -> EventRow:
    return EventRow(*columns)


def _cost(event: EventRow, measuring: Measuring, pricing: Pricing, account: Account) -> int:
    if event.cost is not None:
        return (event.cost * ONE + (event.cost_parts or 0)) * A_PART
    return sum(pricing.cost(used) or 0 for used in _used(event, measuring, account))


def _used(event: EventRow, measuring: Measuring, account: Account) -> Iterator[Used]:
    """What the event is to each meter that measures it, or by itself where none does."""
    day = today(instant(event.at_us), account.timezone)
    quantity = event.quantity * ONE + event.parts
    alone = UsagePart(day, event.meter, (), event.service, event.region, adds_up=True, has_cost=False)
    for meter in measuring.measuring(event.meter, event.service):
        if meter is None:
            yield Used(alone, event.customer_id, 1, quantity, 0)
            continue
        values = _values(event, meter)
        if all(values[name] in allowed for name, allowed in meter.filters.items()):
            group = tuple(values[name] for name in meter.group_by)
            part = alone._replace(meter=meter.key, group=group, adds_up=adds_up(meter))
            yield Used(part, event.customer_id, 1, _measured(meter, quantity, values), 0)


def _measured(meter: Meter, quantity: int, values: Mapping[str, str | None]) -> int:
    if meter.aggregation is Aggregation.COUNT:
        return ONE
    if meter.of is None:
        return quantity
    text = values[meter.of]
    return to_parts(Decimal(text)) if text is not None and is_number(text) else 0


def _values(event: EventRow, meter: Meter) -> dict[str, str | None]:
    """The dimensions by which the meter takes an event, and the property that it measures, as texts."""
    names = {*meter.filters, *meter.group_by, *([meter.of] if meter.of else [])}
    properties = PROPERTIES.decode(event.properties) if event.properties and names - set(COLUMNS) else {}
    texts = {name: as_text(value) for name, value in properties.items()}
    return {name: getattr(event, name) if name in COLUMNS else texts.get(name) for name in names}
