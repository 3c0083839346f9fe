"""Usage as billingdb has it: events of a service, and the report of its document."""

from typing import Annotated, Any, ClassVar, Self

import msgspec

from tallystick.core.errors import ValidationFailed
from tallystick.dialects.billingdb import errors
from tallystick.usage import ops
from tallystick.usage.events import MOST_EVENTS, EventId, Incoming, Moment, UsageEvent
from tallystick.wire.call import Call, OwnBody
from tallystick.wire.scalars import Name, NotNegative, ShortText

CUSTOMER = "customer_id"
"""The property that names the customer of an event, if it has one."""


class ServiceEvent(msgspec.Struct, kw_only=True):
    """A use of a service from ``start_time`` to ``end_time``; ``cost`` in major units of the account's currency."""

    event_id: EventId
    service: Name
    start_time: Moment
    end_time: Moment
    resource_id: ShortText | None = None
    resource_name: ShortText | None = None
    region: ShortText | None = None
    cost: NotNegative | None = None
    properties: dict[str, Any] | None = None


class ServiceEvents(OwnBody, kw_only=True):
    """One of them, or an array."""

    shown: ClassVar[Any] = ServiceEvent | Annotated[list[ServiceEvent], msgspec.Meta(max_length=MOST_EVENTS)]

    incoming: Incoming

    @classmethod
    def read(cls, raw: bytes, *, is_strict: bool) -> Self:
        """The events of a body. Raises Malformed and ValidationFailed as ``usage.events`` does."""
        return cls(incoming=Incoming.read_as(raw, ServiceEvent, _usage_event, is_strict=is_strict))


def _usage_event(event: ServiceEvent) -> UsageEvent:
    properties = event.properties or {}
    return UsageEvent(
        id=event.event_id,
        customer_id=_customer(properties.get(CUSTOMER)),
        service=event.service,
        region=event.region,
        start_time=event.start_time,
        end_time=event.end_time,
        cost=event.cost,
        resource_id=event.resource_id,
        resource_name=event.resource_name,
        properties=properties or None,
    )


def _customer(value: Any) -> int | None:
    if value is None:
        return None
    if str(value).isascii() and str(value).isdigit() and len(str(value)) <= 18:
        return int(value)
    raise ValidationFailed({f"properties.{CUSTOMER}": ["Must be the id of a customer."]})


class UntakenEvent(msgspec.Struct, frozen=True):
    """An event that is kept until there is what it names."""

    event_id: str
    error: str


class TakenEvents(msgspec.Struct, frozen=True):
    """How many events are new, how many had come before, and those that wait for their customer."""

    accepted: int
    duplicates: int
    waiting: list[UntakenEvent]


def take(call: Call, body: ServiceEvents) -> TakenEvents:
    """Take in usage events: one, or an array of up to 10,000; all of them, or none where one is wrong.

    An event whose `event_id` is there already counts once. One is of a customer where `properties.customer_id` names
    it, and is else billed to nobody. Where the account keeps events of a customer that is not known, those are told in
    `waiting`.
    """
    taken = ops.take_all(call.tx, call.account, body.incoming, needs_customer=False)
    waiting = [
        UntakenEvent(body.incoming.events[place].id, errors.sentence(wrong)) for place, wrong in taken.rejected.items()
    ]
    return TakenEvents(taken.accepted, taken.duplicates, waiting)
