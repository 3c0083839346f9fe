"""Exactly once, whatever happens at the same time, and wherever a run is cut off (R6, R7)."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from tallystick.accounts import ops as accounts
from tallystick.bills.types import Item, NewBill
from tallystick.core.account import Account
from tallystick.core.periods import Frequency
from tallystick.customers import ops as customers
from tallystick.recurring import ops, store
from tallystick.recurring.types import BEGINNING, Order, Terms
from tallystick.store.db import Database, Tx
from tallystick.store.tables import invoices
from tests.api import Api
from tests.program import run
from tests.recurring.schedules import a_schedule, days, process
from tests.server import PROGRAM

SCHEDULES = 2_000
PERIODS = 2
KILLS = 3
THREADS = 8
START_TIMEOUT_S = 60


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


def subscribe(tx: Tx) -> Account:
    """An account with so many schedules, each of which has so many periods due."""
    account = accounts.create(tx, "Example Ltd")
    ann = customers.create(tx, account, {"name": "Ann"}).id
    content = NewBill(customer_id=ann, items=(Item(description="Plan", unit_price=Decimal(10)),))
    first = datetime.now(UTC).date() - timedelta(days=7 * (PERIODS - 1))
    nothing: dict[str, Any] = dict.fromkeys(Terms.__struct_fields__)
    weekly = {"frequency": Frequency.WEEKLY, "interval": 1, "start_date": first, "auto_issue": True, "auto_send": False}
    for _ in range(SCHEDULES):
        ops.create(tx, account, content, Terms(**{**nothing, **weekly}))
    return account


def started(database_url: str) -> subprocess.Popen[str]:
    """``tallystick process`` in a process of its own."""
    return subprocess.Popen(
        [PROGRAM, "process"],
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def count(database: Database) -> int:
    with database.read() as tx:
        counted: int = tx.execute(select(func.count()).select_from(invoices)).scalar_one()
        return counted


def assert_each_once(database: Database) -> None:
    """Every period has its invoice, and the numbers are consecutive."""
    with database.read() as tx:
        found = tx.all(select(invoices.c.recurring_id, invoices.c.period_start))
        numbers = tx.all(select(invoices.c.number_scope, invoices.c.number_sequence))
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
        process.kill()
        process.communicate()
    done = run("process", database_url=database_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_each_once(database)
    assert run("verify", database_url=database_url).stdout == f"ok: accounts 1, bills {SCHEDULES * PERIODS:,}\n"


@pytest.mark.slow
def test_two_processes_at_once(database: Database, database_url: str) -> None:
    """R7."""
    database.transact("tests", subscribe)
    processes = [started(database_url) for _ in range(2)]
    printed = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], printed
    assert_each_once(database)
    assert run("verify", database_url=database_url).returncode == 0


def test_requests_at_once(api: Api) -> None:
    made = [a_schedule(api, start_date="2026-04-30") for _ in range(6)]
    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(lambda _: process(api), range(THREADS)))
    assert sum(each["created"] for each in done) == 12
    assert all(days(api, each) == ["26-04-30", "26-05-30"] for each in made)


@pytest.mark.database("postgresql")
def test_what_another_is_billing_is_passed_over(api: Api) -> None:
    first, second = a_schedule(api, start_date="2026-06-15"), a_schedule(api, start_date="2026-06-15")
    with api.database.transaction("other") as tx:
        claimed = store.claim(tx, api.account, Order(date(2026, 6, 15)), BEGINNING, 1)
        assert [each.id for each in claimed] == [first["id"]]
        assert process(api)["created"] == 1
        assert process(api, ids=[first["id"]])["skipped"] == 1
        assert (days(api, first), days(api, second)) == ([], ["26-06-15"])
    assert process(api)["created"] == 1
    assert days(api, first) == ["26-06-15"]
