"""A service that starts while its database is away ends with 1, so that it is started again; with 2 it would not be."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psycopg
import pytest

from testing.postgresql import VOLATILE, Server, running
from testing.server import free_port
from tests.faults.disks import filled, small_disk
from tests.program import run

pytestmark = pytest.mark.slow

SLOTS = 6


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running({**VOLATILE, "max_connections": str(SLOTS)}) as started:
        yield started


@pytest.fixture(autouse=True)
def _port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(free_port()))


def told(command: str, url: str) -> tuple[int, str]:
    """How the command ends, and its one line."""
    done = run(command, database_url=url)
    (line,) = done.stderr.splitlines()
    return done.returncode, line


SERVICES = pytest.mark.parametrize("command", ["serve", "worker"])


@SERVICES
def test_a_postgresql_that_is_stopped_is_waited_for(server: Server, command: str) -> None:
    server.stop()
    try:
        status, line = told(command, server.url("postgres"))
    finally:
        server.start_again()
    assert (status, line.startswith("tallystick: DATABASE_URL: The PostgreSQL cannot be used: ")) == (1, True)


@SERVICES
def test_a_postgresql_that_is_frozen_is_waited_for(server: Server, command: str) -> None:
    with server.frozen():
        assert told(command, server.url("postgres"))[0] == 1


@SERVICES
def test_a_postgresql_that_is_full_of_others_is_waited_for(server: Server, command: str) -> None:
    with ExitStack() as others:
        with suppress(psycopg.OperationalError):
            for _ in range(SLOTS):
                others.enter_context(psycopg.connect(server.conninfo))
        status, line = told(command, server.url("postgres"))
    assert (status, "too many clients" in line) == (1, True)


def test_a_worker_waits_until_the_server_has_migrated(server: Server) -> None:
    status, line = told("worker", server.url("postgres"))
    assert (status, "Start `tallystick serve` once" in line) == (1, True)


@SERVICES
def test_a_database_that_is_named_wrongly_is_a_wrong_setting(server: Server, command: str) -> None:
    status, line = told(command, server.url("boks"))
    assert (status, 'database "boks" does not exist' in line) == (2, True)


def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        filled(disk)
        assert told("serve", f"sqlite:///{disk / 'books.db'}")[0] == 1


def test_a_backup_to_a_full_disk_names_the_copy(tmp_path: Path) -> None:
    source = tmp_path / "books.db"
    with closing(sqlite3.connect(source)) as database:
        database.execute("CREATE TABLE large AS SELECT randomblob(2097152)")
        database.commit()
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        done = run("backup", str(disk / "copy.db"), database_url=f"sqlite:///{source}")
        assert (done.returncode, done.stderr) == (
            2,
            f"tallystick: {disk / 'copy.db'} cannot be written: the disk is full.\n",
        )
        assert list(disk.iterdir()) == []


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "books.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN EXCLUSIVE")
        status, line = told("serve", f"sqlite:///{file}")
    assert (status, "is locked by another program" in line) == (1, True)
