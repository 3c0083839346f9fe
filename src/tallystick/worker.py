"""The worker: does in the background what nobody waits for, until it is told to stop.

It bills the schedules that are due, does the runs that were left to it, seals the records, and forgets what is past its
time. Any number of workers may run at once, in any number of processes: each claims its work by locking it in the
transaction that does it. So what a worker that died had claimed is free again at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from tallystick.accounts import store as account_store
from tallystick.core.account import Account
from tallystick.recurring import billing
from tallystick.recurring import store as recurring
from tallystick.recurring.types import Order
from tallystick.store import idempotency, record_seals, seals
from tallystick.store.db import Database, Tx
from tallystick.store.tables import idempotency_keys
from tallystick.store.tables import recurring as schedules
from tallystick.store.tables import recurring_runs as runs

ACTOR = "worker"
TICK_S = 1.0
REST_AFTER_FAILURE_S = 10.0
FURTHEST_AHEAD = timedelta(hours=14)
"""No time zone's calendar is further ahead of UTC."""

log = logging.getLogger(__name__)


class Chore(NamedTuple):
    """What to do again and again: of each account that has such work, one step after another."""

    name: str
    every_s: int
    accounts: Callable[[Tx], list[Account]]
    steps: Callable[[Database, Account], Iterator[None]]


class Worker:
    """A worker over a database. ``run`` works until ``stop``, which may come from any thread or signal handler."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = threading.Event()
        self._due_at_s: dict[str, int] = {}

    def run(self) -> None:
        """Works until ``stop``: between two steps, each a transaction, or while it waits for work."""
        while not self._stopping.is_set():
            self._stopping.wait(TICK_S if self.work() else REST_AFTER_FAILURE_S)

    def stop(self) -> None:
        """Lets ``run`` end after the step that it is at."""
        self._stopping.set()

    def work(self) -> bool:
        """Does every chore whose time has come, and answers whether all went well."""
        now_s = int(time.monotonic())
        went_well = [self._do(chore) for chore in CHORES if self._is_due(chore, now_s)]
        return all(went_well)

    def _is_due(self, chore: Chore, now_s: int) -> bool:
        is_due = now_s >= self._due_at_s.get(chore.name, now_s)
        if is_due:
            self._due_at_s[chore.name] = now_s + chore.every_s
        return is_due

    def _do(self, chore: Chore) -> bool:
        try:
            with self._database.read() as tx:
                accounts = chore.accounts(tx)
        except Exception:
            log.exception("the worker cannot look for work: %s", chore.name)
            return False
        went_well = [self._do_for(chore, account) for account in accounts]
        return all(went_well)

    def _do_for(self, chore: Chore, account: Account) -> bool:
        """Does a chore for one account, whose trouble is no other's."""
        try:
            for _step in chore.steps(self._database, account):
                if self._stopping.is_set():
                    break
        except Exception:
            log.exception("the worker failed: %s, account %d", chore.name, account.id)
            return False
        return True


def _with_due_schedules(tx: Tx) -> list[Account]:
    furthest = (tx.now + FURTHEST_AHEAD).date()
    accounts = account_store.having(tx, schedules, schedules.c.next_date <= furthest)
    return [each for each in accounts if recurring.has_due(tx, each, _order(tx, each))]


def _order(tx: Tx, account: Account) -> Order:
    return Order(account.today(tx.now), unasked=True)


def _bill_due(database: Database, account: Account) -> Iterator[None]:
    with database.read() as tx:
        order = _order(tx, account)
    for outcome in billing.batches(database, ACTOR, account.id, order):
        if outcome.invoices:
            log.info("billed %d invoices of account %d", len(outcome.invoices), account.id)
        yield


def _do_runs(database: Database, account: Account) -> Iterator[None]:
    with database.read() as tx:
        unfinished = recurring.open_runs(tx, account)
    for run in unfinished:
        for _outcome in billing.batches(database, run.actor, account.id, run.order):
            yield
        if database.transact(run.actor, partial(billing.finish, account, run)):
            log.info("finished the run %d of account %d", run.id, account.id)


def _forget(database: Database, account: Account) -> Iterator[None]:
    database.transact(ACTOR, lambda tx: idempotency.forget_old(tx, account))
    yield


def _seal(database: Database, account: Account) -> Iterator[None]:
    while database.transact(ACTOR, lambda tx: record_seals.seal(tx, account)) >= record_seals.BATCH:
        yield


def _tell_head(database: Database, account: Account) -> Iterator[None]:
    with database.read() as tx:
        newest = seals.head(tx, account)
    if newest:
        log.info("account %d: the newest seal is %d, with the hash %s", account.id, newest.position, newest.hash.hex())
    yield


def _with_unsealed(tx: Tx) -> list[Account]:
    found = [account_store.having(tx, each, each.c.seal_position.is_(None)) for each in record_seals.RECORDS]
    return list({account.id: account for accounts in found for account in accounts}.values())


CHORES = (
    Chore("runs", 1, lambda tx: account_store.having(tx, runs, runs.c.finished_at.is_(None)), _do_runs),
    Chore("seals", 30, _with_unsealed, _seal),
    Chore("heads", 86_400, account_store.every, _tell_head),
    Chore("schedules", 60, _with_due_schedules, _bill_due),
    Chore(
        "idempotency keys",
        3600,
        lambda tx: account_store.having(
            tx, idempotency_keys, idempotency_keys.c.created_at < tx.now - idempotency.KEPT_FOR
        ),
        _forget,
    ),
)
