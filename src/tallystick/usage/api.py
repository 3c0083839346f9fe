"""The native wire of usage: events in, meters and rates."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.core.errors import FieldErrors, ValidationFailed
from tallystick.core.rating import Aggregation, PriceModel, RateUnit
from tallystick.usage import ops, rules, types
from tallystick.usage.events import Incoming
from tallystick.usage.resource import METERS, RATES, meter_id, meters
from tallystick.wire import render
from tallystick.wire.call import Call, Change, Deleted, Query, given
from tallystick.wire.lists import ListQuery, among, listed, page_request
from tallystick.wire.reply import Listed
from tallystick.wire.scalars import (
    Currency,
    Day,
    Id,
    MeterKey,
    Name,
    NotNegative,
    Percent,
    Positive,
    ShortText,
)

MAX_VALUES = 100
MAX_DIMENSIONS = 5
MAX_THRESHOLDS = 20
MAX_TIERS = 100
PREVIEW = "preview"

Dimension = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r'^[^"\\]*$')]
Values = Annotated[list[ShortText], msgspec.Meta(min_length=1, max_length=MAX_VALUES)]

QUANTITY = "quantity"
"""The name by which a meter may say that it measures what an event itself does."""

NOT_COUNTED = "Must be a property, or null for the ids: quantities are not counted."


class PartialQuery(Query, frozen=True, kw_only=True):
    """``partial``: what can be taken is, though other events are wrong."""

    partial: bool = False


class RejectedEvent(msgspec.Struct, frozen=True):
    """An event that was not taken, by its place among those of the request, from 0 on."""

    index: int
    errors: FieldErrors


class TakenJson(msgspec.Struct, frozen=True):
    """What became of the events of a request."""

    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]


class ThresholdBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quantity or a cost, either of which is told when a customer's usage of a period reaches it."""

    quantity: Positive | UnsetType = UNSET
    cost: Positive | UnsetType = UNSET


class MeterChange(Change, kw_only=True):
    """A meter, as far as it is to change.

    ``of`` is the property that it measures; ``quantity`` or null is the event's own quantity. ``filters`` have the
    values of which an event must have one: of its service, region, resource_id, resource_name, or a property. Each
    combination of the values of ``group_by`` is billed by itself.
    """

    name: Name | UnsetType = UNSET
    aggregation: Aggregation | UnsetType = UNSET
    of: Dimension | None | UnsetType = UNSET
    filters: Annotated[dict[Dimension, Values], msgspec.Meta(max_length=MAX_DIMENSIONS)] | UnsetType = UNSET
    group_by: Annotated[list[Dimension], msgspec.Meta(max_length=MAX_DIMENSIONS)] | UnsetType = UNSET
    thresholds: Annotated[list[ThresholdBody], msgspec.Meta(max_length=MAX_THRESHOLDS)] | UnsetType = UNSET

    def check(self) -> FieldErrors:
        """What single fields cannot tell."""
        thresholds = [] if self.thresholds is UNSET else self.thresholds
        errors = {
            f"thresholds.{place}": ["Must be a quantity or a cost, and not both."]
            for place, each in enumerate(thresholds)
            if (each.quantity is UNSET) == (each.cost is UNSET)
        }
        if self.aggregation is Aggregation.UNIQUE and self.of == QUANTITY:
            errors["of"] = [NOT_COUNTED]
        return errors


class NewMeter(MeterChange, kw_only=True):
    """A new meter; its name is its key, unless it gets one."""

    key: MeterKey
    aggregation: Aggregation

    def check(self) -> FieldErrors:
        """What single fields cannot tell."""
        taken = {"key": [f"Must not be {PREVIEW}, at whose path meters are tried."]} if self.key == PREVIEW else {}
        return {**super().check(), **taken}


class MeterQuery(ListQuery, frozen=True, kw_only=True):
    """``search`` looks in key and name."""

    sort: Annotated[ShortText, among(METERS.sorts)] | None = None


class MeterJson(msgspec.Struct, frozen=True):
    """What makes a quantity of events."""

    key: str
    name: str
    aggregation: Aggregation
    of: str | None
    filters: dict[str, list[str]]
    group_by: list[str]
    thresholds: list[dict[str, Decimal]]
    version: int
    created_at: datetime
    updated_at: datetime


class TierBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier up to and including ``up_to`` units; null has no end."""

    unit_price: NotNegative
    up_to: Positive | None = None
    flat: NotNegative | None = None


class RateChange(Change, kw_only=True):
    """A rate, as far as it is to change: what it is for, and its price. Amounts in major units of ``currency``.

    It is for a ``meter`` or a ``service``. ``valid_from`` is the first day on which it is in force; null is always.
    """

    meter: MeterKey | None | UnsetType = UNSET
    service: Name | None | UnsetType = UNSET
    region: Name | None | UnsetType = UNSET
    customer_id: Id | None | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    unit: RateUnit | None | UnsetType = UNSET
    valid_from: Day | None | UnsetType = UNSET
    tax_id: Id | None | UnsetType = UNSET
    model: PriceModel | UnsetType = UNSET
    unit_price: NotNegative | None | UnsetType = UNSET
    tiers: Annotated[list[TierBody], msgspec.Meta(max_length=MAX_TIERS)] | None | UnsetType = UNSET
    size: Positive | None | UnsetType = UNSET
    percent: Percent | None | UnsetType = UNSET
    minimum: NotNegative | None | UnsetType = UNSET
    maximum: NotNegative | None | UnsetType = UNSET
    free_units: NotNegative | UnsetType = UNSET
    flat: NotNegative | UnsetType = UNSET
    free_if_unused: bool | UnsetType = UNSET


class NewRate(RateChange, kw_only=True):
    """A new rate; its currency is the account's, unless it gets one."""

    model: PriceModel


class RateQuery(ListQuery, frozen=True, kw_only=True):
    """``search`` looks in service and region."""

    sort: Annotated[ShortText, among(RATES.sorts)] | None = None
    customer_id: Id | None = None
    service: ShortText | None = None


class TierJson(msgspec.Struct, frozen=True):
    """A tier up to and including ``up_to`` units; null has no end."""

    up_to: Decimal | None
    unit_price: Decimal
    flat: Decimal


class RateJson(msgspec.Struct, frozen=True):
    """A price, and what it is for. What its model does not use is null."""

    id: int
    meter: str | None
    service: str | None
    region: str | None
    customer_id: int | None
    currency: str
    unit: str | None
    valid_from: date | None
    tax_id: int | None
    model: PriceModel
    unit_price: Decimal | None
    tiers: list[TierJson] | None
    size: Decimal | None
    percent: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    free_units: Decimal
    flat: Decimal
    free_if_unused: bool
    version: int
    created_at: datetime
    updated_at: datetime


def ingest(call: Call, query: PartialQuery, body: Incoming) -> TakenJson:
    """Take in events: one, an array of up to 10,000, or CloudEvents 1.0.

    An event whose id is there already is a duplicate, and counts once; with another content it is wrong. Where one is
    wrong none is taken, unless ``partial``. Of an unknown customer or meter it is wrong too; or it is kept, where the
    setting ``usage_keep_rejected`` is on.
    """
    take = ops.take if query.partial else ops.take_all
    taken = take(call.tx, call.account, body, needs_customer=True)
    rejected = [RejectedEvent(place, errors) for place, errors in taken.rejected.items()]
    return TakenJson(taken.accepted, taken.duplicates, rejected)


def meter_values(body: MeterChange) -> dict[str, Any]:
    """The columns of a meter that a request names."""
    values = given(body)
    if body.of == QUANTITY:
        values["of"] = None
    if body.thresholds is not UNSET:
        values["thresholds"] = [
            {name: format(value, "f") for name in ("quantity", "cost") if (value := getattr(each, name)) is not UNSET}
            for each in body.thresholds
        ]
    return values


def meter_json(meter: types.Meter) -> MeterJson:
    """A meter as the API shows it."""
    thresholds = [{name: render.plain(Decimal(text)) for name, text in each.items()} for each in meter.thresholds]
    columns = {name: getattr(meter, name) for name in MeterJson.__struct_fields__}
    return MeterJson(**{**columns, "thresholds": thresholds})


def list_meters(call: Call, query: MeterQuery) -> Listed[MeterJson]:
    """List the meters."""
    return listed(METERS.page(call.tx, call.account, page_request(query), query.search), meter_json)


def create_meter(call: Call, body: NewMeter) -> MeterJson:
    """Make a meter, by which events are then measured."""
    empty: dict[str, Any] = {"name": str(body.key), "of": None, "filters": {}, "group_by": [], "thresholds": []}
    return meter_json(METERS.create(call.tx, call.account, {**empty, **meter_values(body)}))


