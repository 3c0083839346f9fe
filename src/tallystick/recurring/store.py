"""The SQL of recurring billing."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, func, literal, or_, select, update

from tallystick.bills.sums import Sums
from tallystick.bills.types import Found, Item
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.party import Buyer
from tallystick.core.states import RunStatus
from tallystick.products.types import Product
from tallystick.recurring import rules
from tallystick.recurring.types import (
    BEGINNING,
    Catalogue,
    Failure,
    Order,
    Outcome,
    Place,
    Recurring,
    Run,
    Schedule,
    ScheduleFilter,
    ScheduleRow,
    StoredItem,
)
from tallystick.store import blocks, rows
from tallystick.store.db import Tx
from tallystick.store.lists import among
from tallystick.store.paging import Page, PageRequest, fetch
from tallystick.store.prepared import Prepared
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
)
from tallystick.taxes.types import Tax

SORTS: Mapping[str, ColumnElement[Any]] = {
    "created_at": recurring.c.id,
    "start_date": recurring.c.start_date,
    "total": recurring.c.total,
}
NAMED = "Invoices name this schedule."
PROGRESS = (
    *("active", "bills_from", "next_date", "last_billed_date", "occurrences", "waits", "error"),
    *Sums.__struct_fields__,
)
ITEM_COLUMNS = (
    *("product_id", "description", "quantity", "unit", "unit_price"),
    *("discount_type", "discount_value", "tax_id", "tax_rate"),
)
LINE_COLUMNS = ("account_id", "recurring_id", "position", *ITEM_COLUMNS)
ERROR_COLUMNS = ("account_id", "run_id", "recurring_id", "code", "reason")

OWN = recurring.c.account_id == bindparam("account")
IN_USE = recurring.c.deleted_at.is_(None)
SCHEDULES: Select[Any] = select(*rows.columns(recurring, ScheduleRow)).where(OWN, IN_USE)
READ = rows.reader(recurring, ScheduleRow)
READ_DUE = rows.reader(recurring, Schedule)
DUE: Select[Any] = select(*rows.columns(recurring, Schedule)).where(OWN)
BY_ID_LOCKED = SCHEDULES.where(recurring.c.id == bindparam("schedule")).with_for_update()
OF_BATCH = among(recurring_lines.c.recurring_id, "ids")
LINES = Prepared(
    select(recurring_lines.c.recurring_id, *(recurring_lines.c[name] for name in ITEM_COLUMNS))
    .where(recurring_lines.c.account_id == bindparam("account"), OF_BATCH)
    .order_by(recurring_lines.c.recurring_id, recurring_lines.c.position)
)
READ_BUYER = rows.reader(customers, Buyer)
CUSTOMERS = Prepared(
    select(*rows.columns(customers, Buyer)).where(
        customers.c.account_id == bindparam("account"), among(customers.c.id, "ids")
    )
)
# By a subquery, because a batch may name very many products.
PRODUCTS = Prepared(
    select(*rows.columns(products, Product)).where(
        products.c.account_id == bindparam("account"),
        products.c.id.in_(
            select(recurring_lines.c.product_id).where(recurring_lines.c.account_id == bindparam("account"), OF_BATCH)
        ),
    )
)
TAXES = Prepared(select(*rows.columns(taxes, Tax)).where(taxes.c.account_id == bindparam("account")))
BILLED = Prepared(
    select(invoices.c.recurring_id, invoices.c.period_start).where(
        invoices.c.account_id == bindparam("account"),
        among(invoices.c.recurring_id, "ids"),
        invoices.c.period_start >= bindparam("first"),
    )
)
LOCKED = select(recurring.c.id).where(OWN, among(recurring.c.id, "ids")).order_by(recurring.c.id).with_for_update()
DELETE_LINES = delete(recurring_lines).where(
    recurring_lines.c.account_id == bindparam("account"), recurring_lines.c.recurring_id == bindparam("schedule")
)
SET_ERROR = update(recurring).where(OWN, recurring.c.id == bindparam("schedule")).values(error=bindparam("new_error"))

RUNS: Select[Any] = select(*rows.columns(recurring_runs, Run)).where(
    recurring_runs.c.account_id == bindparam("account")
)
_RUN = (recurring_runs.c.account_id == bindparam("account"), recurring_runs.c.id == bindparam("run"))
COUNT_UP = (
    update(recurring_runs)
    .where(*_RUN)
    .values(
        status=RunStatus.RUNNING,
        started_at=func.coalesce(recurring_runs.c.started_at, bindparam("now")),
        **{name: recurring_runs.c[name] + bindparam(f"more_{name}") for name in ("processed", "created", "skipped")},
    )
)
FINISH = (
    update(recurring_runs)
    .where(*_RUN, recurring_runs.c.finished_at.is_(None))
    .values(status=RunStatus.FINISHED, finished_at=bindparam("now"))
)
ERRORS: Select[Any] = (
    select(recurring_run_errors.c.recurring_id, recurring_run_errors.c.code, recurring_run_errors.c.reason)
    .where(recurring_run_errors.c.account_id == bindparam("account"), recurring_run_errors.c.run_id == bindparam("run"))
    .order_by(recurring_run_errors.c.recurring_id)
)


def get(tx: Tx, account: Account, recurring_id: int) -> Recurring:
    """One schedule with its items, or NotFound."""
    return _whole(tx, account, SCHEDULES.where(recurring.c.id == bindparam("schedule")), recurring_id)


def get_locked(tx: Tx, account: Account, recurring_id: int) -> Recurring:
    """As ``get``, and nobody else changes or bills the schedule before this transaction ends."""
    return _whole(tx, account, BY_ID_LOCKED, recurring_id)


def _whole(tx: Tx, account: Account, statement: Select[Any], recurring_id: int) -> Recurring:
    found: Any = tx.execute(statement, {"account": account.id, "schedule": recurring_id}).one_or_none()
    if found is None:
        raise rows.not_found(recurring)
    return Recurring(READ(*found), items_of(tx, account, [recurring_id])[recurring_id])


def page(
    tx: Tx, account: Account, wanted: ScheduleFilter, request: PageRequest, search: str | None
) -> Page[ScheduleRow]:
    """A page of the schedules; ``search`` looks in the customer's name and in what the items say."""
    query = rows.selection(recurring, ScheduleRow, account).where(IN_USE)
    if wanted.customer_id is not None:
        query = query.where(recurring.c.customer_id == wanted.customer_id)
    if wanted.external_id is not None:
        query = query.where(recurring.c.external_id == wanted.external_id)
    if wanted.active_only:
        query = query.where(recurring.c.active)
    if search:
        query = query.where(_mentions(search))
    return fetch(tx, query, request, sorts=SORTS, key=recurring.c.id, kind=READ)


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
    for recurring_id, *columns in LINES.all(tx, {"account": account.id, "ids": ids}):
        lines[recurring_id] = (*lines.get(recurring_id, ()), tuple(columns))
    return lines


