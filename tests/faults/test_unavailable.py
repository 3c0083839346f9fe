"""A database that fails in the middle of a write, or at its very end: what is told, and what a repeat finds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tallystick.store.db import Database
from tallystick.store.trouble import sqlite_file
from tallystick.store.usage_file import usage_file_of
from testing.server import SERVE, Server
from tests.api import Api
from tests.databases import Databases
from tests.faults.disks import FailingSync, filled, small_disk
from tests.program import run
from tests.recurring.schedules import a_schedule

pytestmark = pytest.mark.slow

AT_A_TIME = 8
NOTHING_DONE = "The database cannot take this now, and nothing was done. Try again in a moment."
UNKNOWN = (
    "The database failed at the last moment: this may be done or not. Send it again with the same Idempotency-Key, "
    "and it is done once; without such a key, look first."
)
CUT_OFF = "PERFORM pg_terminate_backend(pg_backend_pid());"
IN_THE_MIDDLE = "CREATE TRIGGER fault BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION fault()"
AT_COMMIT = """
    CREATE CONSTRAINT TRIGGER fault AFTER INSERT ON customers DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fault()
"""


def state(code: str) -> str:
    return f"RAISE EXCEPTION 'a fault' USING ERRCODE = '{code}';"


FAULTS = [
    ("too many connections", state("53300"), IN_THE_MIDDLE, "UNAVAILABLE"),
    ("disk full", state("53100"), IN_THE_MIDDLE, "UNAVAILABLE"),
    ("lock not available", state("55P03"), IN_THE_MIDDLE, "UNAVAILABLE"),
    ("statement timeout", state("57014"), IN_THE_MIDDLE, "UNAVAILABLE"),
    ("crash shutdown", state("57P02"), IN_THE_MIDDLE, "UNAVAILABLE"),
    ("I/O error", state("58030"), IN_THE_MIDDLE, "UNAVAILABLE"),
    ("a deadlock each time", state("40P01"), IN_THE_MIDDLE, "UNAVAILABLE"),
    ("cut off", CUT_OFF, IN_THE_MIDDLE, "UNAVAILABLE"),
    ("statement timeout at COMMIT", state("57014"), AT_COMMIT, "UNAVAILABLE"),
    ("I/O error at COMMIT", state("58030"), AT_COMMIT, "OUTCOME_UNKNOWN"),
    ("cut off at COMMIT", CUT_OFF, AT_COMMIT, "OUTCOME_UNKNOWN"),
    ("no trouble, a bug", state("42P01"), IN_THE_MIDDLE, "INTERNAL_ERROR"),
]


@contextmanager
def fault(api: Api, body: str, trigger: str) -> Iterator[None]:
    """For the time of the block, a customer that is inserted meets this."""
    with api.database.transaction("tests") as tx:
        tx.connection.execute(
            text(f"CREATE FUNCTION fault() RETURNS trigger AS $$ BEGIN {body} RETURN NEW; END $$ LANGUAGE plpgsql")
        )
        tx.connection.execute(text(trigger))
    yield
    with api.database.transaction("tests") as tx:
        tx.connection.execute(text("DROP FUNCTION fault CASCADE"))


def create(caller: Any, key: str = "once") -> httpx.Response:
    response: httpx.Response = caller.post("/customers", {"name": "Jane"}, headers={"Idempotency-Key": key})
    return response


@pytest.mark.database("postgresql")
@pytest.mark.parametrize(("what", "body", "trigger", "code"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_what_postgresql_meets_is_told_as_it_is(api: Api, what: str, body: str, trigger: str, code: str) -> None:
    with fault(api, body, trigger):
        refused = create(api)
    assert refused.json()["code"] == code
    assert refused.status_code == (500 if code == "INTERNAL_ERROR" else 503)
    assert ("Retry-After" in refused.headers) is (code != "INTERNAL_ERROR")
    assert create(api).status_code == 201
    assert len(api.data(api.get("/customers"))) == 1


def test_an_unknown_outcome_is_told_and_the_key_tells_it(tmp_path: Path) -> None:
    """A sync that fails at COMMIT leaves what it should have kept in the log, where a restart may find it."""
    disk = FailingSync(tmp_path)
    url = f"sqlite:///{tmp_path / 'books.db'}"
    with Server(url, tmp_path, program=SERVE, environment=disk.environment) as server:
        server.start()
        with disk.of("-wal"):
            refused = create(server)
            read = server.get("/customers")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.json() == {"success": False, "error": UNKNOWN, "code": "OUTCOME_UNKNOWN"}
        assert read.status_code == 200
        assert "the database failed: OperationalError: disk I/O error" in server.log
        server.kill()
        server.start()
        again = create(server)
        assert again.status_code == 201
        assert len(server.data(server.get("/customers"))) == 1


def test_an_unknown_outcome_of_many_is_told_to_each(tmp_path: Path) -> None:
    """They are committed together: whatever became of them, each key tells its own."""
    disk = FailingSync(tmp_path)
    keys = [f"key-{number}" for number in range(AT_A_TIME)]
    with (
        Server(f"sqlite:///{tmp_path / 'books.db'}", tmp_path, program=SERVE, environment=disk.environment) as server,
        ThreadPoolExecutor(AT_A_TIME) as threads,
    ):
        server.start()
        with disk.of("-wal"):
            refused = list(threads.map(partial(create, server), keys))
        assert [each.json()["code"] for each in refused] == ["OUTCOME_UNKNOWN"] * AT_A_TIME
        server.kill()
        server.start()
        again = list(threads.map(partial(create, server), keys))
        assert [each.status_code for each in again] == [201] * AT_A_TIME
        assert len(server.data(server.get("/customers"))) == AT_A_TIME
    assert run("verify", database_url=f"sqlite:///{tmp_path / 'books.db'}").returncode == 0


def test_a_full_disk_is_told_to_each_of_many(databases: Databases, tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", 4 << 20) as disk,
        closing(Database(databases.migrated_file(disk / "books.db"))) as database,
        ThreadPoolExecutor(AT_A_TIME) as threads,
    ):
        api = Api(database)
        ballast = filled(disk)
        answers: dict[str, httpx.Response] = {}
        while all(each.status_code == 201 for each in answers.values()):
            keys = [f"key-{len(answers) + number}" for number in range(AT_A_TIME)]
            answers |= zip(keys, threads.map(partial(create, api), keys), strict=True)
        assert {each.json().get("code") for each in answers.values()} <= {None, "UNAVAILABLE"}
        ballast.unlink()
        for key, answer in answers.items():
            again = create(api, key)
            assert again.status_code == 201
            assert ("Idempotent-Replayed" in again.headers) is (answer.status_code == 201)
        assert api.get("/customers").json()["pagination"]["total"] == len(answers)
        assert api.differences() == []


def test_a_full_disk_is_told_and_goes_by(databases: Databases, tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", 4 << 20) as disk,
        closing(Database(databases.migrated_file(disk / "books.db"))) as database,
    ):
        api = Api(database)
        ballast = filled(disk)
        numbers = iter(range(10_000))
        while (answer := create(api, f"key-{(last := next(numbers))}")).status_code == 201:
            pass
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert (answer.json()["error"], answer.json()["code"]) == (NOTHING_DONE, "UNAVAILABLE")
        assert api.get("/customers").status_code == 200
        ballast.unlink()
        again = create(api, f"key-{last}")
        assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, None)
        assert len(api.data(api.get("/customers?limit=100"))) == min(last + 1, 100)
        assert api.differences() == []


@pytest.mark.database("sqlite")
def test_trouble_with_another_file_is_no_answer_to_keep(api: Api) -> None:
    """Billing reads the file of usage events, whose trouble meets it within the transaction of the key."""
    api.data(api.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    a_schedule(api, meters=["calls"])
    file = sqlite_file(api.database.url)
    assert file
    blocked = usage_file_of(file)
    blocked.mkdir()
    once = {"Idempotency-Key": "june"}
    refused = api.post("/recurring-billing/process", {}, headers=once)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert (refused.json()["error"], refused.json()["code"]) == (NOTHING_DONE, "UNAVAILABLE")
    blocked.rmdir()
    again = api.post("/recurring-billing/process", {}, headers=once)
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (200, None)
    assert again.json()["data"]["created"] > 0


def test_what_was_sent_stays_out_of_errors(database_url: str) -> None:
    with closing(Database(database_url)) as database, database.transaction("tests") as tx:
        with pytest.raises(DBAPIError) as told:
            tx.connection.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": "a secret"})
        assert "a secret" not in str(told.value)
