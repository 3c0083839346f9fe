"""What a schedule has not billed of its customer's usage yet, up to today."""

from datetime import date

from sqlalchemy import Select, bindparam, or_, select

from tallystick.core.account import Account
from tallystick.recurring import rules
from tallystick.recurring.rules import A_DAY
from tallystick.recurring.types import BillingSchedule
from tallystick.store import rows
from tallystick.store.tables import recurring
from tallystick.usage.billing import UsageToBill

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


def of_schedule(schedule: BillingSchedule, today: date, account: Account) -> UsageToBill:
    """The usage from the first day that is not billed up to today."""
    days = rules.billed_days(schedule.usage_from or today, today + A_DAY, account.timezone)
    meters = tuple(schedule.meters or ())
    return UsageToBill(schedule.customer_id, schedule.currency, meters, None, (days,), (), 0, schedule.id)
