"""Closing: what a schedule's meters measured last is billed alone, the day after it has ended or was switched off.

What comes late after that is billed alone too, on the days on which the schedule would have billed its next periods.
"""

from datetime import date

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, DomainError
from tallystick.core.periods import due_date
from tallystick.invoices import many
from tallystick.invoices.many import InvoiceToMake, Period, ServiceDays
from tallystick.recurring import kept, rules, store
from tallystick.recurring.kept import BilledUsage
from tallystick.recurring.types import (
    BillingSchedule,
    InvoiceUsage,
    Outcome,
    RunReferences,
    RunRequest,
    ScheduleFailure,
)
from tallystick.store.db import Tx
from tallystick.usage import billing as usage
from tallystick.usage.billing import Billed, UsageToBill


def close(tx: Tx, account: Account, request: RunRequest, most: int) -> Outcome:
    """Bills the last usage of schedules, or what came late, of at most so many; nothing where there was none."""
    claimed = store.claim_closing(tx, account, request, most)
    if not claimed:
        return Outcome(0, 0, [], [], None)
    references = store.gather(tx, account, claimed)
    wanted = [_to_bill(schedule, references, account) for schedule in claimed]
    without: list[BilledUsage] = []
    billed: list[tuple[BilledUsage, InvoiceToMake]] = []
    failed: list[tuple[BillingSchedule, ScheduleFailure]] = []
    for schedule, asked, found in zip(claimed, wanted, usage.bill(tx, account, wanted), strict=True):
        try:
            used, invoice = _decided(schedule, asked, found, account, references)
            if invoice is None:
                without.append(used)
            else:
                billed.append((used, invoice))
        except DomainError as error:
            failed.append((schedule, rules.failure(schedule, error)))
    kept.failures(tx, account, failed)
    today = account.today(tx.now)
    closed = (*without, *(used for used, _ in billed))
    columns = {each.schedule.id: rules.usage_closed(each.schedule, _late_to(each), today) for each in closed}
    store.close(tx, account, columns)
    made = many.create(tx, account, [invoice for _, invoice in billed])
    invoiced = [used._replace(invoice_id=made_id) for (used, _), made_id in zip(billed, made, strict=True)]
    kept.usage(tx, account, [*without, *invoiced])
    return Outcome(len(claimed), len(without), made, [failure for _, failure in failed], None)


def _closes_on(schedule: BillingSchedule) -> date:
    return schedule.closes_on or date.max


def _to_bill(schedule: BillingSchedule, references: RunReferences, account: Account) -> UsageToBill:
    days = rules.days_to_close(schedule, account.timezone)
    return rules.usage_of(schedule, (days,) if days else (), references)


def _late_to(billed: BilledUsage) -> int:
    """Up to which seq what came late is billed."""
    return billed.schedule.usage_seq if billed.late_waits else billed.to_seq


def _decided(
    schedule: BillingSchedule, asked: UsageToBill, found: Billed | Conflict, account: Account, references: RunReferences
) -> tuple[BilledUsage, InvoiceToMake | None]:
    """What is billed, and its invoice, None where it comes to no line.

    What came late waits, where it takes back more than there is to bill; alone it is refused.
    """
    if isinstance(found, Conflict):
        raise found
    used = _used(schedule, asked, found)
    try:
        return used, _invoice(used, account, references)
    except DomainError:
        if not (asked.days and rules.takes_back(found)):
            raise
    waiting = _used(schedule, asked, found._replace(late=[]))._replace(late_waits=True)
    return waiting, _invoice(waiting, account, references)


def _used(schedule: BillingSchedule, asked: UsageToBill, found: Billed) -> BilledUsage:
    lines = [line for of_days in (*found.lines, found.late) for line in of_days]
    days = asked.days[0] if asked.days else None
    return BilledUsage(schedule, InvoiceUsage(lines, days), found.to_seq, position=0)


def _invoice(billed: BilledUsage, account: Account, references: RunReferences) -> InvoiceToMake | None:
    if not billed.usage.lines:
        return None
    schedule, day = billed.schedule, _closes_on(billed.schedule)
    days = account.payment_terms_days if schedule.due_days is None else schedule.due_days
    return InvoiceToMake(
        content=rules.content_with(schedule, (), billed.usage.lines, references, account),
        customer=references.customers[schedule.customer_id],
        period=Period(day, schedule.id, day),
        due_date=due_date(day, days),
        issues=schedule.auto_issue,
        sends=schedule.auto_send,
        labels=schedule.labels.of_copy(),
        service=_service(billed.usage),
    )


def _service(usage: InvoiceUsage) -> ServiceDays:
    """The days that are closed; of what is all late, those from the first to the last of which some came."""
    days = [usage.days] if usage.days else [line.days for line in usage.lines]
    return ServiceDays(min(each.first for each in days), max(each.last for each in days))
