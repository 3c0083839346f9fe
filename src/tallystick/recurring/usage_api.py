"""The native wire of a customer's usage in its open periods: what the next invoices will bill, so far."""

from datetime import date
from decimal import Decimal

import msgspec
from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.customers.resource import CUSTOMERS
from tallystick.recurring import open_usage, rules
from tallystick.recurring.rules import A_DAY
from tallystick.recurring.types import BillingSchedule
from tallystick.store import rows
from tallystick.store.tables import recurring
from tallystick.usage import billing, resource
from tallystick.usage.billing import UsageToBill
from tallystick.usage.charging import Charge, rounded
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.scalars import Id

# The schedules of a customer that bill usage.
METERED: Select[tuple[object, ...]] = (
    select(*rows.columns(recurring, BillingSchedule))
    .where(
        recurring.c.account_id == bindparam("account"),
        recurring.c.customer_id == bindparam("customer"),
        recurring.c.deleted_at.is_(None),
        recurring.c.usage_from.is_not(None),
    )
    .order_by(recurring.c.id)
)


class UsedSoFar(msgspec.Struct, frozen=True):
    """What was used of a meter, for one combination of its groups, and what it comes to by now."""

    meter: str
    group: dict[str, str | None]
    quantity: Decimal
    events: int
    cost: Decimal


class OpenUsageJson(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A customer's usage from the first day that is not billed yet up to today: by a schedule, or in this month.

    ``unrated`` are the events that no rate prices.
    """

    recurring_id: int | None
    from_: date
    to: date
    rows: list[UsedSoFar]
    total_cost: Decimal
    currency: str
    unrated: int


def show(call: Call, customer_id: Id) -> list[OpenUsageJson]:
    """Show what a customer has used since it was last billed, and what that costs so far.

    By each schedule that bills usage; without one, what all meters measured since the first of the month.
    """
    account, today = call.account, call.account.today(call.tx.now)
    currency = CUSTOMERS.get(call.tx, account, customer_id).currency or account.currency
    schedules = call.tx.rows(METERED, open_usage.READ, account=account.id, customer=customer_id)
    begun = [each for each in schedules if each.usage_from is not None and each.usage_from <= today]
    wanted = [open_usage.of_schedule(each, today, account) for each in begun]
    if not schedules:
        days = rules.billed_days(today.replace(day=1), today + A_DAY, account.timezone)
        keys = tuple(resource.meters(call.tx, account))
        wanted = [UsageToBill(int(customer_id), currency, keys, None, (days,), (), 0)]
    found = billing.charges_so_far(call.tx, account, wanted)
    ids: list[int | None] = [each.id for each in begun] or [None]
    return [
        _shown(recurring_id, each, charges, account)
        for recurring_id, each, charges in zip(ids, wanted, found, strict=False)
    ]


def _shown(recurring_id: int | None, wanted: UsageToBill, charges: list[Charge], account: Account) -> OpenUsageJson:
    (days,) = wanted.days
    shown = [_used(charge, wanted.currency, account) for charge in charges]
    return OpenUsageJson(
        recurring_id=recurring_id,
        from_=days.first,
        to=days.last,
        rows=shown,
        total_cost=sum((each.cost for each in shown), rounded(Decimal(0), account, wanted.currency)),
        currency=wanted.currency,
        unrated=sum(each.events for each in charges if each.priced.rate is None and not each.priced.has_cost),
    )


def _used(charge: Charge, currency: str, account: Account) -> UsedSoFar:
    return UsedSoFar(
        meter=charge.meter.key,
        group=dict(zip(charge.meter.group_by, charge.priced.group, strict=True)),
        quantity=render.plain(charge.units),
        events=charge.events,
        cost=rounded(charge.cost, account, currency),
    )
