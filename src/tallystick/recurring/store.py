"""The SQL of recurring billing."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, func, literal, or_, select, update

from tallystick.bills.sums import Sums
from tallystick.bills.types import Item, References
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.party import Buyer
from tallystick.core.states import RunStatus
from tallystick.products.types import Product
from tallystick.recurring import rules
from tallystick.recurring.types import (
    BEGINNING,
    BillingSchedule,
    Outcome,
    Run,
    RunCursor,
    RunReferences,
    RunRequest,
    Schedule,
    ScheduleFailure,
    ScheduleFilter,
    ScheduleRow,
    StoredItem,
)
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.lists import in_list
from tallystick.store.paging import Page, PageRequest, fetch
from tallystick.store.rows import Rows
from tallystick.store.search import mentions
from tallystick.store.tables import (
    customers,
    invoices,
    products,
    recurring,
    recurring_lines,
    recurring_run_errors,
    recurring_runs,
    taxes,
    usage_periods,
)
from tallystick.taxes.types import Tax
from tallystick.usage.charging import BilledDays, EarlierDays

SORTS: Mapping[str, ColumnElement[Any]] = {
    "created_at": recurring.c.id,
    "start_date": recurring.c.start_date,
    "total": recurring.c.total,
}
NAMED = "Invoices name this schedule."
PROGRESS = (
    *("active", "bills_from", "next_date", "last_billed_date", "occurrences", "waits", "error"),
    *("usage_from", "usage_seq", "closes_on"),
    *Sums.__struct_fields__,
)
CLOSED = ("usage_from", "usage_seq", "closes_on", "usage_closed", "error")
ITEM_COLUMNS = (
    *("product_id", "description", "quantity", "unit", "unit_price"),
    *("discount_type", "discount_value", "tax_id", "tax_rate"),
)
LINE_COLUMNS = ("account_id", "recurring_id", "position", *ITEM_COLUMNS)
ERROR_COLUMNS = ("account_id", "run_id", "recurring_id", "code", "reason")

OWN = recurring.c.account_id == bindparam("account")
NOT_DELETED = recurring.c.deleted_at.is_(None)
SCHEDULES = Rows(recurring, ScheduleRow)
DUE = Rows(recurring, BillingSchedule)
RUNS = Rows(recurring_runs, Run)
BY_ID: Select[Any] = select(*rows.columns(recurring, ScheduleRow)).where(
    OWN, NOT_DELETED, recurring.c.id == bindparam("schedule")
)
BY_ID_LOCKED = BY_ID.with_for_update()
OF_BATCH = in_list(recurring_lines.c.recurring_id, "ids")
# The lines of some schedules, each beside its schedule.
LINES: Select[Any] = (
    select(recurring_lines.c.recurring_id, *(recurring_lines.c[name] for name in ITEM_COLUMNS))
    .where(recurring_lines.c.account_id == bindparam("account"), OF_BATCH)
    .order_by(recurring_lines.c.recurring_id, recurring_lines.c.position)
)
READ_BUYER = rows.reader(customers, Buyer)
CUSTOMERS: Select[Any] = select(*rows.columns(customers, Buyer)).where(
    customers.c.account_id == bindparam("account"), in_list(customers.c.id, "ids")
)
# The products that the lines of some schedules name: by a subquery, because a batch may name very many products.
PRODUCTS: Select[Any] = select(*rows.columns(products, Product)).where(
    products.c.account_id == bindparam("account"),
    products.c.id.in_(
        select(recurring_lines.c.product_id).where(recurring_lines.c.account_id == bindparam("account"), OF_BATCH)
    ),
)
TAXES: Select[Any] = select(*rows.columns(taxes, Tax)).where(taxes.c.account_id == bindparam("account"))
# The periods, by their first day, that these schedules have billed from a day on.
BILLED: Select[Any] = select(invoices.c.recurring_id, invoices.c.period_start).where(
    invoices.c.account_id == bindparam("account"),
    in_list(invoices.c.recurring_id, "ids"),
    invoices.c.period_start >= bindparam("first"),
)
USAGE_PERIOD = ("account_id", "recurring_id", *BilledDays._fields, "to_seq")
# The days whose usage these schedules have billed.
USAGE_BILLED: Select[Any] = (
    select(usage_periods.c.recurring_id, *(usage_periods.c[name] for name in USAGE_PERIOD[2:]))
    .where(usage_periods.c.account_id == bindparam("account"), in_list(usage_periods.c.recurring_id, "ids"))
    .order_by(usage_periods.c.recurring_id, usage_periods.c.first)
)
KNOWN = select(recurring.c.id).where(OWN, NOT_DELETED, in_list(recurring.c.id, "ids"))
# Locks some schedules in the order of their ids, so that two that want the same cannot wait for each other.
LOCKED = select(recurring.c.id).where(OWN, in_list(recurring.c.id, "ids")).order_by(recurring.c.id).with_for_update()
DELETE_LINES = delete(recurring_lines).where(
    recurring_lines.c.account_id == bindparam("account"), recurring_lines.c.recurring_id == bindparam("schedule")
)

RUN_COLUMNS = rows.columns(recurring_runs, Run)
INSERT_RUN = recurring_runs.insert().returning(*RUN_COLUMNS)
UNFINISHED: Select[Any] = (
    select(*RUN_COLUMNS)
    .where(recurring_runs.c.account_id == bindparam("account"), recurring_runs.c.finished_at.is_(None))
    .order_by(recurring_runs.c.id)
)
_RUN = (recurring_runs.c.account_id == bindparam("account"), recurring_runs.c.id == bindparam("run"))
# Adds what a batch did to its run, which starts with the first.
COUNT_UP = (
    update(recurring_runs)
    .where(*_RUN)
    .values(
        status=RunStatus.RUNNING,
        started_at=func.coalesce(recurring_runs.c.started_at, bindparam("now", type_=recurring_runs.c.started_at.type)),
        **{name: recurring_runs.c[name] + bindparam(f"more_{name}") for name in ("processed", "created", "skipped")},
    )
)
FINISH = (
    update(recurring_runs)
    .where(*_RUN, recurring_runs.c.finished_at.is_(None))
    .values(status=RunStatus.FINISHED, finished_at=bindparam("now"))
)
# What a run could not bill.
ERRORS: Select[Any] = (
    select(recurring_run_errors.c.recurring_id, recurring_run_errors.c.code, recurring_run_errors.c.reason)
    .where(recurring_run_errors.c.account_id == bindparam("account"), recurring_run_errors.c.run_id == bindparam("run"))
    .order_by(recurring_run_errors.c.recurring_id)
)


class _Period(NamedTuple):
    """A period that a schedule has billed."""

    recurring_id: int
    start: date


def get(tx: Tx, account: Account, recurring_id: int) -> Schedule:
    """One schedule with its items, or NotFound."""
    return _whole(tx, account, BY_ID, recurring_id)


def get_locked(tx: Tx, account: Account, recurring_id: int) -> Schedule:
    """As ``get``, and nobody else changes or bills the schedule before this transaction ends."""
    return _whole(tx, account, BY_ID_LOCKED, recurring_id)


def _whole(tx: Tx, account: Account, statement: Select[Any], recurring_id: int) -> Schedule:
    row = tx.row(statement, SCHEDULES.read, account=account.id, schedule=recurring_id)
    if row is None:
        raise rows.not_found(recurring)
    return Schedule(row, items_of(tx, account, [recurring_id])[recurring_id])


def page(
    tx: Tx, account: Account, wanted: ScheduleFilter, request: PageRequest, search: str | None
) -> Page[ScheduleRow]:
    """A page of the schedules; ``search`` looks in the customer's name and in what the items say."""
    query = SCHEDULES.selection(account).where(NOT_DELETED)
    if wanted.customer_id is not None:
        query = query.where(recurring.c.customer_id == wanted.customer_id)
    if wanted.external_id is not None:
        query = query.where(recurring.c.external_id == wanted.external_id)
    if wanted.active_only:
        query = query.where(recurring.c.active)
    if search:
        query = query.where(_mentions(search))
    return fetch(tx, query, request, sorts=SORTS, kind=SCHEDULES.read)


