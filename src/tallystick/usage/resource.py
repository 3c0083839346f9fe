"""What meters and rates are."""

from sqlalchemy import Select, and_, bindparam, select

from tallystick.core.account import Account
from tallystick.core.errors import NotFound
from tallystick.core.events import Event
from tallystick.core.rating import Rate
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.resource import Resource, ResourceEvents
from tallystick.store.rows import Rows
from tallystick.store.tables import unique_meter_key, usage_meters, usage_rates
from tallystick.store.unique import Unique
from tallystick.usage import rules
from tallystick.usage.types import Meter, RateRow

METERS = Resource(
    Rows(usage_meters, Meter),
    told=ResourceEvents(Event.METER_CREATED, Event.METER_UPDATED, Event.METER_DELETED),
    sorts={"created_at": usage_meters.c.id, "key": usage_meters.c.key},
    searched=(usage_meters.c.key, usage_meters.c.name),
    in_use="A rate is for this meter, or a schedule bills it. Delete the rate, and take the meter out of the schedule.",
    unique=(Unique("key", "key", unique_meter_key),),
)
RATES = Resource(
    Rows(usage_rates, RateRow),
    told=ResourceEvents(Event.RATE_CREATED, Event.RATE_UPDATED, Event.RATE_DELETED),
    sorts={"created_at": usage_rates.c.id},
    searched=(usage_rates.c.service, usage_rates.c.region),
    in_use="An invoice was priced by this rate.",
    derived=rules.with_target,
)

OF_ACCOUNT = usage_meters.c.account_id == bindparam("account")
READ_METER = rows.reader(usage_meters, Meter)
ALL_METERS: Select[tuple[object, ...]] = (
    select(*rows.columns(usage_meters, Meter)).where(OF_ACCOUNT).order_by(usage_meters.c.key)
)
KEY: Select[tuple[int]] = select(usage_meters.c.id).where(OF_ACCOUNT, usage_meters.c.key == bindparam("key"))
ALL_RATES: Select[tuple[object, ...]] = (
    select(usage_meters.c.key, *rows.columns(usage_rates, RateRow))
    .outerjoin(
        usage_meters,
        and_(usage_meters.c.account_id == usage_rates.c.account_id, usage_meters.c.id == usage_rates.c.meter_id),
    )
    .where(usage_rates.c.account_id == bindparam("account"))
    .order_by(usage_rates.c.id)
)


def meters(tx: Tx, account: Account) -> dict[str, Meter]:
    """All meters of the account, by their keys."""
    return {meter.key: meter for meter in tx.rows(ALL_METERS, READ_METER, account=account.id)}


def meter_id(tx: Tx, account: Account, key: str) -> int:
    """The id of the meter with this key, or NotFound."""
    found = tx.row(KEY, int, account=account.id, key=key)
    if found is None:
        raise NotFound(f"There is no meter {key}.")
    return found


def rates(tx: Tx, account: Account) -> list[Rate]:
    """All rates of the account, as they are looked through for one that fits."""
    return tx.rows(ALL_RATES, lambda meter, *columns: rules.rate(RateRow(*columns), meter), account=account.id)
