"""Exactly once, whatever happens at the same time, and wherever a run is cut off (R6, R7)."""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from sqlalchemy import func, select

from tallystick.accounts import ops as accounts
from tallystick.bills.types import Item, NewBill
from tallystick.core.account import Account
from tallystick.core.periods import Frequency
from tallystick.customers.resource import CUSTOMERS
from tallystick.recurring import billing, ops, store
from tallystick.recurring.types import BEGINNING, BillingTerms, RunRequest
from tallystick.store.db import Database, Tx
from tallystick.store.tables import invoices
from tallystick.worker import Worker
from testing.forked import Forked
from tests.api import Api
from tests.program import run
from tests.recurring.schedules import a_schedule, days, process

SCHEDULES = 2_000
PERIODS = 2
KILLS = 3
THREADS = 8
START_TIMEOUT_S = 60
WAIT_S = 20
TODAY = RunRequest(date(2026, 6, 15))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


def subscribe(tx: Tx) -> Account:
    """An account with so many schedules, each of which has so many periods due."""
    account = accounts.create(tx, "Example Ltd")
    ann = CUSTOMERS.create(tx, account, {"name": "Ann"}).id
    content = NewBill(customer_id=ann, items=(Item(description="Plan", unit_price=Decimal(10)),))
    first = datetime.now(UTC).date() - timedelta(days=7 * (PERIODS - 1))
    nothing: dict[str, Any] = dict.fromkeys(BillingTerms.__struct_fields__)
    weekly = {"frequency": Frequency.WEEKLY, "interval": 1, "start_date": first, "auto_issue": True, "auto_send": False}
    for _ in range(SCHEDULES):
        ops.create(tx, account, content, BillingTerms(**{**nothing, **weekly}))
    return account


def started(database_url: str) -> Forked:
    """``tallystick process`` in a process of its own."""
    with Path(os.devnull).open("r+b") as nothing:
        return Forked(["process"], {**os.environ, "DATABASE_URL": database_url}, [nothing.fileno()] * 3)


def count(database: Database) -> int:
    with database.read() as tx:
        counted: int = tx.connection.execute(select(func.count()).select_from(invoices)).scalar_one()
        return counted


def assert_each_once(database: Database) -> None:
    """Every period has its invoice, and the numbers are consecutive."""
    with database.read() as tx:
        found = tx.connection.execute(select(invoices.c.recurring_id, invoices.c.period_start)).all()
        numbers = tx.connection.execute(select(invoices.c.number_scope, invoices.c.number_sequence)).all()
    assert len(found) == SCHEDULES * PERIODS
    assert len(set(found)) == SCHEDULES * PERIODS
    of_scope: dict[str, list[int]] = {}
    for scope, sequence in numbers:
        of_scope.setdefault(scope, []).append(sequence)
    assert all(sorted(taken) == list(range(1, len(taken) + 1)) for taken in of_scope.values())


@pytest.mark.slow
def test_killed_in_the_middle_and_run_again(database: Database, database_url: str) -> None:
    """R6."""
    database.transact("tests", subscribe)
    luck = random.Random()
    for _ in range(KILLS):
        before, process = count(database), started(database_url)
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and count(database) == before:
            assert time.monotonic() < deadline, "the run bills nothing"
            time.sleep(0.005)
        time.sleep(luck.uniform(0, 0.15))
        process.send_signal(SIGKILL)
        process.wait()
    done = run("process", database_url=database_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_each_once(database)
    assert run("verify", database_url=database_url).stdout == f"ok: accounts 1, bills {SCHEDULES * PERIODS:,}\n"


@pytest.mark.slow
def test_two_processes_at_once(database: Database, database_url: str) -> None:
    """R7."""
    database.transact("tests", subscribe)
    processes = [started(database_url) for _ in range(2)]
    assert [process.wait(300) for process in processes] == [0, 0]
    assert_each_once(database)
    assert run("verify", database_url=database_url).returncode == 0


def test_requests_at_once(api: Api) -> None:
    made = [a_schedule(api, start_date="2026-04-30") for _ in range(6)]
    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(lambda _: process(api), range(THREADS)))
    assert sum(each["created"] for each in done) == 12
    assert all(days(api, each) == ["26-04-30", "26-05-30"] for each in made)


