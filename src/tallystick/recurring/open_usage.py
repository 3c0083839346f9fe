"""What a schedule has not billed of its customer's usage yet, up to today."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Select, bindparam, or_, select

from tallystick.recurring import rules
from tallystick.recurring.rules import A_DAY
from tallystick.recurring.types import BillingSchedule
from tallystick.store import rows
from tallystick.store.tables import recurring
from tallystick.usage.billing import UsageToBill
from tallystick.usage.charging import BilledDays

READ = rows.reader(recurring, BillingSchedule)
# All schedules that bill usage, or did before they ended.
EVER_METERED: Select[tuple[object, ...]] = (
    select(*rows.columns(recurring, BillingSchedule))
    .where(
        recurring.c.account_id == bindparam("account"),
        recurring.c.deleted_at.is_(None),
        recurring.c.usage_from.is_not(None),
    )
    .order_by(recurring.c.id)
)
# Those that will bill usage, in a period or by closing.
METERED = EVER_METERED.where(or_(recurring.c.active, recurring.c.closes_on.is_not(None)), ~recurring.c.usage_closed)


def of_schedule(schedule: BillingSchedule, days: Iterable[BilledDays]) -> UsageToBill:
    """What the schedule's meters measured of some days, each priced by themselves."""
    meters = tuple(schedule.meters or ())
    return UsageToBill(schedule.customer_id, schedule.currency, meters, None, tuple(days), (), 0, schedule.id)


def open_days(schedule: BillingSchedule, today: date, timezone: str) -> list[BilledDays]:
    """The days up to today whose usage is not billed yet, those of each invoice to come by themselves."""
    is_due = rules.due(schedule, today, rules.count_due(schedule, today))
    is_ending = is_due.periods and is_due.next_date is None
    ends_on = is_due.periods[-1].end + A_DAY if is_ending else schedule.closes_on
    last = min(ends_on or date.max, today + A_DAY)
    starts = (*(period.start for period in is_due.periods), last)
    return list(rules.days_before(schedule.usage_from, starts, timezone).values())
