"""The access log: it tells who asked for what and nobody's secrets, late by half a second, and whole at the end."""

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import falcon.testing
import pytest

from tallystick.accounts import ops
from tallystick.accounts.types import Scope
from tallystick.http import log
from tallystick.http.addresses import Addresses, networks
from tallystick.http.app import create_app
from tallystick.http.endpoint import Server
from tallystick.http.log import DelayedHandler
from tallystick.http.strangers import Buckets, Strangers
from tallystick.native.surface import NATIVE
from testing.server import serving
from tests.api import ORIGIN, Api
from tests.bills import an_invoice
from tests.http import toy


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


def test_a_disk_that_is_full_ends_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FLUSH_INTERVAL_S", 0.01)
    with Path("/dev/full").open("wb", buffering=0) as full, io.TextIOWrapper(full, write_through=True) as unwritable:
        handler = DelayedHandler(unwritable)
        handler.handle(record(logging.ERROR, "lost"))
        handler.handle(record(logging.INFO, "lost too"))
        time.sleep(0.1)
        handler.stream = written = io.StringIO()
    handler.handle(record(logging.INFO, "kept"))
    time.sleep(0.1)
    assert written.getvalue() == "kept\n"


Send = Callable[..., dict[str, Any]]
UNKNOWN = "The API key is unknown or revoked."
WRONG_AT_ONCE = 2


@pytest.fixture
def send(api: Api, caplog: pytest.LogCaptureFixture) -> Iterator[Send]:
    """Sends a request, by way of a proxy that is trusted, and answers the line that it leaves."""
    addresses = Addresses(networks("10.0.0.1"))
    guards = [Strangers(addresses, Buckets(WRONG_AT_ONCE))]
    app = create_app((NATIVE, toy.TOYS), Server.of(api.database, ORIGIN), addresses, guards)
    client = falcon.testing.TestClient(app)

    def send(path: str, key: str = "", method: str = "GET") -> dict[str, Any]:
        caplog.clear()
        headers = {"X-Forwarded-For": "forged, 192.0.2.1"} | ({"X-API-Key": key} if key else {})
        client.simulate_request(method, path, headers=headers, remote_addr="10.0.0.1")
        (line,) = [each.getMessage() for each in caplog.records if each.name == "tallystick.access"]
        assert api.key.rpartition(".")[2] not in caplog.text
        parsed: dict[str, Any] = json.loads(line)
        return parsed

    with caplog.at_level(logging.INFO, "tallystick"):
        yield send


def told(line: dict[str, Any]) -> dict[str, Any]:
    """What a line tells, but for the id, the time and how long it took."""
    return {name: value for name, value in line.items() if name not in ("id", "time", "elapsed_us")}


def seen(path: str, status: int, level: str = "info", method: str = "GET", **others: Any) -> dict[str, Any]:
    return {"level": level, "method": method, "path": path, "status": status, "address": "192.0.2.1", **others}


def test_who_asks_for_what(api: Api, send: Send) -> None:
    (key_id,) = [key["id"] for key in api.data(api.get("/api-keys"))]
    known = {"account_id": api.account.id, "key_id": key_id}
    before = datetime.now(UTC)
    line = send("/api/v1/taxes", api.key)
    assert before <= datetime.fromisoformat(line["time"]) <= datetime.now(UTC)
    assert 0 < line["elapsed_us"] < (datetime.now(UTC) - before) / timedelta(microseconds=1)
    assert told(line) == seen("/api/v1/taxes", 200, **known)
    assert told(send(f"/api/v1/taxes?api_key={api.key}")) == seen("/api/v1/taxes", 200, **known)
    assert told(send("/api/v1/taxes/999", api.key)) == seen("/api/v1/taxes/999", 404, **known)
    burst = f"{toy.PREFIX}/burst"
    assert told(send(burst, api.key, "POST")) == seen(burst, 500, "error", "POST", **known)


def test_a_path_is_shown_only_so_far(send: Send) -> None:
    path = "/" + "\N{EURO SIGN}" * log.LONGEST_PATH
    assert send(path)["path"] == falcon.uri.encode(path)[: log.LONGEST_PATH]


def test_whoever_has_a_link(api: Api, send: Send) -> None:
    token = an_invoice(api, 100)["share_token"]
    path = f"/api/v1/public/invoices/{api.account.id}.(secret)"
    assert told(send(f"/api/v1/public/invoices/{token}")) == seen(path, 200, account_id=api.account.id)


def test_a_key_that_is_refused(api: Api, send: Send) -> None:
    assert "Send an API key" in send("/api/v1/taxes")["refused"]
    assert told(send("/api/v1/taxes", "wrong")) == seen("/api/v1/taxes", 401, "warning", refused=UNKNOWN)
    assert told(send(toy.PREFIX + "/1", "wrong")) == seen(toy.PREFIX + "/1", 401, "warning", refused=UNKNOWN)
    slowed = send("/api/v1/taxes", "wrong")
    assert (slowed["status"], slowed["level"], "Try again" in slowed["refused"]) == (429, "warning", True)


def test_a_key_that_may_not_is_told(api: Api, send: Send) -> None:
    key, secret = api.database.transact("tests", lambda tx: ops.create_key(tx, api.account, "", [Scope.READ]))
    why = "This needs a key with the scope write."
    known = {"account_id": api.account.id, "key_id": key.id}
    assert told(send("/api/v1/taxes", secret, "POST")) == seen(
        "/api/v1/taxes", 403, "warning", "POST", refused=why, **known
    )
    api.data(api.delete(f"/api-keys/{key.id}"))
    assert told(send("/api/v1/taxes", secret)) == seen("/api/v1/taxes", 401, "warning", refused=UNKNOWN)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/a%20b", "/a b"),
        ("/a%0A%7B%22id%22:1%7D", "/a%0A%7B%22id%22%3A1%7D"),
        ("/%E2%80%AEelpmaxe", "/%E2%80%AEelpmaxe"),
        ("/%1B[31m", "/%1B%5B31m"),
        ("/Caf%C3%A9", "/Caf%C3%A9"),
        ("/" + "a" * 3000, "/" + "a" * 499),
        ("/" + "%22" * 3000, "/" + '"' * 499),
    ],
)
def test_no_path_breaks_or_turns_a_line(send: Send, asked: str, expected: str) -> None:
    assert send(asked)["path"] == expected


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
