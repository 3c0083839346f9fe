"""The processes of one server: none outlives the one above it, and none ends unnoticed."""

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from testing.server import Server, serving

pytestmark = [pytest.mark.slow, pytest.mark.database("postgresql")]

GONE_WITHIN_S = 60


def serving_processes(server: Server) -> list[int]:
    """The processes below the server's own that take its requests."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_taken(origin: str) -> bool:
    url = httpx.URL(origin)
    try:
        with socket.create_server((url.host, int(url.port or 0))):
            return False
    except OSError:
        return True


def test_none_outlives_the_one_above_it(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path, workers=2) as server:
        assert len(serving_processes(server)) == 2
        os.kill(server.pid, signal.SIGKILL)
        assert server.wait() == -signal.SIGKILL
        deadline_s = time.monotonic() + GONE_WITHIN_S
        while is_taken(server.origin):
            assert time.monotonic() < deadline_s
            time.sleep(0.1)


def test_the_log_tells_which_ended_by_itself_and_why(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path, workers=2) as server:
        killed = serving_processes(server)[0]
        os.kill(killed, signal.SIGKILL)
        assert server.wait() == 1
        assert f"the process {killed} of the server ended by itself: killed by SIGKILL" in server.log


def test_a_server_that_is_stopped_tells_of_no_such_end(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path, workers=2) as server:
        server.terminate()
        assert server.wait() == 0
        assert "ended by itself" not in server.log
