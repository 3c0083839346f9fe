"""The native wire of a customer's usage in its open periods: what the next invoices will bill, so far."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec
from sqlalchemy import bindparam

from tallystick.core.account import Account
from tallystick.core.rating import ZERO
from tallystick.customers.resource import CUSTOMERS
from tallystick.recurring import open_usage, rules
from tallystick.recurring.rules import A_DAY
from tallystick.recurring.types import BillingSchedule
from tallystick.store.tables import recurring
from tallystick.usage import billing, resource
from tallystick.usage.billing import ChargedSoFar, UsageToBill
from tallystick.usage.charging import rounded
from tallystick.wire import render
from tallystick.wire.call import Call, Query
from tallystick.wire.scalars import Currency, Id

OF_CUSTOMER = open_usage.METERED.where(recurring.c.customer_id == bindparam("customer"))


class OpenUsageQuery(Query, frozen=True, kw_only=True):
    """``currency``: of the schedules that bill in it; else of those in the customer's, or of the first one there is."""

    currency: Currency | None = None


class UsedSoFar(msgspec.Struct, frozen=True):
    """What was used of a meter on some days, for one combination of its groups, and what it comes to by now."""

    recurring_id: int | None
    meter: str
    group: dict[str, str | None]
    first_day: date
    last_day: date
    quantity: Decimal
    events: int
    cost: Decimal


class OpenUsageJson(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A customer's usage from the first day that is not billed yet up to today: by schedules, or in this month.

    ``unrated`` are the events that no rate prices, and those whose own costs are in another currency.
    """

    from_: date
    to: date
    rows: list[UsedSoFar]
    total_cost: Decimal
    currency: str
    unrated: int


def show(call: Call, customer_id: Id, query: OpenUsageQuery) -> OpenUsageJson:
    """Show what a customer has used since it was last billed, and what that costs so far.

    By each schedule that bills usage, the days of each of its invoices to come by themselves; without one, what all
    meters measured since the first of the month.
    """
    account, today = call.account, call.account.today(call.tx.now)
    own = CUSTOMERS.get(call.tx, account, customer_id).currency or account.currency
    schedules = call.tx.rows(OF_CUSTOMER, open_usage.READ, account=account.id, customer=customer_id)
    currency = str(query.currency or _currency(schedules, own))
    wanted = _of_schedules(call, schedules, currency) if schedules else [_of_month(call, customer_id, currency)]
    found = billing.charges_so_far(call.tx, account, wanted)
    charged = [(each, so_far) for each, of_each in zip(wanted, found, strict=True) for so_far in of_each]
    shown = [_used(each, so_far, account) for each, so_far in charged]
    return OpenUsageJson(
        from_=min((days.first for each in wanted for days in each.days), default=today),
        to=today,
        rows=shown,
        total_cost=sum((each.cost for each in shown), rounded(ZERO, account, currency)),
        currency=currency,
        unrated=sum(charge.events for _, (_, charge) in charged if not charge.has_price(account, currency)),
    )


def _currency(schedules: Sequence[BillingSchedule], own: str) -> str:
    found = [each.currency for each in schedules]
    return own if own in found or not found else found[0]


def _of_schedules(call: Call, schedules: Sequence[BillingSchedule], currency: str) -> list[UsageToBill]:
    """What has begun of what is billed in this currency."""
    today, timezone = call.account.today(call.tx.now), call.account.timezone
    return [
        open_usage.of_schedule(each, open_usage.open_days(each, today, timezone))
        for each in schedules
        if each.currency == currency
    ]


def _of_month(call: Call, customer_id: int, currency: str) -> UsageToBill:
    """What all meters measured in this month, up to today."""
    today = call.account.today(call.tx.now)
    days = rules.billed_days(today.replace(day=1), today + A_DAY, call.account.timezone)
    keys = tuple(resource.meters(call.tx, call.account))
    return UsageToBill(int(customer_id), currency, keys, None, (days,), (), 0, None)


def _used(of: UsageToBill, so_far: ChargedSoFar, account: Account) -> UsedSoFar:
    days, charge = so_far
    return UsedSoFar(
        recurring_id=of.recurring_id,
        meter=charge.meter.key,
        group=dict(zip(charge.meter.group_by, charge.priced.group, strict=True)),
        first_day=days.first,
        last_day=days.last,
        quantity=render.plain(charge.quantity),
        events=charge.events,
        cost=rounded(charge.cost if charge.has_price(account, of.currency) else ZERO, account, of.currency),
    )