def _mentions(text: str) -> ColumnElement[bool]:
    of_customer = and_(customers.c.account_id == recurring.c.account_id, customers.c.id == recurring.c.customer_id)
    of_line = and_(
        recurring_lines.c.account_id == recurring.c.account_id, recurring_lines.c.recurring_id == recurring.c.id
    )
    return or_(
        exists().where(of_customer, mentions(text, customers.c.name)),
        exists().where(of_line, mentions(text, recurring_lines.c.description)),
    )


def items_of(tx: Tx, account: Account, ids: Sequence[int]) -> dict[int, tuple[Item, ...]]:
    """The items of these schedules, by the schedule's id."""
    lines = _lines_of(tx, account, ids)
    return {recurring_id: tuple(map(rules.item, stored)) for recurring_id, stored in lines.items()}


def _lines_of(tx: Tx, account: Account, ids: Sequence[int]) -> dict[int, tuple[StoredItem, ...]]:
    lines: dict[int, tuple[StoredItem, ...]] = {}
    for recurring_id, line in tx.rows(LINES, _owned_line, account=account.id, ids=ids):
        lines[recurring_id] = (*lines.get(recurring_id, ()), line)
    return lines


def _owned_line(recurring_id: int, *columns: Any) -> tuple[int, StoredItem]:
    return recurring_id, columns


