"""Billing: every period that is due gets its invoice, exactly once, in batches of one transaction each (ADR 28).

Exactly once, because a batch first locks the schedules that it bills (on SQLite, the whole database), looks up which
of their periods have an invoice, and moves each schedule on in the transaction that writes its invoices. Should all
that fail, a unique index refuses a second invoice for a period.
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from tallystick.accounts import store as account_store
from tallystick.core.account import Account
from tallystick.core.errors import DomainError
from tallystick.invoices import many
from tallystick.invoices.many import InvoiceToMake
from tallystick.recurring import closing, kept, rules, store
from tallystick.recurring.kept import BilledUsage
from tallystick.recurring.types import (
    BEGINNING,
    BillingSchedule,
    Forecast,
    Outcome,
    PlannedInvoices,
    Run,
    RunCursor,
    RunReferences,
    RunRequest,
    ScheduleFailure,
)
from tallystick.store import garbage
from tallystick.store.db import Database, Tx
from tallystick.usage import billing as usage

BATCH = 500
"""Schedules in a transaction: enough that its own cost is small beside theirs, few enough that others wait little."""

MOST_AT_ONCE = 1000
"""Invoices that a request bills by itself; more are left to a worker."""

REST_S = 0.001
"""After a batch on SQLite, so that a thread that waits to write has its turn."""

LONG_REST_S = 0.11
"""After so many seconds as ``WORK_S``, for other processes: SQLite lets them look again every 0.1 seconds or sooner."""
WORK_S = 2.0


class Decision(NamedTuple):
    """What is to become of some schedules."""

    plans: list[PlannedInvoices]
    failures: list[tuple[BillingSchedule, ScheduleFailure]]
    cursor: RunCursor


def decide(
    tx: Tx, account: Account, schedules: Sequence[BillingSchedule], request: RunRequest, after: RunCursor
) -> Decision:
    """Decides on schedules, in order, until there is no room for more invoices; writes nothing."""
    references = store.gather(tx, account, schedules)
    plans: list[PlannedInvoices] = []
    failures: list[tuple[BillingSchedule, ScheduleFailure]] = []
    cursor, room = after, BATCH
    for schedule in schedules:
        if room <= 0:
            break
        try:
            plan = rules.plan(schedule, references, account, request.as_of, BATCH)
        except DomainError as error:
            failures.append((schedule, rules.failure(schedule, error)))
        else:
            plans.append(plan)
            room -= len(plan.unbilled)
            if not plan.is_whole:
                # It comes up again, because its next date is later than the cursor.
                break
        cursor = RunCursor(schedule.next_date or request.as_of, schedule.id)
    return _with_usage(tx, account, Decision(plans, failures, cursor), references)


def _with_usage(tx: Tx, account: Account, decision: Decision, references: RunReferences) -> Decision:
    """The decision where the invoices of schedules with meters bill usage too, or cannot."""
    metered = [plan for plan in decision.plans if plan.schedule.meters]
    billed = usage.bill(tx, account, [rules.usage_to_bill(plan, references, account) for plan in metered])
    by_schedule = dict(zip((plan.schedule.id for plan in metered), billed, strict=True))
    plans: list[PlannedInvoices] = []
    failures = list(decision.failures)
    for plan in decision.plans:
        try:
            of_plan = by_schedule.get(plan.schedule.id)
            plans.append(plan if of_plan is None else rules.with_usage(plan, of_plan, references, account))
        except DomainError as error:
            failures.append((plan.schedule, rules.failure(plan.schedule, error)))
    return decision._replace(plans=plans, failures=failures)


def bill_batch(tx: Tx, account: Account, request: RunRequest, after: RunCursor) -> Outcome:
    """Bills the next schedules after a cursor. One that cannot be billed is reported and stops no other."""
    claimed = store.claim(tx, account, request, after, BATCH)
    if not claimed:
        return closing.close(tx, account, request, BATCH)
    decision = decide(tx, account, claimed, request, after)
    # What locks nothing that others need comes first: from the numbers on, they wait until this transaction ends.
    store.advance(tx, account, {plan.schedule.id: rules.progress_after_run(plan) for plan in decision.plans})
    kept.failures(tx, account, decision.failures)
    outcome = _outcome(decision, _make(tx, account, decision.plans))
    if request.run_id is not None:
        store.count_up(tx, account, request.run_id, outcome)
    return outcome


def _outcome(decision: Decision, invoices: list[int]) -> Outcome:
    return Outcome(
        processed=sum(plan.is_whole for plan in decision.plans) + len(decision.failures),
        skipped=sum(not plan.unbilled for plan in decision.plans),
        invoices=invoices,
        failures=[failure for _, failure in decision.failures],
        cursor=decision.cursor,
    )


def _make(tx: Tx, account: Account, plans: Sequence[PlannedInvoices]) -> list[int]:
    wanted = _wanted(plans)
    made = many.create(tx, account, wanted)
    invoices = dict(zip((each.period for each in wanted), made, strict=True))
    billed = [
        BilledUsage(
            schedule=plan.schedule,
            usage=plan.usage[period.start],
            to_seq=plan.usage_seq or 0,
            position=len(plan.content.lines),
            invoice_id=invoices[period],
        )
        for plan in plans
        for period in plan.unbilled
        if period.start in plan.usage
    ]
    kept.usage(tx, account, billed)
    return made


def _wanted(plans: Sequence[PlannedInvoices]) -> list[InvoiceToMake]:
    """The invoices to make, those of the earliest period first, so that their numbers follow their dates."""
    return sorted((wanted for plan in plans for wanted in rules.invoices_to_make(plan)), key=attrgetter("period"))


def is_large(tx: Tx, account: Account, request: RunRequest) -> bool:
    """Whether there is more to bill than a request does by itself."""
    limit = MOST_AT_ONCE + 1
    schedules = store.due(tx, account, request, BEGINNING, limit)
    return sum(len(rules.due(schedule, request.as_of, limit).periods) for schedule in schedules) >= limit


def enqueue(tx: Tx, account: Account, request: RunRequest) -> Run:
    """Leaves it to a worker to bill what is due."""
    named = request.ids or ()
    idle = len(named) - len(store.due(tx, account, request, BEGINNING, len(named)))
    return store.insert_run(tx, account, request, idle)


def bill(tx: Tx, account: Account, request: RunRequest) -> Outcome:
    """Bills all that is due, in this one transaction; where others are at work on some of it, once they are done."""
    store.wait_for_due(tx, account, request)
    outcomes: list[Outcome] = []
    cursor: RunCursor | None = BEGINNING
    while cursor is not None:
        outcomes.append(bill_batch(tx, account, request, cursor))
        cursor = outcomes[-1].cursor
    return _sum(request, outcomes)


def _sum(request: RunRequest, outcomes: Sequence[Outcome]) -> Outcome:
    processed = sum(outcome.processed for outcome in outcomes)
    idle = _idle(request, processed)
    return Outcome(
        processed=processed + idle,
        skipped=sum(outcome.skipped for outcome in outcomes) + idle,
        invoices=[invoice for outcome in outcomes for invoice in outcome.invoices],
        failures=[failure for outcome in outcomes for failure in outcome.failures],
        cursor=None,
    )


def _idle(request: RunRequest, processed: int) -> int:
    """How many of the schedules that were named have nothing to bill: they are not due, or switched off."""
    return 0 if request.ids is None else len(request.ids) - processed


def forecast(tx: Tx, account: Account, request: RunRequest) -> Forecast:
    """What billing all that is due would do, to the last invoice, and the first ``MOST_AT_ONCE`` of these."""
    plans: list[PlannedInvoices] = []
    counts: list[int] = []
    failures: list[ScheduleFailure] = []
    room = MOST_AT_ONCE
    for schedule, references in _with_references(tx, account, request):
        try:
            planned = rules.plan(schedule, references, account, request.as_of, room)
            plan = _forecast_plan(tx, account, planned, references)
        except DomainError as error:
            failures.append(rules.failure(schedule, error))
            continue
        counts.append(rules.count_unbilled(schedule, references, request.as_of))
        if plan.unbilled:
            plans.append(plan)
            room -= len(plan.unbilled)
    idle = _idle(request, len(counts) + len(failures))
    return Forecast(
        processed=len(counts) + len(failures) + idle,
        created=sum(counts),
        skipped=counts.count(0) + idle,
        failures=failures,
        shown=_wanted(plans),
    )


def _forecast_plan(tx: Tx, account: Account, plan: PlannedInvoices, references: RunReferences) -> PlannedInvoices:
    if not plan.schedule.meters:
        return plan
    (billed,) = usage.bill(tx, account, [rules.usage_to_bill(plan, references, account)])
    return rules.with_usage(plan, billed, references, account)


def _with_references(tx: Tx, account: Account, request: RunRequest) -> Iterator[tuple[BillingSchedule, RunReferences]]:
    """All that is due, in order, each with what is known about its batch."""
    cursor = BEGINNING
    while schedules := store.due(tx, account, request, cursor, BATCH):
        references = store.gather(tx, account, schedules)
        for schedule in schedules:
            yield schedule, references
        cursor = RunCursor(schedules[-1].next_date or request.as_of, schedules[-1].id)


def finish(account: Account, run: Run, tx: Tx) -> bool:
    """Marks a run as finished, unless another worker is still at work on it; answers whether it is."""
    if store.has_due(tx, account, run.request):
        return False
    store.finish(tx, account, run.id)
    return True


def batches(database: Database, actor: str, account_id: int, request: RunRequest) -> Iterator[Outcome]:
    """Bills all that is due, each batch in a transaction of its own, and answers what each one did."""
    cursor: RunCursor | None = BEGINNING
    rested_at_s = time.monotonic()
    while cursor is not None:
        outcome = database.transact(actor, partial(_next_batch, account_id, request, cursor))
        yield outcome
        cursor = outcome.cursor
        if database.is_sqlite:
            rested_at_s = _rest(rested_at_s)


def to_the_end(database: Database, actor: str, account: Account, request: RunRequest) -> Iterator[Outcome]:
    """As ``batches``, and then what others were at work on meanwhile, once they are done with it."""
    failed: set[int] = set()
    for outcome in batches(database, actor, account.id, request):
        failed.update(failure.id for failure in outcome.failures)
        yield outcome
    with database.read() as tx:
        left = [each for each in store.due_ids(tx, account, request) if each not in failed]
    for first in range(0, len(left), BATCH):
        some = request._replace(ids=tuple(left[first : first + BATCH]))
        yield database.transact(actor, partial(_bill_rest, account.id, some))


def _bill_rest(account_id: int, request: RunRequest, tx: Tx) -> Outcome:
    return bill(tx, account_store.get(tx, account_id), request)


def _rest(rested_at_s: float) -> float:
    """Lets others write, and answers when other processes last could."""
    if time.monotonic() - rested_at_s < WORK_S:
        time.sleep(REST_S)
        return rested_at_s
    time.sleep(LONG_REST_S)
    return time.monotonic()


def _next_batch(account_id: int, request: RunRequest, after: RunCursor, tx: Tx) -> Outcome:
    # The account is read again, because its settings may change while a long run goes on.
    account = account_store.get(tx, account_id)
    with garbage.uncollected():
        return bill_batch(tx, account, request, after)
