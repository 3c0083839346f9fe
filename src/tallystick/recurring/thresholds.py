"""Thresholds: told once a period, when what a customer used of a meter reaches a quantity or a cost."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.facts import UsageReached
from tallystick.recurring import open_usage
from tallystick.recurring.types import BillingSchedule
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.store.outbox import NewEvent
from tallystick.store.tables import recurring, usage_reached
from tallystick.usage import billing, resource
from tallystick.usage.charging import Charge
from tallystick.usage.types import Meter

COLUMNS = ("account_id", "recurring_id", "meter_id", "first", "threshold")
ACTIVE = open_usage.METERED.where(recurring.c.active)
# What was told already.
TOLD: Select[Any] = select(*(usage_reached.c[name] for name in COLUMNS[1:])).where(
    usage_reached.c.account_id == bindparam("account")
)


class Reached(NamedTuple):
    """A threshold that usage has reached, in the open period that begins then."""

    recurring_id: int
    meter_id: int
    first: date
    threshold: str


def tell(tx: Tx, account: Account) -> int:
    """Tells of each threshold that is reached and of which it was not told in this period; answers how many."""
    meters = {key: meter for key, meter in resource.meters(tx, account).items() if meter.thresholds}
    schedules = tx.rows(ACTIVE, open_usage.READ, account=account.id) if meters else []
    concerned = [each for each in schedules if meters.keys() & set(each.meters or ())]
    if not concerned:
        return 0
    told = set(tx.rows(TOLD, Reached, account=account.id))
    new = [each for each in _reached(tx, account, concerned, meters) if each[0] not in told]
    tx.insert_many(usage_reached, COLUMNS, [(account.id, *reached) for reached, _, _ in new])
    outbox.add_all(
        tx, account, [NewEvent(Event.USAGE_THRESHOLD_REACHED, customer, facts) for _, customer, facts in new]
    )
    return len(new)


def _reached(
    tx: Tx, account: Account, schedules: list[BillingSchedule], meters: dict[str, Meter]
) -> Iterator[tuple[Reached, int, UsageReached]]:
    today = account.today(tx.now)
    wanted = [open_usage.of_schedule(each, today, account) for each in schedules]
    for schedule, charges in zip(schedules, billing.charges_so_far(tx, account, wanted), strict=True):
        for key in set(schedule.meters or ()) & meters.keys():
            own = [charge for charge in charges if charge.meter.key == key]
            for name, value in _thresholds(meters[key]):
                used = _sum(own, name)
                if used >= value and schedule.usage_from is not None:
                    reached = Reached(schedule.id, meters[key].id, schedule.usage_from, f"{name}:{value}")
                    yield reached, schedule.customer_id, _facts(schedule, key, name, value, used)


def _thresholds(meter: Meter) -> Iterator[tuple[str, Decimal]]:
    for threshold in meter.thresholds:
        for name, text in threshold.items():
            yield name, Decimal(text)


def _sum(charges: list[Charge], name: str) -> Decimal:
    return sum((each.units if name == "quantity" else each.cost for each in charges), Decimal(0))


def _facts(schedule: BillingSchedule, meter: str, name: str, value: Decimal, used: Decimal) -> UsageReached:
    return UsageReached(
        meter=meter,
        recurring_id=schedule.id,
        since=schedule.usage_from or date.min,
        threshold="cost" if name == "cost" else "quantity",
        value=format(value, "f"),
        reached=format(used.normalize(), "f"),
        currency=schedule.currency,
    )