def get_meter(call: Call, key: MeterKey) -> MeterJson:
    """Get one meter."""
    return meter_json(METERS.get(call.tx, call.account, meter_id(call.tx, call.account, key)))


def update_meter(call: Call, key: MeterKey, body: MeterChange) -> MeterJson:
    """Change a meter: all events, past ones too, are measured anew, but for what was billed."""
    row_id = meter_id(call.tx, call.account, key)
    if body.of == QUANTITY and body.aggregation is UNSET:
        _check_of_quantity(METERS.get(call.tx, call.account, row_id))
    return meter_json(METERS.update(call.tx, call.account, row_id, meter_values(body), body.seen_version))


def _check_of_quantity(meter: types.Meter) -> None:
    if meter.aggregation is Aggregation.UNIQUE:
        raise ValidationFailed({"of": [NOT_COUNTED]})


def delete_meter(call: Call, key: MeterKey) -> Deleted:
    """Delete a meter that no rate is for and no schedule bills; its events stay."""
    row_id = meter_id(call.tx, call.account, key)
    METERS.delete(call.tx, call.account, row_id)
    return Deleted(row_id)


def _rate_values(call: Call, body: RateChange, before: types.RateRow | None) -> dict[str, Any]:
    """The columns of a rate, whole: those that it had, and what the request names."""
    values = given(body)
    if isinstance(body.valid_from, Day):
        values["valid_from"] = body.valid_from.on_calendar_of(call.account)
    errors: FieldErrors = {}
    if "meter" in values:
        values["meter_id"] = _named_meter(call, values.pop("meter"), errors)
    whole = rules.whole_rate(values, before, call.account.currency, errors)
    if errors:
        raise ValidationFailed(errors)
    return whole


def _named_meter(call: Call, key: str | None, errors: FieldErrors) -> int | None:
    known = meters(call.tx, call.account)
    if key is not None and key not in known:
        errors["meter"] = [f"There is no meter {key}."]
        return None
    return None if key is None else known[key].id


def rate_json(row: types.RateRow, keys: dict[int, str]) -> RateJson:
    """A rate as the API shows it; ``keys`` are the meters' by their ids."""
    rate = rules.rate(row, None if row.meter_id is None else keys[row.meter_id])
    price = rate.price
    tiers = [TierJson(*(None if n is None else render.plain(n) for n in tier)) for tier in price.tiers]  # type: ignore[arg-type]
    numbers = {
        name: None if (value := getattr(price, name)) is None else render.plain(value)
        for name in ("unit_price", "size", "percent", "minimum", "maximum", "free_units", "flat")
    }
    return RateJson(
        **{name: getattr(rate, name) for name in rules.RATE_FIELDS},
        **numbers,  # type: ignore[arg-type]
        model=price.model,
        tiers=tiers or None,
        free_if_unused=price.free_if_unused,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _keys(call: Call) -> dict[int, str]:
    return {meter.id: key for key, meter in meters(call.tx, call.account).items()}


def list_rates(call: Call, query: RateQuery) -> Listed[RateJson]:
    """List the rates."""
    equal = {"customer_id": query.customer_id, "service": query.service}
    keys = _keys(call)
    page = RATES.page(call.tx, call.account, page_request(query), query.search, **equal)
    return listed(page, lambda row: rate_json(row, keys))


def create_rate(call: Call, body: NewRate) -> RateJson:
    """Make a rate, by which usage is priced from then on."""
    return rate_json(ops.create_rate(call.tx, call.account, _rate_values(call, body, None)), _keys(call))


def get_rate(call: Call, rate_id: Id) -> RateJson:
    """Get one rate."""
    return rate_json(RATES.get(call.tx, call.account, rate_id), _keys(call))


def update_rate(call: Call, rate_id: Id, body: RateChange) -> RateJson:
    """Change a rate; what was billed by it stays as it is."""
    values = _rate_values(call, body, RATES.get(call.tx, call.account, rate_id))
    return rate_json(ops.update_rate(call.tx, call.account, rate_id, values, body.seen_version), _keys(call))


def delete_rate(call: Call, rate_id: Id) -> Deleted:
    """Delete a rate; what was billed by it stays as it is."""
    RATES.delete(call.tx, call.account, rate_id)
    return Deleted(rate_id)
