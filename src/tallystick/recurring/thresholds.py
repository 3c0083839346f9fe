"""Thresholds: told once a period, when what a customer used of a meter reaches a quantity or a cost."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.facts import UsageReached
from tallystick.core.rating import ZERO
from tallystick.recurring import open_usage, store
from tallystick.recurring.rules import A_DAY
from tallystick.recurring.types import BillingSchedule
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.store.outbox import NewEvent
from tallystick.store.tables import usage_reached
from tallystick.usage import billing, resource
from tallystick.usage import store as usage
from tallystick.usage.api import QUANTITY
from tallystick.usage.billing import UsageToBill
from tallystick.usage.charging import Charge
from tallystick.usage.types import Meter

COLUMNS = ("account_id", "recurring_id", "meter_id", "first", "threshold")
# What was told already.
TOLD: Select[Any] = select(*(usage_reached.c[name] for name in COLUMNS[1:])).where(
    usage_reached.c.account_id == bindparam("account")
)


class Reached(NamedTuple):
    """A threshold that usage has reached, in the period that begins then."""

    recurring_id: int
    meter_id: int
    first: date
    threshold: str


class ToTell(NamedTuple):
    """What there is to tell of a customer."""

    reached: Reached
    customer_id: int
    facts: UsageReached


def untold(tx: Tx, account: Account) -> list[ToTell]:
    """The thresholds that are reached, and of which it was not told in their periods; ``tx`` may only read."""
    meters = {key: meter for key, meter in resource.meters(tx, account).items() if meter.thresholds}
    schedules = tx.rows(open_usage.METERED, open_usage.READ, account=account.id) if meters else []
    concerned = [each for each in schedules if meters.keys() & set(each.meters or ())]
    if not concerned:
        return []
    told = set(tx.rows(TOLD, Reached, account=account.id))
    found = {each.reached: each for each in _reached(tx, account, concerned, meters)}
    return [each for each in found.values() if each.reached not in told]


def tell(tx: Tx, account: Account, found: Sequence[ToTell]) -> None:
    """Tells of thresholds, but for those of which others have told meanwhile."""
    told = set(tx.rows(TOLD, Reached, account=account.id))
    new = [each for each in found if each.reached not in told]
    tx.insert_many(usage_reached, COLUMNS, [(account.id, *each.reached) for each in new])
    outbox.add_all(tx, account, [NewEvent(Event.USAGE_THRESHOLD_REACHED, each.customer_id, each.facts) for each in new])


def _reached(
    tx: Tx, account: Account, schedules: Sequence[BillingSchedule], meters: Mapping[str, Meter]
) -> Iterator[ToTell]:
    wanted = _wanted(tx, account, schedules)
    for schedule, found in zip(schedules, billing.charges_so_far(tx, account, wanted), strict=True):
        together: dict[tuple[str, date], list[Charge]] = {}
        for days, charge in found:
            together.setdefault((charge.meter.key, days.first), []).append(charge)
        for (key, first), charges in together.items():
            for name, value in _thresholds(meters[key]) if key in meters else ():
                used = _sum(charges, name, account, schedule.currency)
                if used >= value:
                    reached = Reached(schedule.id, meters[key].id, first, f"{name}:{value:f}")
                    yield ToTell(reached, schedule.customer_id, _facts(schedule, key, reached, used))


def _wanted(tx: Tx, account: Account, schedules: Sequence[BillingSchedule]) -> list[UsageToBill]:
    """What is not billed yet, and what was billed last, as long as that is a day ago, or where some came late since."""
    today, billed = account.today(tx.now), store.usage_billed(tx, account, [each.id for each in schedules])
    with tx.usage() as events:
        earliest = cache(partial(usage.earliest_since, events, account))
        before = {
            each: [days]
            for each, (*_, (days, to_seq)) in billed.items()
            if days.last + A_DAY >= today or billing.may_be_late(days, earliest(to_seq))
        }
    return [
        open_usage.of_schedule(each, (*before.get(each.id, ()), *open_usage.open_days(each, today, account.timezone)))
        for each in schedules
    ]


def _thresholds(meter: Meter) -> Iterator[tuple[str, Decimal]]:
    for threshold in meter.thresholds:
        for name, text in threshold.items():
            yield name, Decimal(text)


def _sum(charges: Sequence[Charge], name: str, account: Account, currency: str) -> Decimal:
    """The quantity, or the cost as far as it is one in this currency."""
    if name == QUANTITY:
        return sum((each.quantity for each in charges), ZERO)
    return sum((each.cost for each in charges if each.has_price(account, currency)), ZERO)


def _facts(schedule: BillingSchedule, meter: str, reached: Reached, used: Decimal) -> UsageReached:
    name, _, value = reached.threshold.partition(":")
    return UsageReached(
        meter=meter,
        recurring_id=schedule.id,
        since=reached.first,
        threshold="quantity" if name == QUANTITY else "cost",
        value=value,
        reached=format(used.normalize(), "f"),
        currency=schedule.currency,
    )
