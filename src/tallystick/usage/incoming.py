"""Whether events can be taken, and as which rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from itertools import count
from typing import Any, NamedTuple

import msgspec

from tallystick.core.errors import FieldErrors
from tallystick.core.rating import FRACTION_DIGITS, Aggregation
from tallystick.store.columns import plain_json, plain_number
from tallystick.store.usage_file import EXACT, NUMBER
from tallystick.store.usage_tables import NOBODY
from tallystick.usage.amounts import ONE
from tallystick.usage.events import Property, UsageEvent
from tallystick.usage.forgetting import Forgotten
from tallystick.usage.instants import SECOND_US, microseconds
from tallystick.usage.types import EventRow, Meter

MOST_AHEAD = timedelta(days=1)
FIRST_YEAR = 2000
MAX_WHOLE_DIGITS = 15
MAX_PROPERTIES = 50
MAX_NAME_LENGTH = 40
MAX_TEXT_LENGTH = 500
HASH_BYTES = 16

_CONTENT = msgspec.json.Encoder()


class Known(NamedTuple):
    """What events are held against: the account's meters by key, and those of the named customers that exist.

    None may be after ``latest``, nor of the days that are ``forgotten``. ``needs_customer``: one without a customer is
    refused.
    """

    meters: Mapping[str, Meter]
    customers: frozenset[int]
    latest: datetime
    needs_customer: bool
    forgotten: Forgotten | None


class Sorted(NamedTuple):
    """Events by their place: rows to store, and what is wrong; and how many were given twice.

    Of the ``unknown`` nothing is wrong but that there is no such customer or meter, as there may be later.
    """

    rows: dict[int, EventRow]
    errors: dict[int, FieldErrors]
    unknown: frozenset[int]
    repeated: int


def customers_of(events: Mapping[int, UsageEvent]) -> set[int]:
    """The customers that events name."""
    return {int(event.customer_id) for event in events.values() if event.customer_id is not None}


def sort(events: Mapping[int, UsageEvent], known: Known) -> Sorted:
    """The rows of the events that can be taken, no two with the same id, and what is wrong with the others."""
    rows: dict[int, EventRow] = {}
    errors: dict[int, FieldErrors] = {}
    unknown: set[int] = set()
    first: dict[str, EventRow] = {}
    repeated = count()
    for place, event in events.items():
        wrong, missing = _wrong_with(event, known), _missing(event, known)
        if wrong or missing:
            errors[place] = {**missing, **wrong}
            if not wrong:
                unknown.add(place)
            continue
        row = _row(event)
        same = first.setdefault(row.event_id, row)
        if same is row:
            rows[place] = row
        elif same.hash == row.hash:
            next(repeated)
        else:
            errors[place] = {"id": ["Is the id of another event of this request."]}
    return Sorted(rows, errors, frozenset(unknown), next(repeated))


def _wrong_with(event: UsageEvent, known: Known) -> FieldErrors:
    errors: FieldErrors = {}
    _check_what(event, known, errors)
    _check_when(event, known, errors)
    for name, value in (("quantity", event.quantity), ("cost", event.cost)):
        if value is not None and not _is_storable(value):
            errors[name] = ["Must be a number of 0 or more, with at most 15 digits before the point and 12 after it."]
    if event.properties:
        _check_properties(event.properties, errors)
    return errors


def _check_what(event: UsageEvent, known: Known, errors: FieldErrors) -> None:
    if event.customer_id is None and known.needs_customer:
        errors["customer_id"] = ["Is required."]
    if event.meter is None:
        if event.service is None:
            errors["meter"] = ["Is required, or a service."]
        return
    meter = known.meters.get(event.meter)
    if meter and meter.of is not None and not _is_measurable(meter, (event.properties or {}).get(meter.of)):
        errors[f"properties.{meter.of}"] = [f"Must be there, and a number: the meter {meter.key} measures it."]


def _missing(event: UsageEvent, known: Known) -> FieldErrors:
    """What the event names that is not there."""
    errors: FieldErrors = {}
    if event.customer_id is not None and int(event.customer_id) not in known.customers:
        errors["customer_id"] = ["There is no such customer."]
    if event.meter is not None and event.meter not in known.meters:
        errors["meter"] = [f"There is no meter {event.meter}. POST /usage/meters makes one."]
    return errors


def _is_measurable(meter: Meter, value: Property) -> bool:
    if meter.aggregation in (Aggregation.COUNT, Aggregation.UNIQUE):
        return value is not None
    return not isinstance(value, bool) and value is not None and NUMBER.fullmatch(as_text(value)) is not None


def as_text(value: str | int | Decimal) -> str:
    """A property's value as a text, as the databases have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _check_when(event: UsageEvent, known: Known, errors: FieldErrors) -> None:
    start = event.start
    if start is None:
        errors["at"] = ["Is required, or start_time and end_time."]
        return
    if event.at is not None and (event.start_time or event.end_time):
        errors["at"] = ["Give either it or start_time and end_time."]
    elif event.at is None and (event.end_time is None or event.end_time < start):
        errors["end_time"] = ["Must be there, and not before start_time."]
    for name, moment in (("at", event.at), ("start_time", event.start_time), ("end_time", event.end_time)):
        if moment is not None and (moment > known.latest or moment.year < FIRST_YEAR):
            errors[name] = [f"Must be from the year {FIRST_YEAR} on, and at most a day ahead of now."]
    if known.forgotten is not None and is_forgotten(event, known.forgotten):
        name = "start_time" if event.at is None else "at"
        errors[name] = [f"Must not be before {known.forgotten.day}: what was used before is forgotten."]


