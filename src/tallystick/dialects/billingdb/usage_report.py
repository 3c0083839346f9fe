"""The usage report of billingdb's document: a row an event, and what they all cost."""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors, ValidationFailed
from tallystick.usage import by_event, forgetting
from tallystick.usage.incoming import MAX_PROPERTIES, as_text, is_property
from tallystick.usage.instants import SECOND_US, instant
from tallystick.usage.measuring import Wanted
from tallystick.usage.report import CostSum, everybody
from tallystick.usage.report_api import NO_PROPERTY, check_days, cost_text
from tallystick.usage.types import EventRow
from tallystick.wire import render
from tallystick.wire.call import Body, Call
from tallystick.wire.file import Streamed
from tallystick.wire.scalars import Day


class ReportBody(Body, kw_only=True):
    """A request for the report of some days, both whole, in the account's time zone.

    ``filters`` are a ``service``, a ``region``, a ``resource_id`` or any property, each with its value.
    """

    start_date: Day
    end_date: Day
    filters: Annotated[dict[str, Any], msgspec.Meta(max_length=MAX_PROPERTIES)] = {}


class UsageRow(msgspec.Struct, frozen=True):
    """One event; ``duration`` in seconds. What is not known is empty."""

    resource_id: str
    resource_name: str
    service: str
    region: str
    start_time: dt.datetime
    end_time: dt.datetime
    duration: Decimal
    cost: Decimal


class UsageReport(msgspec.Struct, frozen=True):
    """The request again, the events by their start, and the exact sum of their costs, rounded once."""

    start_date: dt.date
    end_date: dt.date
    filters: dict[str, Any]
    usage: list[UsageRow]
    total_cost: Decimal


def report(call: Call, body: ReportBody) -> Streamed[UsageReport]:
    """Report the usage of some days, event by event.

    An event is of the day on which it starts. It costs what it came with, or what the account's rates make of it.
    """
    first, last = (day.on_calendar_of(call.account) for day in (body.start_date, body.end_date))
    check_days(first, last, "end_date")
    forgetting.check_events(forgetting.forgotten(call.tx, call.account), first, "start_date")
    wanted = Wanted(first, last, everybody(call.tx, call.account), filters=_values(body.filters))
    asked = {"start_date": first, "end_date": last, "filters": body.filters}
    costs = by_event.costs(call.tx, call.account, wanted)
    return Streamed(None, _chunks(asked, costs, call.account))


def _values(filters: Mapping[str, Any]) -> dict[str, list[str]]:
    """The filters as texts. Raises ValidationFailed with each that is wrong."""
    errors: FieldErrors = {}
    for name, value in filters.items():
        if not is_property(name):
            errors["filters"] = [NO_PROPERTY]
        elif not isinstance(value, str | int | Decimal):
            errors[f"filters.{name}"] = ["Must be a text, a number or a truth value."]
    if errors:
        raise ValidationFailed(errors)
    return {
        name: [as_text(render.shortest(value) if isinstance(value, Decimal) else value)]
        for name, value in filters.items()
    }


def _chunks(asked: Mapping[str, Any], costs: Iterator[tuple[EventRow, int]], account: Account) -> Iterator[bytes]:
    total = CostSum()
    yield render.encode(asked)[:-1] + b',"usage":'
    yield from render.array(_row(event, cost, total, account) for event, cost in costs)
    yield b',"total_cost":' + render.encode(total.rounded(account)) + b"}"


def _row(event: EventRow, cost: int, total: CostSum, account: Account) -> UsageRow:
    total.add(cost)
    end_us = event.at_us if event.end_us is None else event.end_us
    return UsageRow(
        resource_id=event.resource_id or "",
        resource_name=event.resource_name or "",
        service=event.service or "",
        region=event.region or "",
        start_time=instant(event.at_us),
        end_time=instant(end_us),
        duration=render.plain(Decimal(end_us - event.at_us) / SECOND_US),
        cost=render.WrittenOut(cost_text(cost, account)),
    )
