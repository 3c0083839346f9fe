"""What whoever starts the server is told."""

from pathlib import Path

import pytest

from testing.server import KEY, serving

NO_WORKER = "No worker runs in this server. Start `tallystick worker` beside it"


@pytest.mark.slow
def test_a_server_without_a_worker_says_so_and_no_server_tells_its_key(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        assert (NO_WORKER in server.log) is database_url.startswith("postgresql")
        assert KEY not in server.log
        assert f"Tallystick serves {named(database_url)} at {server.origin};" in server.log


def named(url: str) -> str:
    return url.removeprefix("sqlite:///").partition("?")[0]