def insert(tx: Tx, account: Account, values: Mapping[str, Any], items: tuple[Item, ...]) -> Recurring:
    """Writes a new schedule with its items."""
    row = rows.insert(tx, account, recurring, ScheduleRow, values)
    _insert_items(tx, account, row.id, items)
    return Recurring(row, items)


def change(
    tx: Tx, account: Account, changed: Recurring, changes: Mapping[str, Any], items: tuple[Item, ...]
) -> Recurring:
    """Changes a schedule that is locked, and its items where they are others."""
    row = rows.update(tx, account, recurring, ScheduleRow, changed.row.id, changes, version=None)
    if items != changed.items:
        tx.execute(DELETE_LINES, {"account": account.id, "schedule": row.id})
        _insert_items(tx, account, row.id, items)
    return Recurring(row, items)


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
    blocks.insert(tx, recurring_lines, LINE_COLUMNS, placed)


def delete_or_hide(tx: Tx, account: Account, row: ScheduleRow) -> bool:
    """Deletes a schedule, or hides it where invoices name it, and answers whether it is gone."""
    try:
        rows.delete(tx, account, recurring, row.id, in_use=NAMED)
    except Conflict:
        hidden = {"deleted_at": tx.now, "active": False, "next_date": None}
        rows.update(tx, account, recurring, ScheduleRow, row.id, hidden, version=None)
        return False
    return True


