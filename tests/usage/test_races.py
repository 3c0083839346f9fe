"""Writers and runs at the same time: each event is seen by exactly one run, on either database."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import count, pairwise

import pytest

from tallystick.accounts import ops
from tallystick.core.account import Account
from tallystick.core.rating import Aggregation
from tallystick.store.db import Database, Tx
from tallystick.usage import store
from tallystick.usage.types import Selection, Span
from tests.usage.test_store import ALWAYS, an_event

WRITERS, BATCHES, EVENTS = 4, 40, 5
RUN_EVERY_S = 0.05
COUNT = Selection(Aggregation.COUNT)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


def write(database: Database, account: Account, writer: int) -> int:
    numbers = count()
    accepted = 0
    for _ in range(BATCHES):
        events = [an_event(event_id=f"{writer}-{next(numbers)}") for _ in range(EVENTS)]
        accepted += database.usage.transact("tests", partial(store.append, account=account, events=events)).accepted
    return accepted


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
        return database.usage.transact("tests", lambda tx: store.append(tx, account, orders[order])).accepted

    with ThreadPoolExecutor(len(orders)) as threads:
        accepted = list(threads.map(bring, range(len(orders))))
    assert sum(accepted) == len(events)
    assert run(database, account, 0)[0] == len(events)
