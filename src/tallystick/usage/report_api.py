"""The native wire of the report."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import digits
from tallystick.customers.resource import CUSTOMERS
from tallystick.usage import amounts, measuring
from tallystick.usage.incoming import MAX_NAME_LENGTH, is_property
from tallystick.usage.measuring import Wanted
from tallystick.usage.report import Row, everybody, report
from tallystick.wire.call import Call, Query
from tallystick.wire.csv import CsvFile, heading
from tallystick.wire.scalars import Day, Id, MeterKey, Several, ShortText

RESOURCE = "resource"
FIGURES = ("quantity", "cost")
MOST_DIMENSIONS = 5
MOST_DAYS = 3 * 366
NO_PROPERTY = f"Must name properties of 1 to {MAX_NAME_LENGTH} characters, without quotes or backslashes."
Words = Annotated[Several, msgspec.Meta(extra_json_schema={"items": {"type": "string"}})]


class ChosenQuery(Query, frozen=True, kw_only=True):
    """Which events: from a day to a day, both whole, in the account's time zone.

    ``property`` is ``name:value``, or several with commas between them: of two with the same name an event has either
    value.
    """

    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None
    customer_id: Id | None = None
    meter: MeterKey | None = None
    service: ShortText | None = None
    region: ShortText | None = None
    resource_id: ShortText | None = None
    property: Words | None = None


class ReportQuery(ChosenQuery, frozen=True, kw_only=True):
    """Without ``to`` it is today, and without ``from`` the first day of that month.

    ``property`` is ``name:value``, or several with commas between them. ``group_by`` has up to five of ``day``,
    ``month``, ``customer``, ``service``, ``region``, ``resource``, ``meter`` and the names of properties.
    """

    group_by: Words | None = None


class ReportJson(msgspec.Struct, frozen=True):
    """What was used and what it costs.

    A row has the value of each dimension that is grouped by, its ``quantity`` and its exact ``cost``. ``total_cost`` is
    the sum, rounded once. Costs are in major units of ``currency``, before tax; ``unrated`` counts the events that no
    rate fits, which cost nothing. Of the days up to ``forgotten_until`` the events are forgotten, and it has what was
    kept of their months.
    """

    from_: dt.date = msgspec.field(name="from")
    to: dt.date
    rows: list[dict[str, Any]]
    total_cost: Decimal
    currency: str
    unrated: int
    forgotten_until: dt.date | None


def show(call: Call, query: ReportQuery) -> ReportJson:
    """Report what was used and what it costs.

    An event's own cost stands. A price that is the same for each unit prices every event; any other price is that of
    the customer's whole calendar month, shared by quantity. Flat fees of months without any use are not in it.
    """
    names = dimensions(query)
    wanted = wanted_by(call, query, names)
    found = report(call.tx, call.account, wanted)
    return ReportJson(
        from_=wanted.first,
        to=wanted.last,
        rows=[_row_json(row, names, call.account) for row in found.rows],
        total_cost=found.total,
        currency=call.account.currency,
        unrated=found.unrated,
        forgotten_until=found.forgotten_until,
    )


def export_csv(call: Call, query: ReportQuery) -> CsvFile:
    """Export the rows of the report."""
    names = dimensions(query)
    found = report(call.tx, call.account, wanted_by(call, query, names))
    rows = ([*row.key, *map(Decimal, figures(row, call.account))] for row in found.rows)
    return CsvFile("usage.csv", [heading(name) for name in (*names, *FIGURES)], rows)


def wanted_by(call: Call, query: ReportQuery, names: tuple[str, ...]) -> Wanted:
    """What a query wants, grouped by these names. Raises ValidationFailed."""
    first, last = days(call, query.from_, query.to)
    if query.customer_id is not None:
        CUSTOMERS.named(call.tx, call.account, "customer_id", query.customer_id)
    return Wanted(
        first=first,
        last=last,
        customers=everybody(call.tx, call.account) if query.customer_id is None else [int(query.customer_id)],
        meter=None if query.meter is None else str(query.meter),
        filters=filters_of(query),
        group=tuple("resource_id" if name == RESOURCE else name for name in names),
    )


def dimensions(query: ReportQuery) -> tuple[str, ...]:
    """What is grouped by. Raises ValidationFailed."""
    names = tuple(dict.fromkeys(query.group_by.words if query.group_by else ()))
    if len(names) > MOST_DIMENSIONS:
        raise ValidationFailed({"group_by": [f"Must be at most {MOST_DIMENSIONS} names."]})
    for name in names:
        check_property(name, "group_by")
        if name in FIGURES:
            raise ValidationFailed({"group_by": [f"Must not be {name}, which each row has of its own."]})
    return names


def check_property(name: str, field: str) -> None:
    """Raises ValidationFailed for what is no name of a property."""
    if not is_property(name):
        raise ValidationFailed({field: [NO_PROPERTY]})


def figures(row: Row, account: Account) -> tuple[str, str]:
    """A row's quantity and its cost, in decimals."""
    return amounts.written(row.quantity), cost_text(row.cost, account)


def cost_text(cost: int, account: Account) -> str:
    """A cost, in parts of 10**-26, with the digits of the currency, and up to twelve where it has them."""
    return amounts.written(amounts.rounded(cost), digits(account.currency))


def _row_json(row: Row, names: tuple[str, ...], account: Account) -> dict[str, Any]:
    quantity, cost = figures(row, account)
    shown: dict[str, Any] = dict(zip(names, row.key, strict=True))
    shown["quantity"], shown["cost"] = msgspec.Raw(quantity.encode()), msgspec.Raw(cost.encode())
    return shown


def days(call: Call, first_day: Day | None, last_day: Day | None) -> tuple[dt.date, dt.date]:
    """The first and the last day; without these today, and the first day of its month. Raises ValidationFailed."""
    last = last_day.on_calendar_of(call.account) if last_day else call.account.today(call.tx.now)
    first = first_day.on_calendar_of(call.account) if first_day else last.replace(day=1)
    check_days(first, last, "to")
    return first, last


def check_days(first: dt.date, last: dt.date, field: str) -> None:
    """Raises ValidationFailed where the days are none, or too many."""
    if last < first:
        raise ValidationFailed({field: ["Must not be before the first day."]})
    if (last - first).days >= MOST_DAYS:
        raise ValidationFailed({field: [f"Must be less than {MOST_DAYS:,} days after the first day."]})


def filters_of(query: ChosenQuery) -> dict[str, list[str]]:
    """The values that events must have one of, by dimension; the meter is not among them. Raises ValidationFailed."""
    own = {name: getattr(query, name) for name in ("service", "region", "resource_id")}
    filters: dict[str, list[str]] = {name: [value] for name, value in own.items() if value is not None}
    for word in query.property.words if query.property else ():
        name, colon, value = word.partition(":")
        if not colon or name in (*measuring.NOT_OF_EVENTS, *own):
            raise ValidationFailed({"property": ["Must be a property and its value, as color:red."]})
        check_property(name, "property")
        filters.setdefault(name, []).append(value)
    return filters
