"""Writers and runs at the same time: each event is seen by exactly one run, on either database."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime
from functools import partial
from itertools import count, pairwise
from typing import TypeVar

import pytest
from sqlalchemy import text

from tallystick.accounts import ops
from tallystick.core.account import Account
from tallystick.core.rating import Aggregation
from tallystick.store import locks
from tallystick.store.db import Database, Tx
from tallystick.usage import forgetting, months, store
from tallystick.usage import ops as usage
from tallystick.usage.events import Incoming, UsageEvent
from tallystick.usage.ops import Taken
from tallystick.usage.types import Appended, EventRow, Selection, Span
from tests.locked import waits_for_a_lock
from tests.usage.test_store import ALWAYS, an_event

WRITERS, BATCHES, EVENTS = 4, 40, 5
RUN_EVERY_S = 0.05
WAIT_S = 20
COUNT = Selection(Aggregation.COUNT)

T = TypeVar("T")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


def write(database: Database, account: Account, writer: int) -> int:
    numbers = count()
    accepted = 0
    for _ in range(BATCHES):
        events = [an_event(event_id=f"{writer}-{next(numbers)}") for _ in range(EVENTS)]
        accepted += database.usage.transact("tests", partial(append, account=account, events=events)).accepted
    return accepted


def append(tx: Tx, account: Account, events: list[EventRow]) -> Appended:
    store.announce(tx, account)
    return store.append(tx, account, events)


def run(database: Database, account: Account, after_seq: int) -> tuple[int, int]:
    """What a run sees above the watermark of the one before it, at once; and its own watermark."""

    def seen(tx: Tx) -> tuple[int, int]:
        with tx.usage() as events:
            newest = store.watermark(events, account)
            span = Span(ALWAYS.start_us, ALWAYS.end_us, after_seq, newest)
            found = store.aggregate(events, account, [1], [span], COUNT)
        return sum(each.events for each in found), newest

    return database.transact("tests", seen)


@pytest.mark.slow
def test_no_event_is_lost_or_doubled_between_runs(database: Database) -> None:
    account = database.transact("tests", lambda tx: ops.create(tx, "Example Ltd"))
    stopping = threading.Event()
    runs: list[tuple[int, int]] = [(0, 0)]

    def keep_running() -> None:
        while not stopping.is_set():
            runs.append(run(database, account, runs[-1][1]))
            time.sleep(RUN_EVERY_S)

    with ThreadPoolExecutor(WRITERS + 1) as threads:
        running = threads.submit(keep_running)
        writers = [threads.submit(write, database, account, number) for number in range(WRITERS)]
        accepted = sum(each.result() for each in writers)
        stopping.set()
        running.result()
    runs.append(run(database, account, runs[-1][1]))
    assert accepted == WRITERS * BATCHES * EVENTS
    assert sum(seen for seen, _ in runs) == accepted
    assert all(earlier <= later for (_, earlier), (_, later) in pairwise(runs))
    assert len([seen for seen, _ in runs if seen]) > 1, "no run came between the writers"


def test_two_who_bring_the_same_events_at_once_store_each_once(database: Database) -> None:
    account = database.transact("tests", lambda tx: ops.create(tx, "Example Ltd"))
    events = [an_event() for _ in range(300)]
    orders = [events, events[::-1], events[100:] + events[:100], events]
    start = threading.Barrier(len(orders))

    def bring(order: int) -> int:
        start.wait()
        return database.usage.transact("tests", lambda tx: append(tx, account, orders[order])).accepted

    with ThreadPoolExecutor(len(orders)) as threads:
        accepted = list(threads.map(bring, range(len(orders))))
    assert sum(accepted) == len(events)
    assert run(database, account, 0)[0] == len(events)


def while_it_waits(database: Database, work: Callable[[Tx], T], meanwhile: Callable[[], None]) -> T:
    """Does the work in another thread, and something else here once it waits for what is locked here.

    On SQLite, whose writers stand in line, at once.
    """
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(database.usage.transact, "tests", work)
        deadline = time.monotonic() + WAIT_S
        while not database.is_sqlite and not waits_for_a_lock(database):
            assert time.monotonic() < deadline, "it waits for nothing"
            time.sleep(0.01)
        meanwhile()
        return working.result(WAIT_S)


def test_an_event_of_a_day_that_is_just_being_forgotten_is_refused(database: Database) -> None:
    account = database.transact("tests", lambda tx: ops.create(tx, "Example Ltd"))
    event = UsageEvent(id="e", service="storage", at=datetime(2026, 2, 28, 23, 59, tzinfo=UTC))

    def take(tx: Tx) -> Taken:
        return usage.take(tx, account, Incoming(events={0: event}, errors={}, is_one=True), needs_customer=False)

    with ExitStack() as stack:
        tx = stack.enter_context(database.usage.transaction("tests"))
        locks.take(tx, account.id, store.LOCK, "")
        forgetting.keep(tx, account, date(2026, 3, 1), [])
        taken = while_it_waits(database, take, stack.close)
    assert (taken.accepted, list(taken.rejected[0])) == (0, ["at"])


@pytest.mark.database("postgresql")
def test_a_month_into_which_an_event_comes_is_not_dropped(database: Database) -> None:
    account = database.transact("tests", lambda tx: ops.create(tx, "Example Ltd"))
    event = an_event()
    database.usage.transact("tests", lambda tx: months.make(tx, [event.at_us]))

    with ExitStack() as stack:
        tx = stack.enter_context(database.usage.transaction("tests"))
        store.announce(tx, account)
        months.make(tx, [event.at_us])

        def come() -> None:
            assert store.append(tx, account, [event]).accepted == 1
            stack.close()

        while_it_waits(database, lambda tx: months.drop_empty(tx, ALWAYS.end_us), come)
    assert run(database, account, 0)[0] == 1


@pytest.mark.database("postgresql")
def test_whoever_reads_goes_on_while_a_month_is_dropped(database: Database) -> None:
    account = database.transact("tests", lambda tx: ops.create(tx, "Example Ltd"))
    database.usage.transact("tests", lambda tx: months.make(tx, [ALWAYS.end_us - 1]))

    with ExitStack() as stack:
        tx = stack.enter_context(database.usage.read())
        tx.connection.execute(text("SELECT FROM ONLY usage_events"))

        def read_on() -> None:
            assert store.aggregate(tx, account, [1], [ALWAYS], COUNT) == []
            stack.close()

        while_it_waits(database, lambda tx: months.drop_empty(tx, ALWAYS.end_us * 2), read_on)
    with database.usage.read() as tx:
        assert months.month_of(ALWAYS.end_us - 1).name not in tx.connection.execute(months.PARTITIONS).scalars().all()
