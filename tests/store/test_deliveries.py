"""Deliveries are queued with their event, tried one worker at a time, and again until they arrive or are given up."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from tallystick.accounts import store as account_store
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.store import deliveries as queue
from tallystick.store import outbox
from tallystick.store.db import Database, Tx
from tallystick.store.deliveries import LEASE, Delivery, Receiver
from tallystick.store.outbox import NewEvent
from tallystick.store.tables import deliveries
from tallystick.worker import Chore, Lane, Worker
from tests.api import Api, opened
from tests.clock import Clock
from tests.verify.tampering import report, unguarded

pytestmark = pytest.mark.slow

KIND = "test"
ONE, TWO = Receiver(KIND, "1"), Receiver(KIND, "2")
RETRIES = (timedelta(seconds=5), timedelta(minutes=5))
A_SECOND = timedelta(seconds=1)
NEWS = NewEvent(Event.INVOICE_SENT, 1)

CLAIM_AND_DIE = """
import os, signal, sys
from tallystick.accounts import store as accounts
from tallystick.store import db, deliveries
from datetime import datetime
database = db.Database(sys.argv[1], clock=lambda: datetime.fromisoformat(sys.argv[2]))
assert database.transact("dies", lambda tx: deliveries.claim(tx, accounts.every(tx)[0], "test", 10))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-06-15T12:00:00Z")


@pytest.fixture
def api(database_url: str, clock: Clock) -> Iterator[Api]:
    with opened(database_url, clock=clock) as client:
        yield client
        assert client.differences() == []


def transact(api: Api, work: Callable[..., Any], *arguments: Any) -> Any:
    return api.database.transact("tests", lambda tx: work(tx, api.account, *arguments))


def queued(api: Api, *receivers: Receiver) -> None:
    transact(api, outbox.add_to_deliver, NEWS, receivers or (ONE,))


def claim(api: Api, at_most: int = 10) -> list[Delivery]:
    found: list[Delivery] = transact(api, queue.claim, KIND, at_most)
    return found


def stored(api: Api) -> list[tuple[str, str, int, str | None]]:
    """Of each delivery: its receiver, its status, the attempts that were begun, and the answer."""
    columns = (deliveries.c.receiver, deliveries.c.status, deliveries.c.attempt, deliveries.c.answer)
    with api.database.read() as tx:
        return [tuple(row) for row in tx.connection.execute(select(*columns).order_by(deliveries.c.id)).all()]