def insert(tx: Tx, account: Account, values: Mapping[str, Any], items: tuple[Item, ...]) -> Schedule:
    """Writes a new schedule with its items."""
    row = SCHEDULES.insert(tx, account, values)
    _insert_items(tx, account, row.id, items)
    return Schedule(row, items)


def change(
    tx: Tx, account: Account, changed: Schedule, changes: Mapping[str, Any], items: tuple[Item, ...]
) -> Schedule:
    """Changes a schedule that is locked, and its items where they are others."""
    row = SCHEDULES.update(tx, account, changed.row.id, changes)
    if items != changed.items:
        tx.write(DELETE_LINES, account=account.id, schedule=row.id)
        _insert_items(tx, account, row.id, items)
    return Schedule(row, items)


def _insert_items(tx: Tx, account: Account, recurring_id: int, items: tuple[Item, ...]) -> None:
    placed = [
        (
            *(account.id, recurring_id, position, item.product_id, item.description, item.quantity),
            *(item.unit, item.unit_price),
            *((item.discount.type.value, item.discount.value) if item.discount else (None, None)),
            *(item.tax_id, item.tax_rate),
        )
        for position, item in enumerate(items)
    ]
    tx.insert_many(recurring_lines, LINE_COLUMNS, placed)


def delete_or_hide(tx: Tx, account: Account, row: ScheduleRow) -> bool:
    """Deletes a schedule, or hides it where invoices name it, and answers whether it is gone."""
    try:
        SCHEDULES.delete(tx, account, row.id, in_use=NAMED)
    except Conflict:
        closes_on = None if row.usage_closed else row.closes_on
        hidden = {"deleted_at": tx.now, "active": False, "next_date": None, "closes_on": closes_on}
        SCHEDULES.update(tx, account, row.id, hidden)
        return False
    return True


def known(tx: Tx, account: Account, ids: Sequence[int]) -> set[int]:
    """Those of the ids that are schedules of the account."""
    return set(tx.rows(KNOWN, int, account=account.id, ids=ids))


def due(tx: Tx, account: Account, request: RunRequest, after: RunCursor, limit: int) -> list[BillingSchedule]:
    """The next schedules with a period to bill, at most ``limit``."""
    return tx.rows(_due(account, request, after).limit(limit), DUE.read)


def count_due(tx: Tx, account: Account, request: RunRequest) -> int:
    """How many schedules have a period to bill."""
    return tx.one(_due(account, request, BEGINNING).with_only_columns(func.count()).order_by(None), int)


