"""Usage events are forgotten, once everything that they were of is billed (docs/adr/0056)."""

from collections.abc import Iterator
from datetime import date
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.recurring import open_usage
from tallystick.recurring import store as schedule_store
from tallystick.store import locks
from tallystick.store.db import Database, Tx
from tallystick.store.tables import recurring, usage_periods
from tallystick.usage import forgetting, months, resource, store
from tallystick.usage.billing import may_be_late
from tallystick.usage.instants import instant, midnight_us
from tallystick.usage.measuring import A_DAY, Measuring, Wanted, month_after
from tallystick.usage.pricing import Used
from tallystick.usage.report import everybody
from tallystick.usage.types import Selection, Span

UNBILLED = "The schedule {id} has not billed its usage from {day} on. Bill what is due first: tallystick process."
LATE = "Of the usage that the schedule {id} billed, some came late and is not billed yet. It is with its next invoice."
OWN = (recurring.c.account_id == bindparam("account"), usage_periods.c.account_id == recurring.c.account_id)
# Of the days that are billed together, and of which only some are forgotten, the first instant.
CUT: Select[Any] = (
    select(recurring.c.customer_id, func.min(usage_periods.c.start_us))
    .where(
        *OWN,
        usage_periods.c.recurring_id == recurring.c.id,
        usage_periods.c.start_us < bindparam("before_us"),
        usage_periods.c.end_us > bindparam("before_us"),
    )
    .group_by(recurring.c.customer_id)
)


class _ToRemove(NamedTuple):
    """A customer's events that are to be removed: those before an instant."""

    customer_id: int
    before_us: int


def check_day(day: date, today: date) -> None:
    """Raises ValidationFailed for a day that does not begin a month, or one that has not begun."""
    if day.day != 1 or day > today:
        raise ValidationFailed({"before": ["Must be a month that has begun."]})


def forget(database: Database, actor: str, account: Account, day: date) -> Iterator[int]:
    """Forgets the events before a day, which begins a month; answers again and again how many more are gone.

    Their totals are kept first. Cut off, it goes on where it is begun again. Raises Conflict where something of these
    days is not billed yet.
    """
    usage = database.usage
    for each in usage.transact(actor, partial(_begin, account, day)):
        while gone := usage.transact(actor, partial(_remove, account, each)):
            yield gone
    usage.transact(actor, partial(_end, account))


def _begin(account: Account, day: date, tx: Tx) -> list[_ToRemove]:
    # Until its end no event comes in.
    locks.take(tx, account.id, store.LOCK, "")
    found = forgetting.forgotten(tx, account)
    if found is None or found.day < day:
        _check_billed(tx, account, day)
        forgetting.keep(tx, account, day, list(_used_before(tx, account, day)))
    return _to_remove(tx, account)


def _to_remove(tx: Tx, account: Account) -> list[_ToRemove]:
    """Up to which instant each customer's events go: days that are billed together stay together."""
    found = forgetting.forgotten(tx, account)
    if found is None:
        return []
    cuts = dict(tx.rows(CUT, _pair, account=account.id, before_us=found.at_us))
    return [_ToRemove(each, cuts.get(each, found.at_us)) for each in forgetting.customers(tx, account)]


def _pair(customer_id: int, at_us: int) -> tuple[int, int]:
    return customer_id, at_us


def _used_before(tx: Tx, account: Account, day: date) -> Iterator[Used]:
    """What was used before a day, of what is not forgotten, by months."""
    earliest_us = store.earliest_since(tx, account, 0)
    if earliest_us is None:
        return
    measuring, customers = Measuring(tx, account), everybody(tx, account)
    first = measuring.forgotten.day if measuring.forgotten else instant(earliest_us).date() - A_DAY
    first = first.replace(day=1)
    while first < day:
        following = month_after(first)
        yield from measuring.used(Wanted(first, following - A_DAY, customers))
        first = following


def _check_billed(tx: Tx, account: Account, day: date) -> None:
    """Raises Conflict where usage before a day is yet to be billed."""
    for schedule in tx.rows(open_usage.METERED, open_usage.READ, account=account.id):
        if schedule.usage_from is not None and schedule.usage_from < day:
            raise Conflict(UNBILLED.format(id=schedule.id, day=schedule.usage_from))
    _check_late(tx, account, midnight_us(day, account.timezone))


def _check_late(tx: Tx, account: Account, before_us: int) -> None:
    """Raises Conflict where something before an instant came late, for which a schedule has not billed yet."""
    meters, earliest = resource.meters(tx, account), cache(partial(store.earliest_since, tx, account))
    schedules = tx.rows(open_usage.EVER_METERED, open_usage.READ, account=account.id)
    billed = schedule_store.usage_billed(tx, account, [each.id for each in schedules])
    for schedule in schedules:
        after = [(days, max(schedule.usage_seq, to_seq)) for days, to_seq in billed.get(schedule.id, ())]
        spans = [
            Span(days.start_us, min(days.end_us, before_us), seq)
            for days, seq in after
            if days.start_us < before_us and may_be_late(days, earliest(seq))
        ]
        counted = (Selection.of_meter(meters[key]) for key in schedule.meters or () if key in meters)
        if any(store.aggregate(tx, account, [schedule.customer_id], spans, each) for each in counted):
            raise Conflict(LATE.format(id=schedule.id))


def _remove(account: Account, wanted: _ToRemove, tx: Tx) -> int:
    return forgetting.remove(tx, account, wanted.customer_id, wanted.before_us)


def _end(account: Account, tx: Tx) -> None:
    found = forgetting.forgotten(tx, account)
    if found is not None and tx.is_postgresql:
        months.drop_empty(tx, found.at_us)