@pytest.mark.database("postgresql")
def test_a_worker_passes_over_what_another_is_billing(api: Api) -> None:
    first, second = a_schedule(api, start_date="2026-06-15"), a_schedule(api, start_date="2026-06-15")
    with api.database.transaction("other") as tx:
        claimed = store.claim(tx, api.account, RunRequest(date(2026, 6, 15)), BEGINNING, 1)
        assert [each.id for each in claimed] == [first["id"]]
        Worker(api.database).work()
        assert (days(api, first), days(api, second)) == ([], ["26-06-15"])
    Worker(api.database).work()
    assert days(api, first) == ["26-06-15"]


@pytest.mark.database("postgresql")
@pytest.mark.parametrize("moves_on", [False, True])
def test_a_run_that_is_asked_for_waits_for_who_changes_a_schedule(api: Api, moves_on: bool) -> None:
    """And then says what it finds: the change may have moved the period away."""
    made, other = a_schedule(api, start_date="2026-06-15"), a_schedule(api, start_date="2026-06-15")
    held = api.database.transaction("a change")
    with ThreadPoolExecutor(2) as threads:
        with held as tx:
            stored = store.get_locked(tx, api.account, made["id"])
            asked = [
                threads.submit(process, api, ids=[made["id"], other["id"]]),
                threads.submit(lambda: list(billing.to_the_end(api.database, "program", api.account, TODAY))),
            ]
            assert not wait(asked, timeout=0.5, return_when=FIRST_COMPLETED).done
            if moves_on:
                later = {"bills_from": date(2026, 7, 15), "next_date": date(2026, 7, 15)}
                store.change(tx, api.account, stored, later, stored.items)
        answer, outcomes = asked[0].result(WAIT_S), asked[1].result(WAIT_S)
    created = answer["created"] + sum(len(each.invoices) for each in outcomes)
    assert (answer["processed"], created) == (2, 1 if moves_on else 2)
    assert answer["skipped"] == 2 - answer["created"]
    assert (days(api, made), days(api, other)) == ([] if moves_on else ["26-06-15"], ["26-06-15"])


@pytest.mark.database("postgresql")
def test_runs_and_changes_at_once(api: Api) -> None:
    """None waits for ever, and each day is billed once: from the first of the year on, in whichever rhythm."""
    made = [a_schedule(api, start_date="2026-01-01") for _ in range(4)]
    ids = [each["id"] for each in made]

    def work(number: int) -> None:
        luck = random.Random(number)
        for _ in range(6):
            some = luck.sample(ids, 3)
            as_of = f"2026-0{luck.randrange(1, 7)}-01"
            if number % 3 == 0:
                process(api, as_of, ids=some)
            elif number % 3 == 1:
                list(billing.to_the_end(api.database, "program", api.account, RunRequest(date.fromisoformat(as_of))))
            else:
                frequency = luck.choice(("weekly", "monthly", "daily"))
                api.data(api.put(f"/recurring-billing/{some[0]}", {"frequency": frequency}))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))
    process(api, "2026-06-01")
    with api.database.read() as tx:
        for schedule in ids:
            billed = tx.connection.execute(
                select(invoices.c.period_start, invoices.c.period_end)
                .where(invoices.c.recurring_id == schedule)
                .order_by(invoices.c.period_start)
            ).all()
            ends = [end + timedelta(days=1) for _, end in billed]
            assert [start for start, _ in billed] == [date(2026, 1, 1), *ends[:-1]]
            assert ends[-1] > date(2026, 6, 1)
