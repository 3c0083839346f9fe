"""The server is alive whatever the database does, and ready only while that can take work."""

import re
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tallystick.store import readiness
from tallystick.store.db import Database
from tallystick.worker import Worker
from tests.api import Api, opened
from tests.clock import Clock
from tests.databases import Databases
from tests.faults.disks import filled, small_disk
from tests.faults.test_busy import locked
from tests.faults.test_unavailable import create

pytestmark = pytest.mark.slow

ONLY_SQLITE = pytest.mark.database("sqlite")
MEBIBYTE = 1 << 20


def ready(api: Api) -> tuple[int, Any]:
    """The status of the answer, and the reasons in it."""
    response = api.client.get("/ready")
    assert ("Retry-After" in response.headers) is (response.status_code == 503)
    assert api.client.get("/health").json() == {"status": "ok"}
    return response.status_code, response.json()["reasons"]


@pytest.fixture
def books(databases: Databases, tmp_path: Path) -> Iterator[tuple[Api, Path]]:
    """The API over a file that a test may spoil."""
    file = tmp_path / "books.db"
    with closing(Database(databases.migrated_file(file))) as database:
        yield Api(database), file


def test_it_is_ready_while_all_is_well(api: Api) -> None:
    assert ready(api) == (200, [])
    text = api.client.get("/metrics", headers={"X-API-Key": api.key}).text
    assert "\ntallystick_ready 1.0\n" in text


def test_when_a_worker_last_worked_is_told(database_url: str) -> None:
    clock = Clock("2026-06-15T12:00:00Z")
    with opened(database_url, clock=clock) as api:

        def told() -> tuple[int, list[str], str | None]:
            response = api.client.get("/ready")
            return response.status_code, response.json()["notes"], response.json()["worker_at"]

        assert told() == (200, [readiness.NO_WORKER_YET], None)
        for _ in range(2):
            assert Worker(api.database).work()
        assert told() == (200, [], "2026-06-15T12:00:00Z")
        clock.advance(timedelta(minutes=5, seconds=1))
        assert told() == (200, [readiness.NO_WORKER], "2026-06-15T12:00:00Z")
        assert Worker(api.database).work()
        assert told() == (200, [], "2026-06-15T12:05:01Z")
        text = api.client.get("/metrics", headers={"X-API-Key": api.key}).text
        at = re.search(r'^tallystick_last_success_timestamp_seconds{what="worker"} (.*)$', text, re.MULTILINE)
        assert at is not None
        assert float(at[1]) == clock.now.timestamp()


@ONLY_SQLITE
def test_another_programs_lock_is_told(api: Api, database_url: str) -> None:
    with locked(database_url):
        assert ready(api) == (503, ["The database takes no writes: database is locked."])
    assert ready(api) == (200, [])
    assert create(api).status_code == 201


@ONLY_SQLITE
def test_a_long_write_of_our_own_is_told(api: Api) -> None:
    with api.database.transaction("tests"):
        assert ready(api) == (503, ["The database takes no writes: another write has not ended."])
    assert ready(api) == (200, [])


@ONLY_SQLITE
def test_writes_of_our_own_that_come_one_after_the_other_are_no_trouble(api: Api) -> None:
    """One account's batches, which hold the turn most of the time, must not take the server from all others."""
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            with api.database.transaction("tests"):
                is_over.wait(0.5)

    with ThreadPoolExecutor(8) as threads:
        writers = [threads.submit(write) for _ in range(8)]
        found = [ready(api) for _ in range(3)]
        is_over.set()
        for each in writers:
            each.result()
    assert found == [(200, [])] * 3


def test_a_file_that_was_deleted_is_told_and_takes_no_writes(books: tuple[Api, Path]) -> None:
    api, file = books
    kept = file.with_name("kept.db")
    file.rename(kept)
    assert ready(api) == (503, ["The database takes no writes: its file was deleted."])
    refused = create(api)
    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
    assert not file.exists()
    shutil.copyfile(kept, file)
    assert ready(api) == (503, ["The database takes no writes: its file was replaced."])
    kept.rename(file)
    assert ready(api) == (200, [])
    assert create(api).status_code == 201


def test_a_full_disk_is_told(databases: Databases, tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", 24 * MEBIBYTE) as disk,
        closing(Database(databases.migrated_file(disk / "books.db"))) as database,
    ):
        api = Api(database)
        assert ready(api) == (200, [])
        ballast = filled(disk)
        assert ready(api) == (503, ["The disk is full: 0 MiB are free."])
        text = api.client.get("/metrics", headers={"X-API-Key": api.key}).text
        assert "\ntallystick_ready 0.0\n" in text
        assert '\ntallystick_disk_free_bytes{disk="database"} 0.0\n' in text
        ballast.unlink()
        assert ready(api) == (200, [])


@pytest.mark.database("postgresql")
def test_a_postgresql_that_only_reads_is_told(api: Api, database_url: str) -> None:
    conninfo = database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(conninfo, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET default_transaction_read_only = on")
    with closing(Database(database_url)) as reading:
        condition = readiness.condition(reading)
    assert condition.reasons == ["The database takes no writes."]
