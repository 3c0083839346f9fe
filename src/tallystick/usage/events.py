"""Events as they come in over the wire: one, an array of them, or CloudEvents 1.0."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self, TypeVar

import msgspec

from tallystick.core.errors import FieldErrors, Malformed, ValidationFailed
from tallystick.wire.call import OwnBody
from tallystick.wire.parse import NUL_ESCAPED, convert_fields, read_anything
from tallystick.wire.scalars import MAX_ID, ShortText

MOST_EVENTS = 10_000
MAX_BODY_BYTES = 8 * 1024 * 1024
SPECVERSION = "specversion"
OWN_OF_DATA = frozenset(
    {"customer_id", "service", "region", "resource_id", "resource_name", "quantity", "cost", "start_time", "end_time"}
)
"""What the data of a CloudEvent says in place of an event's own field; whatever else it has is a property."""

EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
CustomerId = Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)] | Annotated[str, msgspec.Meta(pattern="^[0-9]{1,18}$")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
E = TypeVar("E", bound=msgspec.Struct)
Property = str | bool | int | Decimal | None
"""What a property can be; in a request, where msgspec tells no text from a Decimal, it may be anything."""


class UsageEvent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What was used: of a meter or of a service, at an instant or over a time.

    ``id`` is the client's: an event that comes again with the same one is counted once. Without a ``quantity`` it is 1,
    and where a time is given its seconds. ``cost`` is in major units of the account's currency, and stands for
    whatever a rate would charge.
    """

    id: EventId
    customer_id: CustomerId | None = None
    meter: ShortText | None = None
    service: ShortText | None = None
    region: ShortText | None = None
    at: Moment | None = None
    start_time: Moment | None = None
    end_time: Moment | None = None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    resource_id: ShortText | None = None
    resource_name: ShortText | None = None
    properties: dict[str, Any] | None = None

    @property
    def start(self) -> datetime | None:
        """When it was, or began."""
        return self.at or self.start_time


class Incoming(OwnBody, kw_only=True):
    """Events as they were read: by their place, each that could be, and what is wrong with each other."""

    shown: ClassVar[Any] = UsageEvent | Annotated[list[UsageEvent], msgspec.Meta(max_length=MOST_EVENTS)]

    events: dict[int, UsageEvent]
    errors: dict[int, FieldErrors]
    is_one: bool

    @classmethod
    def read(cls, raw: bytes, *, is_strict: bool) -> Self:
        """The events of a body; each that is wrong is told by its place.

        Raises Malformed for what is neither an event nor an array, and ValidationFailed for too many.
        """
        if NUL_ESCAPED not in raw:
            try:
                return cls._of(_EVENTS.decode(raw))
            except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
                pass
        return cls._one_by_one(read_anything(raw), _event, is_strict=is_strict)

    @classmethod
    def read_as(cls, raw: bytes, kind: type[E], event_of: Callable[[E], UsageEvent], *, is_strict: bool) -> Self:
        """As ``read``, of events of another kind, from each of which ``event_of`` makes one."""

        def event(value: Any, *, is_strict: bool) -> UsageEvent:
            return event_of(convert_fields(_object(value), kind, is_strict=is_strict))

        return cls._one_by_one(read_anything(raw), event, is_strict=is_strict)

    @classmethod
    def _of(cls, read: UsageEvent | list[UsageEvent]) -> Self:
        is_one = isinstance(read, UsageEvent)
        events = [read] if isinstance(read, UsageEvent) else read
        _check_count(len(events))
        return cls(events=dict(enumerate(events)), errors={}, is_one=is_one)

    @classmethod
    def _one_by_one(cls, value: Any, event: Callable[..., UsageEvent], *, is_strict: bool) -> Self:
        is_one = isinstance(value, dict)
        values = [value] if is_one else value
        if not isinstance(values, list):
            raise Malformed("The body must be an event, or an array of events.")
        _check_count(len(values))
        read = cls(events={}, errors={}, is_one=is_one)
        for place, each in enumerate(values):
            try:
                read.events[place] = event(each, is_strict=is_strict)
            except ValidationFailed as error:
                read.errors[place] = error.errors
        return read


_EVENT: msgspec.json.Decoder[UsageEvent] = msgspec.json.Decoder(UsageEvent, float_hook=Decimal)


def read_again(text: str) -> UsageEvent:
    """An event of a text that was made of one."""
    return _EVENT.decode(text)


_EVENTS: msgspec.json.Decoder[Any] = msgspec.json.Decoder(UsageEvent | list[UsageEvent], float_hook=Decimal)


def _check_count(events: int) -> None:
    if events > MOST_EVENTS:
        raise ValidationFailed({"events": [f"Must be at most {MOST_EVENTS:,} events at once."]})


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValidationFailed({"event": ["Must be an object."]})
    return value


def _event(value: Any, *, is_strict: bool) -> UsageEvent:
    fields = _object(value)
    if SPECVERSION in fields:
        # Attributes of a CloudEvent that say nothing here are no mistake.
        return convert_fields(_of_cloud_event(fields), UsageEvent)
    return convert_fields(fields, UsageEvent, is_strict=is_strict)


def _of_cloud_event(value: Mapping[str, Any]) -> dict[str, Any]:
    """A CloudEvent 1.0 in JSON as an event. Its id is unique for its source only, so that both make the event's.

    The ``type`` is the meter, ``time`` when it was, and ``subject`` the customer's id, unless ``data`` names one.
    """
    missing = [name for name in ("id", "source", "type", "time") if not isinstance(value.get(name), str)]
    if missing or value[SPECVERSION] != "1.0":
        errors = {name: ["Is required of a CloudEvent."] for name in missing}
        raise ValidationFailed(errors or {SPECVERSION: ["Must be 1.0."]})
    data = value.get("data", {})
    if not isinstance(data, dict):
        raise ValidationFailed({"data": ["Must be an object."]})
    own = {name: data[name] for name in OWN_OF_DATA & data.keys()}
    properties = {name: data[name] for name in data.keys() - OWN_OF_DATA}
    when = {} if "start_time" in own else {"at": value["time"]}
    subject = {"customer_id": value["subject"]} if "subject" in value else {}
    named = {"id": f"{value['source']}:{value['id']}", "meter": value["type"]}
    return {**named, **when, **subject, **own, **({"properties": properties} if properties else {})}
