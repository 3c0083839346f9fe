"""The worker: does in the background what nobody waits for, until it is told to stop (ADR 30).

It bills the schedules that are due, does the runs that were left to it, seals the records, and forgets what is past its
time. Each lane of it has a thread, so that long work of one kind stops no other. Any number of workers may run at once,
in any number of processes: each claims its work by locking it in the transaction that does it. So what a worker that
died had claimed is free again at once.
"""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, true

from tallystick.accounts import store as account_store
from tallystick.core.account import Account
from tallystick.core.errors import Unavailable, ValidationFailed
from tallystick.recurring import billing, thresholds
from tallystick.recurring import store as recurring
from tallystick.recurring.types import RunRequest
from tallystick.store import beats, figures, idempotency, record_seals, seals, search_index
from tallystick.store.db import Database, Tx
from tallystick.store.tables import idempotency_keys, usage_meters
from tallystick.store.tables import recurring as schedules
from tallystick.store.tables import recurring_runs as runs
from tallystick.store.unavailable import reason

ACTOR = "worker"
TICK_S = 1.0
REST_AFTER_FAILURE_S = 10.0
FURTHEST_AHEAD = timedelta(hours=14)
"""No time zone's calendar is further ahead of UTC."""

WAITS = "the worker waits for the database: %s: %s"

log = logging.getLogger(__name__)


class Lane(StrEnum):
    """Where chores wait for each other alone: a thread each, so that what takes long in one never stops another."""

    BILLING = "billing"
    RUNS = "runs"
    UPKEEP = "upkeep"
    NETWORK = "network"


class Chore(NamedTuple):
    """What to do again and again: of each account that has such work, one step after another.

    A step is a transaction, or what may hang no longer than a timeout of its own.
    """

    name: str
    lane: Lane
    every_s: int
    accounts: Callable[[Tx], list[Account]]
    steps: Callable[[Database, Account], Iterator[None]]


class Work(NamedTuple):
    """What is under way of a chore for one account."""

    account: Account
    steps: Iterator[None]