def due_ids(tx: Tx, account: Account, request: RunRequest) -> list[int]:
    """The ids of all schedules with a period to bill."""
    return tx.rows(_due(account, request, BEGINNING).with_only_columns(recurring.c.id), int)


def has_due(tx: Tx, account: Account, request: RunRequest) -> bool:
    """Whether any schedule has a period to bill, whoever may be at work on it."""
    return bool(due(tx, account, request, BEGINNING, 1))


def wait_for_due(tx: Tx, account: Account, request: RunRequest) -> None:
    """Locks what is due for this transaction, once nobody else changes or bills any of it.

    In the order of the ids, so that two that want the same schedules cannot wait for each other. On SQLite a writer has
    the whole database.
    """
    if tx.is_postgresql:
        tx.rows(LOCKED, int, account=account.id, ids=due_ids(tx, account, request))


def claim(tx: Tx, account: Account, request: RunRequest, after: RunCursor, limit: int) -> list[BillingSchedule]:
    """As ``due``, for this transaction alone: those that another one is at work on are passed over."""
    return tx.rows(_due(account, request, after).limit(limit).with_for_update(skip_locked=True), DUE.read)


def _due(account: Account, request: RunRequest, after: RunCursor) -> Select[Any]:
    day, key = recurring.c.next_date, recurring.c.id
    beyond = or_(day > after.next_date, and_(day == after.next_date, key > after.id))
    # The redundant first comparison is what lets the planner begin inside the index.
    query = DUE.selection(account).where(day >= after.next_date, day <= request.as_of, beyond)
    if request.ids is not None:
        query = query.where(key.in_(request.ids))
    if request.unasked:
        query = query.where(~recurring.c.waits)
    if request.run_id is not None:
        failed = and_(
            recurring_run_errors.c.account_id == recurring.c.account_id,
            recurring_run_errors.c.run_id == request.run_id,
            recurring_run_errors.c.recurring_id == recurring.c.id,
        )
        query = query.where(~exists(select(literal(1)).where(failed)))
    return query.order_by(day, key)


def claim_closing(tx: Tx, account: Account, request: RunRequest, limit: int) -> list[BillingSchedule]:
    """The schedules whose last usage, or what of it came late, is to be billed alone, for this transaction alone."""
    day = recurring.c.closes_on
    has_come = or_(~recurring.c.usage_closed, day <= account.today(tx.now))
    query = DUE.selection(account).where(day <= request.as_of, has_come)
    if request.ids is not None:
        query = query.where(recurring.c.id.in_(request.ids))
    return tx.rows(query.order_by(recurring.c.id).limit(limit).with_for_update(skip_locked=True), DUE.read)


def close(tx: Tx, account: Account, closed: Mapping[int, Mapping[str, Any]]) -> None:
    """Sets how far the usage of schedules is billed, by their ids."""
    columns = [(*map(each.__getitem__, CLOSED), account.id, recurring_id) for recurring_id, each in closed.items()]
    tx.update_many(recurring, CLOSED, columns)


def gather(tx: Tx, account: Account, schedules: Sequence[BillingSchedule]) -> RunReferences:
    """What the database has of all that these schedules name: five queries, and one more where some bill usage."""
    ids = [schedule.id for schedule in schedules]
    named = list({schedule.customer_id for schedule in schedules})
    first = min(schedule.bills_from for schedule in schedules)
    buyers = tx.rows(CUSTOMERS, READ_BUYER, account=account.id, ids=named)
    found_taxes = tx.rows(TAXES, Tax, account=account.id)
    metered = [schedule.id for schedule in schedules if schedule.meters]
    return RunReferences(
        lines=_lines_of(tx, account, ids),
        customers={buyer.id: buyer for buyer in buyers},
        found=References(
            customer=None,
            products={product.id: product for product in tx.rows(PRODUCTS, Product, account=account.id, ids=ids)},
            taxes={tax.id: tax for tax in found_taxes},
            default_tax=next((tax for tax in found_taxes if tax.is_default), None),
        ),
        billed=_billed(tx, account, ids, first),
        contents={},
        usage_billed=usage_billed(tx, account, metered) if metered else {},
    )


