"""Strangers and slow clients hold connections and nothing else: whoever pays is answered, and no row is written."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tallystick.accounts import store as accounts
from tallystick.customers.resource import CUSTOMERS as CATALOGUE
from tallystick.listener import STALLED_AFTER_S
from tallystick.store.db import Database
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from testing.caller import Caller
from testing.server import KEY, Server, serving
from tests.bills import a_draft
from tests.faults.test_busy import locked
from tests.program import run

pytestmark = pytest.mark.slow

TIMEOUT_S = 60
HALF_SENT = 200
STALLED = 50
ASKERS = 50
STALLED_EXPORTS = 3
CUSTOMERS = 600
SMALL_BUFFER_BYTES = 4096
PAID_REQUESTS = 30
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ESTABLISHED = "01"  # as /proc/net/tcp has it
OWN = {"X-API-Key": KEY}
TOKEN = "1." + "A" * 43
SHARED = f"/api/v1/public/quotations/{TOKEN}/accept"


class Half(NamedTuple):
    """A request of which only the ``start`` is sent, and what it is answered: None while it is still waited for."""

    path: str
    headers: Mapping[str, str]
    start: bytes
    status: int | None
    shape: frozenset[str] = frozenset({"success", "error", "code"})


LARGE = {"Content-Length": "1000000"}
CHUNKED = {"Transfer-Encoding": "chunked"}
KINDS = [
    # A body that is short is waited for, before anybody looks who sends it.
    Half("/api/v1/customers", {**JSON, "Content-Length": "100"}, b"{", 408),
    Half(SHARED, {"Content-Length": "100", "Idempotency-Key": "order-4711"}, b"{", 408),
    Half("/v1/invoice/add", {**FORM, "Content-Length": "100"}, b"client=1", 408, frozenset({"status", "message"})),
    Half("/v1/invoices", {**JSON, "Content-Length": "100"}, b"{", 408, frozenset({"error"})),
    # One that is long, or whose length nobody tells, is not: nobody knows them.
    Half("/api/v1/customers", {**JSON, **LARGE}, b"{", 401),
    Half("/api/v1/customers", {**JSON, **CHUNKED}, b"1\r\n{\r\n", 401),
    Half(SHARED, LARGE, b"{", 413),
    Half(SHARED, CHUNKED, b"1\r\n{\r\n", None),
    Half("/nowhere", LARGE, b"{", 404),
    # And of whoever has a key.
    Half("/api/v1/customers", {**OWN, **JSON, "Content-Length": "100"}, b"{", 408),
    Half("/api/v1/customers", {**OWN, **JSON, **LARGE}, b"{", None),
    Half("/api/v1/customers", {**OWN, **JSON, **CHUNKED}, b"1\r\n{\r\n", None),
]


def connected(server: Server, *, receive_bytes: int | None = None) -> socket.socket:
    connection = socket.socket()
    if receive_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(TIMEOUT_S)
    host, _, port = server.origin.removeprefix("http://").partition(":")
    connection.connect((host, int(port)))
    return connection


def head(method: str, path: str, headers: Mapping[str, str] = {}) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: tallystick", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def half_sent(server: Server, half: Half) -> socket.socket:
    connection = connected(server)
    connection.sendall(head("POST", half.path, half.headers) + half.start)
    return connection


def answered(connection: socket.socket) -> tuple[int, Any]:
    """The status and the body of what comes, up to the end of the body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    top, _, body = received.partition(b"\r\n\r\n")
    lines = top.decode().lower().split("\r\n")
    (length,) = (int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
    while len(body) < length:
        body += _more(connection)
    return int(lines[0].split()[1]), json.loads(body)


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    assert part, "the connection was closed without an answer"
    return part


def stalled(server: Server, path: str, headers: Mapping[str, str] = {}) -> socket.socket:
    """A client that has begun to read its answer, and stops."""
    connection = connected(server, receive_bytes=SMALL_BUFFER_BYTES)
    connection.sendall(head("GET", path, headers))
    assert connection.recv(15) == b"HTTP/1.1 200 OK"
    return connection


def rows(url: str, table: str) -> int:
    with closing(Database(url)) as database, database.read() as tx:
        count: int = tx.connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
        return count


@pytest.fixture
def busy(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A server with an export of some megabytes, whose books are looked at in the end."""
    with serving(database_url, tmp_path) as server:
        with closing(Database(database_url)) as database, database.transaction("tests") as tx:
            account = accounts.get(tx, FIRST_ACCOUNT_ID)
            for number in range(CUSTOMERS):
                CATALOGUE.create(tx, account, {"name": f"Customer {number}", "notes": "x" * 10_000})
        yield server


def pay(server: Server) -> None:
    """What a client that pays does all day, each answered well before anybody would give up."""
    for number in range(PAID_REQUESTS):
        made = Caller.data(
            server.post("/invoices", {"customer_id": 1, "items": [{"description": "x", "unit_price": 1}]})
        )
        path = f"/invoices/{made['id']}"
        Caller.data(server.post(f"{path}/publish", headers={"Idempotency-Key": f"publish-{number}"}))
        assert Caller.data(server.get(path))["status"] == "sent"


def test_two_hundred_half_sent_requests_and_fifty_stalled_readers(busy: Server, database_url: str) -> None:
    with ExitStack() as open_:
        for _ in range(STALLED_EXPORTS):
            open_.enter_context(stalled(busy, "/api/v1/customers/export/csv", OWN))
        for _ in range(STALLED - STALLED_EXPORTS):
            open_.enter_context(stalled(busy, "/docs/swagger_bundle.js"))
        halves = [(half, open_.enter_context(half_sent(busy, half))) for half in islice(cycle(KINDS), HALF_SENT)]
        pay(busy)
        assert busy.client.get("/health").json() == {"status": "ok"}
        for half, connection in halves:
            if half.status is not None:
                status, body = answered(connection)
                assert (status, frozenset(body)) == (half.status, half.shape), half
    assert rows(database_url, "idempotency_keys") == PAID_REQUESTS
    assert busy.get("/customers").json()["pagination"]["total"] == CUSTOMERS
    busy.terminate()
    assert busy.wait() == 0
    assert run("verify", database_url=database_url).stdout == f"ok: accounts 1, bills {PAID_REQUESTS}\n"


def test_clients_with_keys_hold_no_thread_either(busy: Server) -> None:
    late = [half for half in KINDS if half.status is None]
    with ExitStack() as open_:
        for half in islice(cycle(late), 20):
            open_.enter_context(half_sent(busy, half))
        pay(busy)


CUT_OFF: Sequence[tuple[str, Mapping[str, str], bytes]] = [
    ("/api/v1/customers", {**JSON, "Content-Length": "100"}, b'{"name": "Half"}'),
    ("/api/v1/customers", {**JSON, "Content-Length": "100000"}, b'{"name": "Half"}'),
    ("/api/v1/customers", {**JSON, **CHUNKED}, b'e\r\n{"name": "Half\r\n'),
    ("/v1/client/add", {**FORM, "Content-Length": "100"}, b"name=Half"),
    ("/v1/client/add", {**FORM, **CHUNKED}, b"9\r\nname=Half\r\n"),
    ("/api/v1/invoices/1/publish", {**JSON, **CHUNKED}, b""),
]


def test_a_request_that_is_cut_off_is_not_done(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        draft = a_draft(server, 100)
        for path, headers, start in CUT_OFF:
            with connected(server) as connection:
                connection.sendall(head("POST", path, {**OWN, **headers}) + start)
                time.sleep(0.1)
        time.sleep(2)
        assert server.get("/customers").json()["pagination"]["total"] == 1
        assert Caller.data(server.get(f"/invoices/{draft['id']}"))["status"] == "draft"


@pytest.mark.database("sqlite")
def test_a_stalled_reader_is_cut_off(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server, stalled(server, "/docs/swagger_bundle.js") as connection:
        assert is_held(connection)
        deadline = time.monotonic() + STALLED_AFTER_S + TIMEOUT_S
        while is_held(connection):
            assert time.monotonic() < deadline, "its connection is still held"
            time.sleep(1)


def is_held(connection: socket.socket) -> bool:
    """Whether the server still has the connection, of whose end a client that stalls is not told."""
    ends = [f":{port:04X}" for _host, port in (connection.getpeername(), connection.getsockname())]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any([local[-5:], remote[-5:]] == ends and state == ESTABLISHED for _number, local, remote, state, *_ in rows)


@pytest.mark.database("sqlite")
def test_a_server_that_is_told_to_stop_waits_for_no_stranger(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server, ExitStack() as open_:
        for half in islice(cycle(KINDS), 24):
            open_.enter_context(half_sent(server, half))
        with ThreadPoolExecutor(1) as threads:
            ends = threads.submit(server.wait)
            server.terminate()
            ends.result()


@pytest.mark.database("sqlite")
def test_fifty_who_ask_whether_all_is_well_during_a_long_write(database_url: str, tmp_path: Path) -> None:
    is_over = threading.Event()

    def ask(server: Server) -> set[int]:
        statuses = set()
        while not is_over.is_set():
            statuses.add(server.client.get("/ready").status_code)
        return statuses

    with serving(database_url, tmp_path) as server, ThreadPoolExecutor(ASKERS) as threads:
        with locked(database_url):
            asked = [threads.submit(ask, server) for _ in range(ASKERS)]
            time.sleep(1)
            began_s = time.monotonic()
            for _ in range(PAID_REQUESTS):
                assert server.get("/customers").status_code == 200
            took_s = time.monotonic() - began_s
            is_over.set()
            assert [each.result() for each in asked] == [{503}] * ASKERS
        # Where each of them waited in a thread, one of these reads alone took a second.
        assert took_s < PAID_REQUESTS / 4
        assert server.client.get("/ready").status_code == 200