def known(tx: Tx, account: Account, ids: Sequence[int]) -> set[int]:
    """Those of the ids that are schedules of the account."""
    query = select(recurring.c.id).where(OWN, IN_USE, recurring.c.id.in_(ids))
    return set(tx.execute(query, {"account": account.id}).scalars())


def due(tx: Tx, account: Account, order: Order, after: Place, limit: int) -> list[Schedule]:
    """The next schedules with a period to bill, at most ``limit``."""
    return [READ_DUE(*row) for row in tx.all(_due(order, after).limit(limit), {"account": account.id})]


def count_due(tx: Tx, account: Account, order: Order) -> int:
    """How many schedules have a period to bill."""
    query = _due(order, BEGINNING).with_only_columns(func.count()).order_by(None)
    counted: int = tx.execute(query, {"account": account.id}).scalar_one()
    return counted


def due_ids(tx: Tx, account: Account, order: Order) -> list[int]:
    """The ids of all schedules with a period to bill."""
    return list(tx.execute(_due(order, BEGINNING).with_only_columns(recurring.c.id), {"account": account.id}).scalars())


def has_due(tx: Tx, account: Account, order: Order) -> bool:
    """Whether any schedule has a period to bill, whoever may be at work on it."""
    return bool(due(tx, account, order, BEGINNING, 1))


def wait_for_due(tx: Tx, account: Account, order: Order) -> None:
    """Locks what is due for this transaction, once nobody else changes or bills any of it.

    In the order of the ids, so that two that want the same schedules cannot wait for each other. On SQLite a writer has
    the whole database.
    """
    if tx.is_postgresql:
        tx.execute(LOCKED, {"account": account.id, "ids": due_ids(tx, account, order)})


def claim(tx: Tx, account: Account, order: Order, after: Place, limit: int) -> list[Schedule]:
    """As ``due``, for this transaction alone: those that another one is at work on are passed over."""
    statement = _due(order, after).limit(limit).with_for_update(skip_locked=True)
    return [READ_DUE(*row) for row in tx.all(statement, {"account": account.id})]


def _due(order: Order, after: Place) -> Select[Any]:
    day, key = recurring.c.next_date, recurring.c.id
    beyond = or_(day > after.next_date, and_(day == after.next_date, key > after.id))
    # The redundant first comparison is what lets the planner begin inside the index.
    query = DUE.where(day >= after.next_date, day <= order.as_of, beyond)
    if order.ids is not None:
        query = query.where(key.in_(order.ids))
    if order.unasked:
        query = query.where(~recurring.c.waits)
    if order.run_id is not None:
        failed = and_(
            recurring_run_errors.c.account_id == recurring.c.account_id,
            recurring_run_errors.c.run_id == order.run_id,
            recurring_run_errors.c.recurring_id == recurring.c.id,
        )
        query = query.where(~exists(select(literal(1)).where(failed)))
    return query.order_by(day, key)