def _billed(tx: Tx, account: Account, ids: Sequence[int], first: date) -> dict[int, frozenset[date]]:
    starts: dict[int, set[date]] = {}
    for period in tx.rows(BILLED, _Period, account=account.id, ids=ids, first=first):
        starts.setdefault(period.recurring_id, set()).add(period.start)
    return {recurring_id: frozenset(of_schedule) for recurring_id, of_schedule in starts.items()}


def usage_billed(tx: Tx, account: Account, ids: Sequence[int]) -> dict[int, tuple[EarlierDays, ...]]:
    """The days whose usage these schedules have billed."""
    found: dict[int, tuple[EarlierDays, ...]] = {}
    for recurring_id, days in tx.rows(USAGE_BILLED, _owned_days, account=account.id, ids=ids):
        found[recurring_id] = (*found.get(recurring_id, ()), days)
    return found


def _owned_days(recurring_id: int, *columns: Any) -> tuple[int, EarlierDays]:
    *days, to_seq = columns
    return recurring_id, EarlierDays(BilledDays(*days), to_seq)


def keep_usage(tx: Tx, account: Account, billed: Sequence[tuple[int, BilledDays, int]]) -> None:
    """Keeps that the usage of these days is billed, by the schedule's id, up to a seq."""
    tx.insert_many(usage_periods, USAGE_PERIOD, [(account.id, key, *days, to_seq) for key, days, to_seq in billed])


def advance(tx: Tx, account: Account, progress: Mapping[int, Mapping[str, Any]]) -> None:
    """Sets the progress of schedules that were billed, by id."""
    tx.update_many(
        recurring,
        PROGRESS,
        [
            (*map(rows.flat(recurring, each).__getitem__, PROGRESS), account.id, recurring_id)
            for recurring_id, each in progress.items()
        ],
    )


def set_errors(tx: Tx, account: Account, failures: Sequence[ScheduleFailure]) -> None:
    """Keeps why schedules could not be billed."""
    reasons = [({"code": each.code, "reason": each.reason}, account.id, each.id) for each in failures]
    tx.update_many(recurring, ("error",), reasons)


def insert_run(tx: Tx, account: Account, request: RunRequest, idle: int) -> Run:
    """Queues a run for a worker; on ``idle`` of the schedules that it names there is nothing to bill."""
    values = {
        "account_id": account.id,
        "as_of": request.as_of,
        "ids": None if request.ids is None else list(request.ids),
        "status": RunStatus.QUEUED,
        "actor": tx.actor,
        "processed": idle,
        "skipped": idle,
        "created_at": tx.now,
    }
    return tx.one(INSERT_RUN, Run, **values)


def run(tx: Tx, account: Account, run_id: int) -> Run:
    """One run, or NotFound."""
    return RUNS.get(tx, account, run_id)


def open_runs(tx: Tx, account: Account) -> list[Run]:
    """The runs that are not finished, oldest first."""
    return tx.rows(UNFINISHED, Run, account=account.id)


def run_errors(tx: Tx, account: Account, run_id: int) -> list[ScheduleFailure]:
    """What the run could not bill."""
    return tx.rows(ERRORS, ScheduleFailure, account=account.id, run=run_id)


def count_up(tx: Tx, account: Account, run_id: int, outcome: Outcome) -> None:
    """Adds what a batch did to its run."""
    counted = {
        "more_processed": outcome.processed,
        "more_created": len(outcome.invoices),
        "more_skipped": outcome.skipped,
    }
    tx.write(COUNT_UP, account=account.id, run=run_id, now=tx.now, **counted)
    errors = [(account.id, run_id, *failure) for failure in outcome.failures]
    tx.insert_many(recurring_run_errors, ERROR_COLUMNS, errors)


def finish(tx: Tx, account: Account, run_id: int) -> None:
    """Marks a run as finished."""
    tx.write(FINISH, account=account.id, run=run_id, now=tx.now)
