"""The worker bills what is due, does the runs that are left to it, and tidies up."""

import logging
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tallystick.core.account import Account
from tallystick.recurring import store
from tallystick.recurring.types import BEGINNING, RunRequest
from tallystick.store import idempotency, record_seals
from tallystick.store.db import Database, Tx
from tallystick.store.record_seals import RECORDS
from tallystick.store.tables import idempotency_keys
from tallystick.worker import Worker
from testing.forked import Forked
from testing.server import serving
from tests.api import Api, opened
from tests.bills import an_invoice
from tests.clock import Clock
from tests.recurring.schedules import a_schedule, days, now

pytestmark = pytest.mark.slow

WAIT_S = 20


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-06-15T12:00:00Z")


@pytest.fixture
def api(database_url: str, clock: Clock) -> Iterator[Api]:
    with opened(database_url, clock=clock) as client:
        yield client


def a_long_due_schedule(api: Api) -> Any:
    """A schedule with so many periods due that no request bills them by itself."""
    return a_schedule(api, frequency="daily", start_date="2020-01-01")


def test_it_bills_each_account_on_its_own_calendar(api: Api, clock: Clock) -> None:
    auckland = Api(api.database)
    auckland.put("/settings", {"timezone": "Pacific/Auckland"})
    ours, theirs = (a_schedule(each, start_date="2026-06-16") for each in (api, auckland))
    Worker(api.database).work()
    assert (days(api, ours), days(auckland, theirs)) == ([], ["26-06-16"])
    clock.set("2026-06-16T00:00:00Z")
    Worker(api.database).work()
    assert (days(api, ours), days(auckland, theirs)) == (["26-06-16"], ["26-06-16"])


def test_it_does_a_run_that_was_left_to_it(api: Api) -> None:
    api.post("/products", {"name": "Plan", "unit_price": 50})
    broken = a_schedule(api, items=[{"product_id": 1}])
    made = a_schedule(api, frequency="daily", start_date="2023-09-19")
    api.delete("/products/1")
    ticket = api.data(api.post("/recurring-billing/process", {"as_of": "2026-06-16"}))
    assert Worker(api.database).work()
    run = api.data(api.get(f"/recurring-billing/runs/{ticket['run_id']}"))
    counters = [run[name] for name in ("status", "as_of", "processed", "created", "skipped", "failed")]
    assert counters == ["finished", "2026-06-16", 2, 1002, 0, 1]
    assert [error["id"] for error in run["errors"]] == [broken["id"]]
    assert run["created_at"] <= run["started_at"] <= run["finished_at"]
    assert now(api, made)["occurrences"] == 1002
    activity = api.data(api.get("/invoices/1/activity"))
    assert {each["actor"] for each in activity} == {"key:1"}


@pytest.mark.database("postgresql")
def test_a_run_is_not_finished_while_another_is_at_work_on_it(api: Api) -> None:
    a_schedule(api, frequency="daily", start_date="2023-09-19")
    claimed_elsewhere = a_schedule(api, start_date="2026-06-15")
    run_id = api.data(api.post("/recurring-billing/process", {}))["run_id"]
    with api.database.transaction("a worker that dies") as tx:
        order = RunRequest(date(2026, 6, 15), (claimed_elsewhere["id"],))
        assert len(store.claim(tx, api.account, order, BEGINNING, 1)) == 1
        Worker(api.database).work()
        run = api.data(api.get(f"/recurring-billing/runs/{run_id}"))
        assert (run["status"], run["created"]) == ("running", 1001)
        tx.connection.get_transaction().rollback()  # type: ignore[union-attr]
    Worker(api.database).work()
    run = api.data(api.get(f"/recurring-billing/runs/{run_id}"))
    assert (run["status"], run["created"]) == ("finished", 1002)
    assert days(api, claimed_elsewhere) == ["26-06-15"]


def test_one_accounts_trouble_is_no_others(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_tx: Tx, account: Account) -> None:
        if account.id == api.account.id:
            raise ConnectionError("no memory")

    monkeypatch.setattr(idempotency, "forget_old", fail)
    monkeypatch.setattr(idempotency, "KEPT_FOR", timedelta(days=-1))
    other = Api(api.database)
    for each in (api, other):
        each.post("/customers", {"name": "Ann"}, headers={"Idempotency-Key": "one"})
    made = a_schedule(api, start_date="2026-06-15")
    a_schedule(other, start_date="2026-06-15")
    with caplog.at_level(logging.ERROR):
        assert not Worker(api.database).work()
    assert f"idempotency keys, account {api.account.id}" in caplog.text
    assert f"account {other.account.id}" not in caplog.text
    # Neither the other account nor the other chores suffer from it.
    assert days(api, made) == ["26-06-15"]
    assert len(days(other, {"id": 2})) == 1


