"""The native wire of what invoices bill for usage."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tallystick.core.money import digits
from tallystick.invoices import store as invoice_store
from tallystick.usage import explaining, forgetting
from tallystick.usage.by_event import number
from tallystick.usage.explaining import SeqEvent, StoredLine
from tallystick.usage.instants import instant
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.csv import CsvFile
from tallystick.wire.scalars import Id

MOST_EVENTS_SHOWN = 1000


class BilledEventJson(msgspec.Struct, frozen=True):
    """An event that a line bills."""

    id: str
    at: datetime
    end_time: datetime | None
    quantity: Decimal
    cost: Decimal | None
    service: str | None
    region: str | None
    resource_id: str | None
    resource_name: str | None
    properties: dict[str, Any]


class BilledLineJson(msgspec.Struct, frozen=True):
    """A line that bills usage. ``events`` are the first of the ``count`` that it bills, unless those are forgotten."""

    position: int
    description: str
    meter: str | None
    first_day: date
    last_day: date
    is_late: bool
    units: Decimal
    amount: Decimal
    count: int
    forgotten: bool
    events: list[BilledEventJson]


class BilledUsageJson(msgspec.Struct, frozen=True):
    """What an invoice bills for usage; ``more``: its events are too many to be shown here, and the CSV has all."""

    invoice_id: int
    currency: str
    lines: list[BilledLineJson]
    more: bool


def explain(call: Call, invoice_id: Id) -> BilledUsageJson:
    """Explain what an invoice bills for usage, event by event; the first 1,000 of them."""
    invoice = invoice_store.get(call.tx, call.account, invoice_id)
    lines = explaining.lines_of(call.tx, call.account, invoice_id)
    found = forgetting.forgotten(call.tx, call.account)
    shown: list[BilledLineJson] = []
    room = MOST_EVENTS_SHOWN
    for line in lines:
        events = [_event_json(event) for event, _ in zip(_events(call, line), range(room), strict=False)]
        room -= len(events)
        shown.append(_line_json(line, events, is_forgotten=not forgetting.is_known(found, line.end_us)))
    return BilledUsageJson(
        invoice_id=invoice_id,
        currency=invoice.row.currency,
        lines=shown,
        more=sum(line.count for line in shown if not line.forgotten) > MOST_EVENTS_SHOWN,
    )


def _events(call: Call, line: StoredLine) -> Iterator[SeqEvent]:
    return explaining.events_of(call.tx, call.account, line)


def _line_json(line: StoredLine, events: list[BilledEventJson], *, is_forgotten: bool) -> BilledLineJson:
    return BilledLineJson(
        position=line.position,
        description=line.description,
        meter=line.charge["meter"]["key"] if line.charge else None,
        first_day=line.first,
        last_day=line.last,
        is_late=line.is_late,
        units=render.plain(line.units),
        amount=render.amount(line.amount, digits(line.currency)),
        count=line.events,
        forgotten=is_forgotten,
        events=events,
    )


def _event_json(event: SeqEvent) -> BilledEventJson:
    row = event.row
    return BilledEventJson(
        id=row.event_id,
        at=instant(row.at_us),
        end_time=None if row.end_us is None else instant(row.end_us),
        quantity=_number(row.quantity, row.parts),
        cost=None if row.cost is None else _number(row.cost, row.cost_parts or 0),
        service=row.service,
        region=row.region,
        resource_id=row.resource_id,
        resource_name=row.resource_name,
        properties=event.properties,
    )


def _number(units: int, parts: int) -> Decimal:
    return render.plain(number(units, parts))


CSV_COLUMNS = ("Line", "Event", "At", "End", "Quantity", "Cost", "Service", "Region", "Resource", "Resource Name")


def explain_csv(call: Call, invoice_id: Id) -> CsvFile:
    """Export the events that an invoice bills, with the line that bills each."""
    invoice_store.get(call.tx, call.account, invoice_id)
    lines = explaining.lines_of(call.tx, call.account, invoice_id)
    cells = (_cells(line, _event_json(event)) for line in lines for event in _events(call, line))
    return CsvFile(f"usage-of-invoice-{invoice_id}.csv", CSV_COLUMNS, cells)


def _cells(line: StoredLine, event: BilledEventJson) -> list[Any]:
    return [
        *(line.description, event.id, event.at, event.end_time, event.quantity, event.cost),
        *(event.service, event.region, event.resource_id, event.resource_name),
    ]