def gather(tx: Tx, account: Account, schedules: Sequence[Schedule]) -> Catalogue:
    """What the database has of all that these schedules name: five queries."""
    ids = [schedule.id for schedule in schedules]
    of_batch = {"account": account.id, "ids": ids}
    named = {"account": account.id, "ids": list({schedule.customer_id for schedule in schedules})}
    first = min(schedule.bills_from for schedule in schedules)
    buyers = [READ_BUYER(*row) for row in CUSTOMERS.all(tx, named)]
    found_taxes = [Tax(*row) for row in TAXES.all(tx, {"account": account.id})]
    return Catalogue(
        lines=_lines_of(tx, account, ids),
        customers={buyer.id: buyer for buyer in buyers},
        found=Found(
            customer=None,
            products={row[0]: Product(*row) for row in PRODUCTS.all(tx, of_batch)},
            taxes={tax.id: tax for tax in found_taxes},
            default_tax=next((tax for tax in found_taxes if tax.is_default), None),
        ),
        billed=_billed(tx, {**of_batch, "first": first}),
        contents={},
    )


def _billed(tx: Tx, wanted: Mapping[str, Any]) -> dict[int, frozenset[date]]:
    starts: dict[int, set[date]] = {}
    for recurring_id, start in BILLED.all(tx, wanted):
        starts.setdefault(recurring_id, set()).add(start)
    return {recurring_id: frozenset(of_schedule) for recurring_id, of_schedule in starts.items()}


def advance(tx: Tx, account: Account, progress: Mapping[int, Mapping[str, Any]]) -> None:
    """Sets the progress of schedules that were billed, by id."""
    blocks.update(
        tx,
        recurring,
        PROGRESS,
        [
            (*map(rows.flat(recurring, each).__getitem__, PROGRESS), account.id, recurring_id)
            for recurring_id, each in progress.items()
        ],
    )


def set_errors(tx: Tx, account: Account, failures: Sequence[Failure]) -> None:
    """Keeps why schedules could not be billed."""
    if failures:
        tx.execute(
            SET_ERROR,
            [
                {"account": account.id, "schedule": each.id, "new_error": {"code": each.code, "reason": each.reason}}
                for each in failures
            ],
        )


def insert_run(tx: Tx, account: Account, order: Order, idle: int) -> Run:
    """Queues a run for a worker; on ``idle`` of the schedules that it names there is nothing to bill."""
    values = {
        "account_id": account.id,
        "as_of": order.as_of,
        "ids": None if order.ids is None else list(order.ids),
        "status": RunStatus.QUEUED,
        "actor": tx.actor,
        "processed": idle,
        "skipped": idle,
        "created_at": tx.now,
    }
    row: Any = tx.execute(recurring_runs.insert().returning(*rows.columns(recurring_runs, Run)), values).one()
    return Run(*row)


def run(tx: Tx, account: Account, run_id: int) -> Run:
    """One run, or NotFound."""
    return rows.get(tx, account, recurring_runs, Run, run_id)


def open_runs(tx: Tx, account: Account) -> list[Run]:
    """The runs that are not finished, oldest first."""
    unfinished = RUNS.where(recurring_runs.c.finished_at.is_(None)).order_by(recurring_runs.c.id)
    return [Run(*row) for row in tx.all(unfinished, {"account": account.id})]


def run_errors(tx: Tx, account: Account, run_id: int) -> list[Failure]:
    """What the run could not bill."""
    return [Failure(*row) for row in tx.all(ERRORS, {"account": account.id, "run": run_id})]


def count_up(tx: Tx, account: Account, run_id: int, outcome: Outcome) -> None:
    """Adds what a batch did to its run."""
    counted = {
        "more_processed": outcome.processed,
        "more_created": len(outcome.invoices),
        "more_skipped": outcome.skipped,
    }
    tx.execute(COUNT_UP, {"account": account.id, "run": run_id, "now": tx.now, **counted})
    errors = [(account.id, run_id, *failure) for failure in outcome.failures]
    blocks.insert(tx, recurring_run_errors, ERROR_COLUMNS, errors)


def finish(tx: Tx, account: Account, run_id: int) -> None:
    """Marks a run as finished."""
    tx.execute(FINISH, {"account": account.id, "run": run_id, "now": tx.now})