class Worker:
    """A worker over a database. ``run`` works until ``stop``, which may come from any thread or signal handler."""

    def __init__(self, database: Database, chores: Iterable[Chore] | None = None) -> None:
        self._stopping = threading.Event()
        by_lane: dict[Lane, list[Chore]] = defaultdict(list)
        for chore in CHORES if chores is None else chores:
            by_lane[chore.lane].append(chore)
        self._lanes = {lane: _LaneWorker(database, chores, self._stopping) for lane, chores in by_lane.items()}

    def run(self) -> None:
        """Works in every lane until ``stop``, and ends when each has ended the step that it was at."""
        threads = [
            threading.Thread(target=worker.run, name=f"worker {lane}", daemon=True)
            for lane, worker in self._lanes.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        """Lets ``run`` end after the steps that it is at."""
        self._stopping.set()

    def work(self) -> bool:
        """Does every chore whose time has come, lane after lane, and answers whether all went well."""
        went_well = [worker.work() for worker in self._lanes.values()]
        return all(went_well)


class _LaneWorker:
    """Does the chores of one lane."""

    def __init__(self, database: Database, chores: Sequence[Chore], stopping: threading.Event) -> None:
        self._database = database
        self._chores = chores
        self._stopping = stopping
        self._due_at_s: dict[str, int] = {}

    def run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(TICK_S if self.work() else REST_AFTER_FAILURE_S)

    def work(self) -> bool:
        now_s = int(time.monotonic())
        went_well = [self._do(chore) for chore in self._chores if self._is_due(chore, now_s)]
        return all(went_well)

    def _is_due(self, chore: Chore, now_s: int) -> bool:
        is_due = now_s >= self._due_at_s.get(chore.name, now_s)
        if is_due:
            self._due_at_s[chore.name] = now_s + chore.every_s
        return is_due

    def _do(self, chore: Chore) -> bool:
        """Does a chore, a step of each account in turn: neither the trouble of one nor its much work is another's."""
        try:
            with self._database.read() as tx:
                accounts = chore.accounts(tx)
        except Unavailable as error:
            log.warning(WAITS, chore.name, reason(error))
            return False
        except Exception:
            log.exception("the worker cannot look for work: %s", chore.name)
            return False
        went_well = True
        under_way = deque(Work(account, chore.steps(self._database, account)) for account in accounts)
        while under_way and not self._stopping.is_set():
            work = under_way.popleft()
            try:
                next(work.steps)
            except StopIteration:
                continue
            except Unavailable as error:
                log.warning(WAITS, chore.name, reason(error))
                went_well = False
            except Exception:
                log.exception("the worker failed: %s, account %d", chore.name, work.account.id)
                went_well = False
            else:
                under_way.append(work)
        return went_well


def _with_due_schedules(tx: Tx) -> list[Account]:
    furthest = (tx.now + FURTHEST_AHEAD).date()
    accounts = account_store.having(tx, schedules, schedules.c.next_date <= furthest)
    closing = account_store.having(tx, schedules, schedules.c.closes_on <= furthest)
    due = [each for each in accounts if recurring.has_due(tx, each, _request(tx, each))]
    return list({each.id: each for each in (*due, *closing)}.values())


def _request(tx: Tx, account: Account) -> RunRequest:
    return RunRequest(account.today(tx.now), unasked=True)


def _bill_due(database: Database, account: Account) -> Iterator[None]:
    with database.read() as tx:
        request = _request(tx, account)
    for outcome in billing.batches(database, ACTOR, account.id, request):
        if outcome.invoices:
            log.info("billed %d invoices of account %d", len(outcome.invoices), account.id)
        yield


def _do_runs(database: Database, account: Account) -> Iterator[None]:
    with database.read() as tx:
        unfinished = recurring.open_runs(tx, account)
    for run in unfinished:
        for _outcome in billing.batches(database, run.actor, account.id, run.request):
            yield
        if database.transact(run.actor, partial(billing.finish, account, run)):
            log.info("finished the run %d of account %d", run.id, account.id)


def _forget(database: Database, account: Account) -> Iterator[None]:
    database.transact(ACTOR, lambda tx: idempotency.forget_old(tx, account))
    yield


def _seal(database: Database, account: Account) -> Iterator[None]:
    while database.transact(ACTOR, lambda tx: record_seals.seal(tx, account)) >= record_seals.BATCH:
        yield


def _tell_thresholds(database: Database, account: Account) -> Iterator[None]:
    with database.read() as tx:
        found = thresholds.untold(tx, account)
    if found:
        database.transact(ACTOR, lambda tx: thresholds.tell(tx, account, found))
    yield


def _tell_head(database: Database, account: Account) -> Iterator[None]:
    with database.read() as tx:
        newest = seals.head(tx, account)
    if newest:
        log.info("account %d: the newest seal is %d, with the hash %s", account.id, newest.position, newest.hash.hex())
    yield


def _beat(database: Database, account: Account) -> Iterator[None]:
    database.transact(ACTOR, lambda tx: beats.note(tx, account))
    yield


def _with_unsealed(tx: Tx) -> list[Account]:
    return _having_any(tx, [(each, each.c.seal_position.is_(None)) for each in record_seals.RECORDS])


def _with_unindexed(tx: Tx) -> list[Account]:
    return _having_any(tx, search_index.UNINDEXED) if search_index.is_possible(tx) else []


def _having_any(tx: Tx, looks: Iterable[tuple[Table, ColumnElement[bool]]]) -> list[Account]:
    """The accounts with a row of one of these tables that meets its condition."""
    found = [account_store.having(tx, table, condition) for table, condition in looks]
    return list({account.id: account for accounts in found for account in accounts}.values())


def _index(database: Database, account: Account) -> Iterator[None]:
    while database.transact(ACTOR, lambda tx: search_index.keep(tx, account)) >= search_index.BATCH:
        yield


def _with_changed_figures(tx: Tx) -> list[Account]:
    return account_store.having(tx, *figures.CHANGED)


def _add_up(database: Database, account: Account) -> Iterator[None]:
    # What needs more than 64 bits is refused to who asks for it, and stays as it is.
    with suppress(ValidationFailed):
        database.transact(ACTOR, lambda tx: figures.add_up(tx, account))
    yield


CHORES = (
    Chore("runs", Lane.RUNS, 1, lambda tx: account_store.having(tx, runs, runs.c.finished_at.is_(None)), _do_runs),
    Chore("thresholds", Lane.UPKEEP, 60, lambda tx: account_store.having(tx, usage_meters, true()), _tell_thresholds),
    Chore("seals", Lane.UPKEEP, 30, _with_unsealed, _seal),
    Chore("figures", Lane.UPKEEP, 1, _with_changed_figures, _add_up),
    Chore("searches", Lane.UPKEEP, 1, _with_unindexed, _index),
    Chore("beats", Lane.UPKEEP, beats.EVERY_S, account_store.oldest, _beat),
    Chore("heads", Lane.UPKEEP, 86_400, account_store.every, _tell_head),
    Chore("schedules", Lane.BILLING, 60, _with_due_schedules, _bill_due),
    Chore(
        "idempotency keys",
        Lane.UPKEEP,
        3600,
        lambda tx: account_store.having(
            tx, idempotency_keys, idempotency_keys.c.created_at < tx.now - idempotency.KEPT_FOR
        ),
        _forget,
    ),
)
