"""The shapes of usage."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from tallystick.core.rating import Aggregation

MAX_SEQ = 2**63 - 1


class Meter(msgspec.Struct, frozen=True):
    """What makes a quantity of events.

    It measures the events that name its ``key``, and those that name no meter but a service that its ``filters`` have;
    of both, those that have one of the values of each filter. ``of`` is the property that it measures, None the
    quantity. Each combination of the values of ``group_by`` is billed by itself. A threshold is ``{"quantity": "100"}``
    or ``{"cost": "5.00"}``, its value a text.
    """

    id: int
    key: str
    name: str
    aggregation: Aggregation
    of: str | None
    filters: dict[str, list[str]]
    group_by: list[str]
    thresholds: list[dict[str, str]]
    version: int
    created_at: datetime
    updated_at: datetime


class RateRow(msgspec.Struct, frozen=True):
    """A rate as it is stored; ``price`` is what ``core.rating.Price`` has, as JSON."""

    id: int
    meter_id: int | None
    service: str | None
    region: str | None
    customer_id: int | None
    currency: str
    unit: str | None
    valid_from: date | None
    tax_id: int | None
    price: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class EventRow(NamedTuple):
    """An event as it is stored, without its account and its seq; see ``store.usage_tables``."""

    event_id: str
    hash: bytes
    customer_id: int
    meter: str | None
    service: str | None
    region: str | None
    at_us: int
    end_us: int | None
    quantity: int
    parts: int
    cost: int | None
    cost_parts: int | None
    resource_id: str | None
    resource_name: str | None
    properties: str | None


class Appended(NamedTuple):
    """How many events are new, and the ids of those that were there with another content."""

    accepted: int
    conflicting: frozenset[str]


class Span(NamedTuple):
    """Instants from ``start_us`` until before ``end_us``, and of their events those with ``after_seq < seq <= to_seq``.

    Microseconds of UTC since 1970.
    """

    start_us: int
    end_us: int
    after_seq: int = 0
    to_seq: int = MAX_SEQ


class Selection(NamedTuple):
    """Which events are measured, and how.

    ``filters`` have the values of which an event must have one, by the dimension: ``meter``, ``service``, ``region``,
    ``resource_id``, ``resource_name``, or the name of a property. With ``meter`` they are those of that meter: see
    ``Meter``. Each combination of the dimensions of ``group`` is measured by itself, and so is what has its own cost.
    """

    aggregation: Aggregation
    of: str | None = None
    meter: str | None = None
    filters: Mapping[str, list[str]] = {}
    group: tuple[str, ...] = ()

    @classmethod
    def of_meter(cls, meter: Meter, *more_dimensions: str) -> "Selection":
        """What a meter measures, by its own dimensions and some more."""
        group = tuple(dict.fromkeys((*meter.group_by, *more_dimensions)))
        return cls(meter.aggregation, meter.of, meter.key, meter.filters, group)


class CameIn(NamedTuple):
    """Which events are looked at: those that came in before ``before_seq``, as ``Span`` and ``Selection`` say."""

    start_us: int
    end_us: int
    before_seq: int = MAX_SEQ
    customer_id: int | None = None
    filters: Mapping[str, list[str]] = {}


class Measured(NamedTuple):
    """What the events of one customer (0 is nobody) in one span came to, for one combination of the dimensions.

    ``place`` is the span's place in the list that was asked for. ``costs`` are the events' own, of which all have one
    or none has; in major units of the account's currency. Both are in parts of 10**-12.
    """

    place: int
    customer_id: int
    group: tuple[str | None, ...]
    has_cost: bool
    events: int
    quantity: int
    costs: int
