"""The native wire of looking: at the events that came in, and at what a meter would make of them."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from tallystick.core.errors import ValidationFailed
from tallystick.core.money import digits
from tallystick.core.rating import ZERO
from tallystick.store.paging import DEFAULT_LIMIT, MAX_LIMIT
from tallystick.store.usage_file import EXACT
from tallystick.usage import store
from tallystick.usage.amounts import of_parts
from tallystick.usage.api import NewMeter, meter_values
from tallystick.usage.by_event import PROPERTIES, number
from tallystick.usage.instants import instant, midnight_us
from tallystick.usage.measuring import A_DAY, CUSTOMER, MONTH, Measuring, Wanted
from tallystick.usage.report import check_length, everybody, place
from tallystick.usage.report_api import ChosenQuery, check_days, days, filters_of
from tallystick.usage.types import MAX_SEQ, CameIn, EventRow, Meter
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.reply import Listed, Pagination
from tallystick.wire.scalars import Day, Id

EVER = (dt.date(1970, 1, 1), dt.date(2999, 12, 31))


class EventsQuery(ChosenQuery, frozen=True, kw_only=True):
    """``after`` is the ``next`` of the page before; ``limit`` is of 1 to 100. ``meter`` is what the event names."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    after: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)] | None = None


class SeenEvent(msgspec.Struct, frozen=True):
    """An event as it was taken in. ``seq`` counts what came in; without an ``end_time`` it is of an instant."""

    seq: int
    id: str
    customer_id: int | None
    meter: str | None
    service: str | None
    region: str | None
    start_time: dt.datetime
    end_time: dt.datetime | None
    quantity: Decimal
    cost: Decimal | None
    resource_id: str | None
    resource_name: str | None
    properties: dict[str, Any]


class PreviewBody(NewMeter, kw_only=True):
    """A meter that need not be there, and the days whose events it is tried on; else those of this month."""

    from_: Day | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="from")
    to: Day | msgspec.UnsetType = msgspec.UNSET
    customer_id: Id | msgspec.UnsetType = msgspec.UNSET


class PreviewRow(msgspec.Struct, frozen=True):
    """What the meter makes of a customer's month; ``group`` has the values by which it groups."""

    month: str
    customer_id: int | None
    group: dict[str, str | None]
    events: int
    quantity: Decimal


class TriedMeter(msgspec.Struct, frozen=True):
    """What a meter would have measured, of how many events."""

    from_: dt.date = msgspec.field(name="from")
    to: dt.date
    events: int
    rows: list[PreviewRow]


def list_events(call: Call, query: EventsQuery) -> Listed[SeenEvent]:
    """List the events that came in, the newest first."""
    found = store.latest(call.tx, call.account, _came_in(call, query), query.limit + 1, _seen)
    shown = [_seen_json(seq, event, digits(call.account.currency)) for seq, event in found[: query.limit]]
    following = str(shown[-1].seq) if len(found) > query.limit else None
    return Listed(shown, Pagination(limit=query.limit, next=following))


def preview(call: Call, body: PreviewBody) -> TriedMeter:
    """Try a meter on past events before it is made.

    Nothing is stored. A `key` that events name already finds them; else its `filters` must have their service.
    """
    meter = _meter(call, body)
    wanted = _wanted(call, body, meter)
    rows: dict[tuple[Any, ...], PreviewRow] = {}
    for used in Measuring(call.tx, call.account).by_meter(meter, wanted):
        month, customer_id, *group = used.key
        named = dict(zip(meter.group_by, group, strict=True))
        before = rows.get(used.key, PreviewRow(month, customer_id, named, 0, ZERO))
        quantity = render.plain(EXACT.add(before.quantity, of_parts(used.quantity)))
        rows[used.key] = PreviewRow(month, customer_id, named, before.events + used.events, quantity)
    check_length(len(rows), "group_by")
    in_order = [rows[key] for key in sorted(rows, key=place)]
    return TriedMeter(wanted.first, wanted.last, sum(row.events for row in in_order), in_order)


def _came_in(call: Call, query: EventsQuery) -> CameIn:
    first = query.from_.on_calendar_of(call.account) if query.from_ else EVER[0]
    last = query.to.on_calendar_of(call.account) if query.to else EVER[1]
    if last < first:
        raise ValidationFailed({"to": ["Must not be before the first day."]})
    meter = {} if query.meter is None else {"meter": [str(query.meter)]}
    return CameIn(
        start_us=midnight_us(first, call.account.timezone),
        end_us=midnight_us(last + A_DAY, call.account.timezone),
        before_seq=query.after or MAX_SEQ,
        customer_id=query.customer_id and int(query.customer_id),
        filters={**meter, **filters_of(query)},
    )


def _seen(seq: int, *columns: Any) -> tuple[int, EventRow]:
    return seq, EventRow(*columns)


def _seen_json(seq: int, event: EventRow, places: int) -> SeenEvent:
    cost = None if event.cost is None else number(event.cost, event.cost_parts or 0)
    return SeenEvent(
        seq=seq,
        id=event.event_id,
        customer_id=event.customer_id or None,
        meter=event.meter,
        service=event.service,
        region=event.region,
        start_time=instant(event.at_us),
        end_time=None if event.end_us is None else instant(event.end_us),
        quantity=render.plain(number(event.quantity, event.parts)),
        cost=None if cost is None else render.unit_price(cost, places),
        resource_id=event.resource_id,
        resource_name=event.resource_name,
        properties=PROPERTIES.decode(event.properties) if event.properties else {},
    )


def _meter(call: Call, body: PreviewBody) -> Meter:
    values = meter_values(body)
    own = {name: values[name] for name in Meter.__struct_fields__ if name in values}
    empty: dict[str, Any] = {"name": "", "of": None, "filters": {}, "group_by": [], "thresholds": []}
    times = {"created_at": call.tx.now, "updated_at": call.tx.now}
    return Meter(**{**empty, **own, **times, "key": str(body.key), "id": 0, "version": 1})


def _wanted(call: Call, body: PreviewBody, meter: Meter) -> Wanted:
    first, last = days(call, body.from_ or None, body.to or None)
    check_days(first, last, "to")
    customers = everybody(call.tx, call.account) if body.customer_id is msgspec.UNSET else [int(body.customer_id)]
    return Wanted(first, last, customers, group=(MONTH, CUSTOMER, *meter.group_by))