def test_it_forgets_old_answers(api: Api, clock: Clock) -> None:
    api.post("/customers", {"name": "Ann"}, headers={"Idempotency-Key": "one"})
    clock.advance(timedelta(hours=23))
    api.post("/customers", {"name": "Bob"}, headers={"Idempotency-Key": "two"})
    clock.advance(timedelta(hours=2))
    Worker(api.database).work()
    with api.database.read() as tx:
        assert tx.connection.execute(select(idempotency_keys.c.key)).scalars().all() == ["1 two"]


def test_a_chore_waits_for_its_time(api: Api) -> None:
    one = Worker(api.database)
    one.work()
    made = a_schedule(api, start_date="2026-06-15")
    one.work()
    assert days(api, made) == []
    Worker(api.database).work()
    assert days(api, made) == ["26-06-15"]


def test_a_database_that_does_not_answer_ends_no_worker(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'missing' / 'tallystick.db'}")) as database:
        assert not Worker(database).work()
    assert "the worker waits for the database: runs" in caplog.text


def test_the_program_works_until_it_is_stopped(database_url: str) -> None:
    with opened(database_url) as api, Path(os.devnull).open("r+b") as nothing:
        process = Forked(["worker"], {**os.environ, "DATABASE_URL": database_url}, [nothing.fileno()] * 3)
        try:
            ticket = api.data(api.post("/recurring-billing/process", {"ids": [a_long_due_schedule(api)["id"]]}))
            run = f"/recurring-billing/runs/{ticket['run_id']}"
            deadline = time.monotonic() + WAIT_S
            while api.data(api.get(run))["status"] != "finished":
                assert time.monotonic() < deadline
                time.sleep(0.1)
            stopped_at = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) == 0
            assert time.monotonic() - stopped_at < 5
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(("option", "works"), [([], True), (["--no-worker"], False)])
def test_a_server_over_sqlite_works_too(database_url: str, tmp_path: Path, option: list[str], works: bool) -> None:
    with serving(database_url, tmp_path, options=option) as server:
        server.data(server.post("/customers", {"name": "Ann"}))
        body = {"customer_id": 1, "frequency": "daily", "start_date": "2020-01-01", "amount": 1, "description": "A"}
        server.data(server.post("/recurring-billing", body))
        run_id = server.data(server.post("/recurring-billing/process", {}))["run_id"]
        deadline = time.monotonic() + (WAIT_S if works else 3)
        while (status := server.data(server.get(f"/recurring-billing/runs/{run_id}"))["status"]) != "finished":
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert (status == "finished") is works
        server.terminate()
        assert server.wait() == 0


def unsealed(api: Api) -> list[int]:
    with api.database.read() as tx:
        return [
            tx.connection.execute(
                select(func.count()).select_from(table).where(table.c.seal_position.is_(None))
            ).scalar_one()
            for table in RECORDS
        ]


def test_it_seals_every_record(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_seals, "BATCH", 3)
    other = Api(api.database)
    for each in (api, other):
        an_invoice(each, 10)
    assert unsealed(api)[0] > 3
    assert Worker(api.database).work()
    assert unsealed(api) == [0, 0]
    assert other.differences() == []


def test_two_workers_seal_each_record_once(api: Api) -> None:
    for _ in range(5):
        an_invoice(api, 10)
    with ThreadPoolExecutor(4) as threads:
        seal = partial(record_seals.seal, account=api.account)
        sealing = [threads.submit(api.database.transact, "tests", seal) for _ in range(4)]
        sealed = [each.result() for each in sealing]
    with api.database.read() as tx:
        assert sum(sealed) == sum(
            tx.connection.execute(select(func.count()).select_from(each)).scalar_one() for each in RECORDS
        )
    assert unsealed(api) == [0, 0]


def test_it_tells_the_newest_seal(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    an_invoice(api, 10)
    Worker(api.database).work()
    head = api.data(api.get("/stats"))["seal_head"]
    with caplog.at_level(logging.INFO):
        Worker(api.database).work()
    assert f"account {api.account.id}: the newest seal is 3, with the hash {head}" in caplog.messages