def is_forgotten(event: UsageEvent, found: Forgotten | None) -> bool:
    """Whether the event is of the days that are forgotten."""
    return found is not None and event.start is not None and microseconds(event.start) < found.at_us


def _is_storable(value: Decimal) -> bool:
    if not value.is_finite() or value < 0 or value.adjusted() >= MAX_WHOLE_DIGITS:
        return False
    return value == round(value, FRACTION_DIGITS)


def _check_properties(properties: Mapping[str, Any], errors: FieldErrors) -> None:
    if len(properties) > MAX_PROPERTIES:
        errors["properties"] = [f"Must be at most {MAX_PROPERTIES} pairs."]
        return
    for name, value in properties.items():
        if not is_property(name):
            errors["properties"] = [f"Must have names of 1 to {MAX_NAME_LENGTH} characters, without quotes."]
        elif wrong := _wrong_with_property(value):
            errors[f"properties.{name}"] = [wrong]


def _wrong_with_property(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return f"Must have at most {MAX_TEXT_LENGTH} characters." if len(value) > MAX_TEXT_LENGTH else None
    if isinstance(value, (int, Decimal)):
        is_number = NUMBER.fullmatch(as_text(value))
        return None if is_number else "Must have at most 15 digits before the point and 12 after it."
    return "Must be a text, a number or a truth value."


def is_property(name: str) -> bool:
    """Whether a property can have this name."""
    return 1 <= len(name) <= MAX_NAME_LENGTH and name.isprintable() and '"' not in name and "\\" not in name


def _row(event: UsageEvent) -> EventRow:
    assert event.start is not None  # noqa: S101  # it was checked
    at_us = microseconds(event.start)
    end_us = None if event.end_time is None else microseconds(event.end_time)
    quantity, parts = _split(event.quantity) if event.quantity is not None else _default(at_us, end_us)
    cost, cost_parts = (None, None) if event.cost is None else _split(event.cost)
    properties = plain_json(_plain(event.properties)) if event.properties else None
    content: tuple[Any, ...] = (
        *(int(event.customer_id or NOBODY), event.meter, event.service, event.region),
        *(at_us, end_us, quantity, parts, cost, cost_parts),
        *(event.resource_id, event.resource_name, properties),
    )
    return EventRow(event.id, blake2b(_CONTENT.encode(content), digest_size=HASH_BYTES).digest(), *content)


def _default(at_us: int, end_us: int | None) -> tuple[int, int]:
    """The quantity of an event that gives none: 1, or the seconds of its time."""
    if end_us is None:
        return 1, 0
    seconds, rest_us = divmod(end_us - at_us, SECOND_US)
    return seconds, rest_us * (ONE // SECOND_US)


def _split(value: Decimal) -> tuple[int, int]:
    """The whole units and the parts of 10**-12."""
    whole, parts = divmod(int(value.scaleb(FRACTION_DIGITS, EXACT)), ONE)
    return whole, parts


def _plain(properties: dict[str, Property]) -> dict[str, Property | msgspec.Raw]:
    """Without what is null, and with each number in its shortest form, so that equal contents are the same."""
    return {name: _shortest(value) for name, value in properties.items() if value is not None}


def _shortest(value: Property) -> Property | msgspec.Raw:
    if not isinstance(value, Decimal):
        return value
    text = as_text(value.normalize(EXACT))
    return int(text) if "." not in text else plain_number(text)
