"""What the log of a SQLite database holds comes into its file, and a disk that fails there costs nothing."""

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tallystick.store import checkpoints
from tallystick.store.db import Database
from tallystick.store.migrate import migrate
from testing.server import SERVE, Server
from tests.api import Api
from tests.databases import Databases
from tests.faults.disks import FailingSync, filled, small_disk
from tests.faults.test_unavailable import create
from tests.program import run

pytestmark = pytest.mark.slow

COMMITS = 8
PATIENCE_S = 30.0
MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints come after few commits, or a moment later."""
    monkeypatch.setattr(checkpoints, "COMMITS", COMMITS)
    monkeypatch.setattr(checkpoints, "AT_LATEST_S", 0.2)


def wait_until(is_so: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_what_was_committed_comes_into_the_file(databases: Databases, tmp_path: Path) -> None:
    file, copy = tmp_path / "books.db", tmp_path / "copy.db"
    with closing(Database(databases.migrated_file(file))) as database:
        api = Api(database)
        assert create(api).status_code == 201
        began, ours = datetime.now(UTC), database.checkpoints
        assert ours is not None
        wait_until(lambda: ours.good_at is not None and ours.good_at > began)
        # Without the log beside it.
        shutil.copyfile(file, copy)
    with closing(Database(f"sqlite:///{copy}")) as copied, copied.read() as tx:
        assert tx.connection.exec_driver_sql("SELECT name FROM customers").all() == [("Jane",)]


def test_one_that_finds_no_room_is_told_and_made_up_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        small_disk(tmp_path / "disk", 8 * MEBIBYTE) as disk,
        closing(Database(f"sqlite:///{disk / 'books.db'}")) as database,
    ):
        migrate(database)
        api = Api(database)
        ours = database.checkpoints
        assert ours is not None
        wait_until(lambda: ours.good_at is not None)
        ballast = filled(disk)
        # The log has room from before, the file would have to grow.
        number = 0
        while ours.trouble is None:
            number += 1
            assert create(api, f"key-{number}").status_code == 201
            time.sleep(0.02)
        assert ours.trouble == "database or disk is full"
        ballast.unlink()
        wait_until(lambda: ours.trouble is None)
        assert api.get("/customers").json()["pagination"]["total"] == number
        assert api.differences() == []
    assert [each.levelname for each in caplog.records if "a checkpoint of the database failed" in each.message] == [
        "ERROR"
    ]


def test_an_io_error_ends_the_server_and_its_next_start_recovers_the_whole_log(tmp_path: Path) -> None:
    disk, file, before = FailingSync(tmp_path), tmp_path / "books.db", tmp_path / "before.db"
    with Server(f"sqlite:///{file}", tmp_path, program=SERVE, environment=disk.environment) as server:
        server.start()
        assert create(server, "1").status_code == 201
        with disk.of(file.name):
            # No sync of it succeeds any more, so that the log keeps all that is not in here.
            shutil.copyfile(file, before)
            assert create(server, "2").status_code == 201
            assert server.wait() != 0
        assert "a checkpoint met an I/O error (disk I/O error)" in server.log
        # What the kernel holds of the file but could not sync is gone with the power; the log was synced.
        shutil.copyfile(before, file)
        server.start()
        assert len(server.data(server.get("/customers"))) == 2
    assert run("verify", database_url=f"sqlite:///{file}").returncode == 0
