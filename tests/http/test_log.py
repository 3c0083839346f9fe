"""The access log: late by half a second at most, and whole at the end."""

import io
import json
import logging
import time
from pathlib import Path

import pytest

from tallystick.http import log
from tallystick.http.log import DelayedHandler
from testing.server import serving


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> tuple[DelayedHandler, io.StringIO]:
    monkeypatch.setattr(log, "FLUSH_INTERVAL_S", 3600)
    stream = io.StringIO()
    return DelayedHandler(stream), stream


def record(level: int, message: str) -> logging.LogRecord:
    return logging.LogRecord("tests", level, __file__, 1, message, None, None)


def test_lines_wait_for_an_error_or_for_the_end(written: tuple[DelayedHandler, io.StringIO]) -> None:
    handler, stream = written
    handler.handle(record(logging.INFO, "first"))
    assert stream.getvalue() == ""
    handler.handle(record(logging.ERROR, "broken"))
    assert stream.getvalue() == "first\nbroken\n"
    handler.handle(record(logging.INFO, "last"))
    handler.flush()
    assert stream.getvalue() == "first\nbroken\nlast\n"


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_a_server_that_is_stopped_has_logged_everything(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        ids = [server.get("/customers").headers["X-Request-Id"] for _ in range(5)]
        server.terminate()
        assert server.wait() == 0
        lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert [line["id"] for line in lines if line["path"] == "/api/v1/customers"] == ids


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_a_line_is_written_within_a_second(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        request_id = server.get("/customers").headers["X-Request-Id"]
        time.sleep(1)
        assert request_id in server.log