class Post:
    """A receiver that answers as it is told, and a chore that delivers to it."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.got: list[tuple[int, int]] = []

    def chore(self) -> Chore:
        return Chore("deliveries", Lane.NETWORK, 0, self._waiting, self._steps)

    @staticmethod
    def _waiting(tx: Tx) -> list[Account]:
        return account_store.having(tx, deliveries, deliveries.c.next_at <= tx.now)

    def _steps(self, database: Database, account: Account) -> Iterator[None]:
        while claimed := database.transact("worker", lambda tx: queue.claim(tx, account, KIND, 1)):
            for each in claimed:
                self.got.append((each.event_id, each.attempt))
                self._record(database, account, each, self.answers.pop(0))
            yield

    @staticmethod
    def _record(database: Database, account: Account, delivery: Delivery, answer: str) -> None:
        def record(tx: Tx) -> bool:
            if answer == "ok":
                return queue.succeed(tx, account, delivery, answer)
            if answer == "gone":
                return queue.give_up(tx, account, delivery, answer)
            return queue.fail(tx, account, delivery, answer, RETRIES)

        assert database.transact("worker", record)


def test_a_delivery_is_queued_with_its_event_or_not_at_all(api: Api) -> None:
    def refused(tx: Tx, account: Account) -> None:
        outbox.add_to_deliver(tx, account, NEWS, [ONE])
        raise Conflict("The invoice is voided.")

    with pytest.raises(Conflict):
        transact(api, refused)
    assert stored(api) == []
    queued(api, ONE, TWO)
    assert stored(api) == [("1", "queued", 0, None), ("2", "queued", 0, None)]


def test_a_receiver_gets_an_event_once(api: Api) -> None:
    with pytest.raises(IntegrityError):
        queued(api, ONE, ONE)
    assert stored(api) == []


def test_what_fails_is_tried_again_as_the_schedule_says(api: Api, clock: Clock) -> None:
    queued(api)
    post = Post("503", "503", "ok")
    worker = Worker(api.database, [post.chore()])
    for wait, tries in [(None, 1), (timedelta(seconds=4), 1), (A_SECOND, 2), (timedelta(minutes=5), 3)]:
        clock.advance(wait or timedelta())
        assert worker.work()
        assert len(post.got) == tries
    assert [attempt for _, attempt in post.got] == [1, 2, 3]
    assert len({event for event, _ in post.got}) == 1
    assert stored(api) == [("1", "sent", 3, "ok")]


def test_after_the_last_attempt_it_has_failed(api: Api, clock: Clock) -> None:
    queued(api)
    post = Post("503", "503", "504")
    for _ in range(5):
        assert Worker(api.database, [post.chore()]).work()
        clock.advance(timedelta(hours=1))
    assert stored(api) == [("1", "failed", 3, "504")]


def test_who_is_gone_is_given_up_at_once(api: Api) -> None:
    queued(api, ONE, TWO)
    assert Worker(api.database, [Post("gone", "ok").chore()]).work()
    assert stored(api) == [("1", "failed", 1, "gone"), ("2", "sent", 1, "ok")]


def test_what_a_killed_worker_had_claimed_is_tried_again(api: Api, database_url: str, clock: Clock) -> None:
    queued(api)
    killed = subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, database_url, clock().isoformat()], check=False)
    assert killed.returncode == -9
    assert claim(api) == []
    clock.advance(LEASE - A_SECOND)
    assert claim(api) == []
    clock.advance(A_SECOND)
    (again,) = claim(api)
    assert (again.id, again.receiver, again.attempt) == (1, ONE, 2)


def test_a_late_answer_counts_only_if_it_arrived(api: Api, clock: Clock) -> None:
    queued(api)
    (late,) = claim(api)
    clock.advance(LEASE)
    (newer,) = claim(api)
    assert not transact(api, queue.fail, late, "timeout", RETRIES)
    assert not transact(api, queue.give_up, late, "timeout")
    assert stored(api) == [("1", "queued", 2, None)]
    assert transact(api, queue.succeed, late, "ok")
    assert not transact(api, queue.succeed, newer, "ok again")
    assert not transact(api, queue.fail, newer, "503", RETRIES)
    assert stored(api) == [("1", "sent", 2, "ok")]


def test_workers_at_once_claim_each_delivery_once(api: Api) -> None:
    for _ in range(20):
        queued(api, ONE, TWO)
    with ThreadPoolExecutor(4) as threads:
        claimed = [each for found in threads.map(lambda _: claim(api, 7), range(8)) for each in found]
    claimed += claim(api, 100)
    assert sorted(each.id for each in claimed) == [*range(1, 41)]


@pytest.mark.database("postgresql")
def test_what_another_is_claiming_is_passed_over(api: Api) -> None:
    queued(api, ONE, TWO)
    with api.database.transaction("another") as tx:
        assert [each.receiver for each in queue.claim(tx, api.account, KIND, 1)] == [ONE]
        assert [each.receiver for each in claim(api)] == [TWO]


def test_those_that_waited_longest_come_first_and_of_one_kind_and_account(api: Api, clock: Clock) -> None:
    other = Api(api.database)
    queued(other)
    queued(api, Receiver("mail", "ann@example.com"), TWO)
    clock.advance(A_SECOND)
    queued(api, ONE)
    assert [each.receiver for each in claim(api)] == [TWO, ONE]


def test_an_answer_is_kept_up_to_its_bound(api: Api) -> None:
    queued(api)
    (claimed,) = claim(api)
    transact(api, queue.succeed, claimed, "x" * 2 * queue.MAX_ANSWER)
    assert len(stored(api)[0][3] or "") == queue.MAX_ANSWER


@pytest.mark.alters
def test_verify_names_a_delivery_whose_event_is_gone(api: Api) -> None:
    queued(api)
    with unguarded(api) as tx:
        event = tx.connection.execute(select(deliveries.c.event_id)).scalar_one()
        tx.connection.execute(text(f"DELETE FROM events WHERE id = {event}"))
        assert f"deliveries 1: its event {event} is missing" in report(tx, api)
