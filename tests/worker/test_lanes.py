"""The lanes of a worker: what hangs, fails or takes long in one is no trouble of another."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tallystick.accounts import store as account_store
from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.store import outbox
from tallystick.store.db import Database, Tx
from tallystick.worker import Chore, Lane, Worker
from tests.api import Api
from tests.recorded import recorded

pytestmark = pytest.mark.slow

WAIT_S = 20
NO_TIME_S = 0.2


def chore(name: str, steps: Callable[[Database, Account], Iterator[None]], lane: Lane = Lane.BILLING) -> Chore:
    return Chore(name, lane, 1, account_store.every, steps)


@contextmanager
def running(worker: Worker) -> Iterator[threading.Thread]:
    """A worker at work in threads of its own, and stopped at the end."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(WAIT_S)
        assert not thread.is_alive()


class Hanging:
    """A step that hangs until it is let go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.let_go = threading.Event()
        self.steps_done = 0

    def steps(self, _database: Database, _account: Account) -> Iterator[None]:
        while True:
            self.reached.set()
            assert self.let_go.wait(WAIT_S)
            self.steps_done += 1
            yield


def signalling(done: threading.Event, _database: Database, _account: Account) -> Iterator[None]:
    done.set()
    yield


def test_what_hangs_in_one_lane_stops_no_other(api: Api) -> None:
    hanging, billed, hangs_too = Hanging(), threading.Event(), threading.Event()
    chores = [
        chore("mail", hanging.steps, Lane.NETWORK),
        chore("after mail", partial(signalling, hangs_too), Lane.NETWORK),
        chore("bill", partial(signalling, billed), Lane.BILLING),
    ]
    with running(Worker(api.database, chores)):
        assert hanging.reached.wait(WAIT_S)
        billed.clear()
        assert billed.wait(WAIT_S)
        assert not hangs_too.is_set()
        hanging.let_go.set()


def test_a_lane_writes_between_the_steps_of_another(api: Api) -> None:
    """On SQLite, which has one writer, as on PostgreSQL."""

    def renaming(database: Database, account: Account) -> Iterator[None]:
        for _ in range(5):
            database.transact("tests", lambda tx: outbox.add(tx, account, Event.SETTINGS_UPDATED, account.id))
            written.release()
            yield

    written = threading.Semaphore(0)
    with running(Worker(api.database, [chore(lane, renaming, lane) for lane in Lane])):
        for _ in range(5 * len(Lane)):
            assert written.acquire(timeout=WAIT_S)
    told = [each.type for each in recorded(api)]
    assert told.count(Event.SETTINGS_UPDATED) >= 5 * len(Lane)


def test_stop_waits_for_the_step_under_way_and_for_no_other(api: Api) -> None:
    hanging = Hanging()
    worker = Worker(api.database, [chore("run", hanging.steps)])
    with running(worker) as thread:
        assert hanging.reached.wait(WAIT_S)
        worker.stop()
        thread.join(NO_TIME_S)
        assert thread.is_alive()
        hanging.let_go.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()
    assert hanging.steps_done == 1


def test_a_lane_that_waits_for_work_stops_at_once(api: Api) -> None:
    looked = threading.Event()

    def none(_tx: Tx) -> list[Account]:
        looked.set()
        return []

    idle = Chore("idle", Lane.BILLING, 60, none, Hanging().steps)
    with running(Worker(api.database, [idle])) as thread:
        assert looked.wait(WAIT_S)
    assert not thread.is_alive()


def test_a_chore_that_raises_stops_neither_its_lane_nor_another(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    def failing(_database: Database, _account: Account) -> Iterator[None]:
        yield
        raise TimeoutError("the receiver does not answer")

    done = {lane: threading.Event() for lane in (Lane.NETWORK, Lane.BILLING)}
    chores = [
        chore("mail", failing, Lane.NETWORK),
        *(chore(f"next in {lane}", partial(signalling, event), lane) for lane, event in done.items()),
    ]
    with caplog.at_level(logging.ERROR), running(Worker(api.database, chores)):
        assert all(event.wait(WAIT_S) for event in done.values())
    assert f"the worker failed: mail, account {api.account.id}" in caplog.text
    assert not Worker(api.database, chores).work()


def test_accounts_take_turns_step_by_step(api: Api) -> None:
    """So that much work of one account does not keep the others waiting."""
    other = Api(api.database)
    done: list[int] = []

    def steps(_database: Database, account: Account) -> Iterator[None]:
        for _ in range(3 if account.id == api.account.id else 1):
            done.append(account.id)
            yield

    assert Worker(api.database, [chore("steps", steps)]).work()
    one, two = api.account.id, other.account.id
    assert done == [one, two, one, one]
