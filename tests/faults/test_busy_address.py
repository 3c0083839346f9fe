"""A server that cannot listen says so in one line, ends, and leaves everything as it was."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.server import KEY, free_port, serving
from tests.program import run

pytestmark = pytest.mark.slow


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        yield port


def start(command: str, database: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {"API_KEY": "another-key-of-these-tests", **settings}
    return run(command, database_url=f"sqlite:///{database}", environment=own)


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_busy_address_is_refused_at_once(command: str, busy_port: int, tmp_path: Path) -> None:
    refused = start(command, tmp_path / "new.db", PORT=str(busy_port))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"tallystick: HOST and PORT: Cannot listen on 127.0.0.1:{busy_port}. "
        "Another program listens there: stop it, or set PORT to another number.\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [{"PORT": "65536"}, {"HOST": "no.such.host.invalid"}, {"HOST": "192.0.2.1"}])
def test_an_address_that_is_none_is_refused_in_one_line(settings: dict[str, str], tmp_path: Path) -> None:
    refused = start("serve", tmp_path / "new.db", **settings)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert next(iter(settings)) in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_server_leaves_the_first_and_its_keys_alone(database_url: str, tmp_path: Path, workers: int) -> None:
    if workers > 1 and database_url.startswith("sqlite"):
        pytest.skip("SQLite is served by one process")
    with serving(database_url, tmp_path, workers=workers) as server:
        port = server.origin.rpartition(":")[2]
        # Over the same database, whose key from the environment it would replace if it started.
        refused = start("serve", tmp_path / "other.db", DATABASE_URL=database_url, PORT=port)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert [server.get("/customers").status_code for _ in range(30)] == [200] * 30


@pytest.mark.database("sqlite")
def test_a_second_server_of_the_same_file_is_refused_until_the_first_has_ended(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / database_url.removeprefix("sqlite:///")
    with serving(database_url, tmp_path) as server:
        refused = start("serve", file, DATABASE_URL=database_url, PORT=str(free_port()))
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == (
            f"tallystick: DATABASE_URL: Another server serves {file}. Stop it, or name another file; several servers "
            "share a PostgreSQL.\n"
        )
        assert server.get("/customers").is_success
        server.kill()
        server.start()
        assert server.get("/customers").is_success


@pytest.mark.database("sqlite")
def test_the_welcome_names_the_file_and_no_key(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        first = server.log.splitlines()[0]
        assert first.startswith(f"Tallystick serves {database_url.removeprefix('sqlite:///')} at {server.origin};")
        assert KEY not in server.log
