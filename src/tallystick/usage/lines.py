"""What invoices bill for usage, kept line by line, so that each can be explained event by event."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Select, Text, bindparam, case, cast, func, select

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.lists import in_list
from tallystick.store.tables import usage_lines
from tallystick.usage.charging import BilledBefore, Charge, UsageLine

COLUMNS = (
    *("account_id", "invoice_id", "position", "recurring_id", "customer_id", "description", "currency", "amount"),
    *("units", "events", "first", "last", "start_us", "end_us", "after_seq", "to_seq", "charge"),
)
IS_OF_MINIMUM = cast(usage_lines.c.charge, Text) == "{}"
# What these schedules have billed for the usage of some days, and to lift it to a minimum, by the first of these.
BILLED: Select[Any] = (
    select(
        usage_lines.c.recurring_id,
        usage_lines.c.first,
        func.sum(case((IS_OF_MINIMUM, 0), else_=usage_lines.c.amount)),
        func.sum(case((IS_OF_MINIMUM, usage_lines.c.amount), else_=0)),
    )
    .where(usage_lines.c.account_id == bindparam("account"), in_list(usage_lines.c.recurring_id, "ids"))
    .group_by(usage_lines.c.recurring_id, usage_lines.c.first)
)


class Owner(NamedTuple):
    """Whose lines they are: the invoice's, from ``position`` on."""

    invoice_id: int
    position: int
    recurring_id: int
    customer_id: int
    currency: str


def keep(tx: Tx, account: Account, billed: Iterable[tuple[Owner, Sequence[UsageLine]]]) -> None:
    """Keeps the lines that invoices bill."""
    rows = [_row(account, owner, place, line) for owner, lines in billed for place, line in enumerate(lines)]
    tx.insert_many(usage_lines, COLUMNS, rows)


def billed(tx: Tx, account: Account, schedules: Collection[int]) -> dict[tuple[int | None, date], BilledBefore]:
    """What schedules have billed for usage, by the schedule's id and the first of the days."""
    found = tx.rows(BILLED, _owned, account=account.id, ids=list(schedules)) if schedules else []
    return dict(found)


def _owned(recurring_id: int, first: date, used: int, lifted: int) -> tuple[tuple[int, date], BilledBefore]:
    return (recurring_id, first), BilledBefore(int(used), int(lifted))


def _row(account: Account, owner: Owner, place: int, line: UsageLine) -> tuple[Any, ...]:
    charge = line.charge
    return (
        *(account.id, owner.invoice_id, owner.position + place, owner.recurring_id, owner.customer_id),
        *(line.description, owner.currency, line.amount),
        *((charge.units, charge.events) if charge else (line.quantity, 0)),
        *(*line.days, line.after_seq or 0, line.to_seq),
        _kept(charge, account.timezone) if charge else {},
    )


def _kept(charge: Charge, timezone: str) -> dict[str, Any]:
    """Which events a charge is of: see ``explaining.ChargedEvents``."""
    rate = charge.priced.rate
    kept: dict[str, Any] = msgspec.to_builtins(
        {
            "meter": charge.meter,
            "group": charge.priced.group,
            "has_cost": charge.priced.has_cost,
            "rate_id": rate.id if rate else None,
            "by": charge.counting.by,
            "cuts": charge.counting.cuts,
            "timezone": timezone,
            "parts": sorted(charge.parts, key=str),
        }
    )
    return kept
