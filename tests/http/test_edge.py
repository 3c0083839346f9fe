"""The edge, over real connections to applications of a few lines."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

import httpx
import pytest

from tallystick.http import edge, probes
from tallystick.http.crowd import CROWDED, Crowd
from tallystick.http.edge import EARLY_BODY_BYTES, Edge
from tallystick.http.gateway import FileWrapper
from tallystick.http.looks import Looks
from tallystick.http.pool import Job, Pool, Turns
from tallystick.http.queues import QUEUE, Queue, WrongQueue
from tallystick.http.spool import Temporary
from tallystick.listener import Granian
from tallystick.store.readiness import Condition

pytestmark = pytest.mark.slow

MOST = 1_000_000
TIMEOUT_S = 60
ASKERS = 8

Respond = Callable[[dict[str, Any]], bytes]


def replying(respond: Respond) -> WSGIApplication:
    def application(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        body = respond(environ)
        start("200 OK", [("content-length", str(len(body)))])
        return [body]

    return application


@contextmanager
def served(
    application: WSGIApplication,
    *without_threads: Queue,
    look: Callable[[], Condition] = lambda: Condition([], []),
    enough: int = 1000,
) -> Iterator[httpx.Client]:
    """A client of the application behind an edge, with two threads for each queue but for those named."""
    pools = {queue: Pool(queue.value, 2) for queue in Queue if queue not in without_threads}
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    loop = asyncio.new_event_loop()
    ready: list[Granian] = []
    started = threading.Event()

    async def serve() -> None:
        ready.append(Granian(listener, Edge(application, pools, Looks(look), Crowd(enough, 1000))))
        started.set()
        await ready[0].serve()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    with httpx.Client(base_url=origin, timeout=TIMEOUT_S, trust_env=False) as client:
        yield client
    loop.call_soon_threadsafe(ready[0].stop)
    thread.join()
    loop.close()


def read(environ: dict[str, Any]) -> bytes:
    body: bytes = environ["wsgi.input"].read(MOST)
    return body


@pytest.mark.parametrize("size", [0, 1, EARLY_BODY_BYTES, EARLY_BODY_BYTES + 1, MOST, MOST + 1])
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_a_body_comes_whole_up_to_what_is_asked_for(size: int, chunked: bool) -> None:
    with served(replying(read)) as client:
        body = bytes(range(256)) * (size // 256 + 1)
        reply = client.post("/", content=iter([body[:size]]) if chunked else body[:size])
        assert reply.content[:MOST] == body[:size][:MOST]


def test_a_body_that_nobody_asks_for_is_not_awaited() -> None:
    with served(replying(lambda _environ: b"early")) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port or 0), TIMEOUT_S) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{")
            received = b""
            while b"early" not in received:
                received += connection.recv(4096)
        assert received.startswith(b"HTTP/1.1 200")


def test_headers_as_wsgi_has_them() -> None:
    def told(environ: dict[str, Any]) -> bytes:
        return json.dumps({name: environ[name] for name in environ if name.startswith(("HTTP_X", "CONTENT"))}).encode()

    headers = [
        (b"X-One", b"1"),
        (b"X-One", b"2"),
        (b"X-Odd", "١".encode()),
        (b"X_API_Key", b"forged"),
        (b"Content-Type", b"text/x"),
    ]
    with served(replying(told)) as client:
        found = client.post("/", content=b"12345", headers=headers).json()
    assert found == {"HTTP_X_ONE": "1,2", "HTTP_X_ODD": "", "CONTENT_TYPE": "text/x", "CONTENT_LENGTH": "5"}


def test_a_path_is_decoded_as_wsgi_has_it() -> None:
    with served(
        replying(lambda environ: f"{environ['PATH_INFO']} {environ['QUERY_STRING']}".encode("latin-1"))
    ) as client:
        assert client.get("/a%20b/%C3%A9?x=%20y").content.decode() == "/a b/é x=%20y"


def test_a_file_is_sent_whole_and_then_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "FILE_OPENED_WITHIN_S", 1)
    content = bytes(range(256)) * 20_000
    files: list[Path] = []

    def application(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        path = tmp_path / str(len(files))
        path.write_bytes(content)
        files.append(path)
        start("200 OK", [("content-length", str(len(content)))])
        wrapped: FileWrapper = environ["wsgi.file_wrapper"](Temporary(path), 8192)
        return wrapped

    with served(application) as client:
        for _ in range(3):
            assert client.get("/").content == content
        time.sleep(1.5)
        assert [path.exists() for path in files] == [False] * 3


def test_too_much_is_refused_and_health_is_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "MOST_UNFINISHED", 2)
    may_end = threading.Event()
    waiting = threading.Semaphore(0)

    def respond(environ: dict[str, Any]) -> bytes:
        if environ["PATH_INFO"] == "/slow":
            waiting.release()
            may_end.wait(TIMEOUT_S)
        return repr(environ.get(edge.REFUSAL)).encode()

    with served(replying(respond)) as client:
        slow = [threading.Thread(target=client.get, args=("/slow",)) for _ in range(2)]
        for thread in slow:
            thread.start()
        for _ in slow:
            waiting.acquire()
        assert [client.get(path).text for path in ("/health", "/health/")] == ["None", "None"]
        assert "503" in client.get("/other").text
        may_end.set()
        for thread in slow:
            thread.join()
        assert client.get("/other").text == "None"


def test_an_early_body_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "EARLY_BODY_TIMEOUT_S", 0.2)
    with served(replying(lambda environ: repr(environ.get(edge.REFUSAL)).encode())) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port or 0), TIMEOUT_S) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            received = connection.recv(4096)
        assert b"408" in received


def test_what_is_read_twice_is_the_same() -> None:
    def respond(environ: dict[str, Any]) -> bytes:
        stream: BytesIO = environ["wsgi.input"]
        return stream.read(3) + b"|" + stream.read(MOST)

    with served(replying(respond)) as client:
        assert client.post("/", content=b"abcdef").content == b"abc|def"


@pytest.mark.parametrize("end", ["", "/"])
def test_who_asks_whether_all_is_well_holds_no_thread(end: str) -> None:
    may_end = threading.Event()

    def look() -> Condition:
        may_end.wait(TIMEOUT_S)
        return Condition(["Broken."], [])

    def respond(environ: dict[str, Any]) -> bytes:
        found = environ.get(probes.LOOK)
        return repr(found and found.result().reasons).encode()

    with served(replying(respond), look=look) as client, ThreadPoolExecutor(ASKERS) as threads:
        asked = [threads.submit(client.get, probes.READY + end) for _ in range(ASKERS)]
        assert client.get("/other").text == "None"
        assert not any(each.done() for each in asked)
        may_end.set()
        assert {each.result().text for each in asked} == {"['Broken.']"}


def test_a_look_that_fails_is_given_on_as_it_is() -> None:
    def look() -> Condition:
        raise ZeroDivisionError

    with served(replying(lambda environ: repr(environ[probes.LOOK].exception()).encode()), look=look) as client:
        assert client.get(probes.READY).text == "ZeroDivisionError()"


def told(environ: dict[str, Any]) -> bytes:
    """The queue and the thread of a request whose path names another queue, and its body."""
    right = Queue(environ["PATH_INFO"].lstrip("/"))
    if environ[QUEUE] is not right:
        raise WrongQueue(right, environ["QUERY_STRING"])
    body = environ["wsgi.input"].read(MOST)
    return f"{environ[QUEUE].value} in {threading.current_thread().name}: {len(body)}".encode()


@pytest.mark.parametrize("queue", [Queue.WRITES, Queue.LONG])
@pytest.mark.parametrize("size", [0, 5, EARLY_BODY_BYTES + 1])
def test_a_request_is_done_by_the_threads_of_its_queue(queue: Queue, size: int) -> None:
    with served(replying(told), Queue.READS) as client:
        method = "POST" if size else "GET"
        reply = client.request(method, f"/{queue.value}", content=b"x" * size).text
    assert re.fullmatch(rf"{queue.value} in {queue.value} [12]: {size}", reply)


def test_a_queue_without_threads_is_done_in_the_event_loop() -> None:
    with served(replying(told), Queue.READS) as client:
        assert re.fullmatch(r"reads in Thread-\d+ \(run_until_complete\): 0", client.get("/reads").text)


def test_the_callers_of_a_queue_take_turns() -> None:
    """One sends eight requests of a tenth of a second before the others send one each, which wait for one of them."""
    began: list[str] = []

    def respond(environ: dict[str, Any]) -> bytes:
        caller = environ["QUERY_STRING"]
        if environ[QUEUE] is not Queue.LONG:
            raise WrongQueue(Queue.LONG, caller)
        began.append(caller)
        time.sleep(0.1)
        return b""

    with served(replying(respond), Queue.READS) as client, ThreadPoolExecutor(10) as threads:
        many = [threads.submit(client.get, "/?many") for _ in range(8)]
        while len(began) < 2:
            time.sleep(0.01)
        others = [threads.submit(client.get, f"/?{name}") for name in ("one", "two")]
        for each in (*many, *others):
            assert each.result().is_success
    assert began.count("many") == 8
    assert {"one", "two"} <= set(began[:6])


ORDERS = [
    # Who waits, as they came, and in which order they are taken up where each one ends before the next is taken up.
    ("a a a", "a a a"),
    ("a a a b", "a b a a"),
    ("a a b c b", "a b c a b"),
]


@pytest.mark.parametrize(("waiting", "expected"), ORDERS)
def test_turns_go_round(waiting: str, expected: str) -> None:
    turns = Turns()
    for caller in waiting.split():
        turns.put(caller, job_of(caller))
    taken = []
    for _ in waiting.split():
        taker, job = turns.take()
        assert job.work() == taker
        taken.append(taker)
        turns.end(taker)
    assert taken == expected.split()


def test_whose_job_is_under_way_comes_after_whose_is_not() -> None:
    turns = Turns()
    for caller in "aaa":
        turns.put(caller, job_of(caller))
    assert [turns.take()[0], turns.take()[0]] == ["a", "a"]
    turns.put("b", job_of("b"))
    turns.end("a")
    assert [turns.take()[0], turns.take()[0]] == ["b", "a"]


def job_of(caller: str) -> Job:
    loop = asyncio.new_event_loop()
    loop.close()
    return Job(loop, loop.create_future(), lambda: caller)


def test_in_a_crowd_a_connection_ends_with_an_answer_that_says_so() -> None:
    def application(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        ends = CROWDED in environ and environ["PATH_INFO"] != "/known"
        start("200 OK", [("content-length", "2"), *([("Connection", "close")] if ends else [])])
        return [b"ok"]

    with served(application, enough=2) as client, ExitStack() as open_:
        address = (client.base_url.host, client.base_url.port or 0)
        first, second, third = (open_.enter_context(socket.create_connection(address, TIMEOUT_S)) for _ in range(3))
        assert [is_kept(first), is_kept(second), is_kept(third, "/known"), is_kept(first)] == [True, True, True, False]
        # One of the three has gone, so the others are no crowd any more.
        assert [is_kept(second), is_kept(third)] == [True, True]


def is_kept(connection: socket.socket, path: str = "/") -> bool:
    """Whether the connection is still open once an answer has come."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    received = b""
    while not received.endswith(b"ok"):
        received += connection.recv(4096)
    connection.settimeout(0.5)
    try:
        return bool(connection.recv(1))
    except TimeoutError:
        return True
    finally:
        connection.settimeout(TIMEOUT_S)


def test_a_connection_is_in_use_for_a_minute_after_its_last_request() -> None:
    now_s = 1000
    crowd = Crowd(2, 4, lambda: now_s * 1_000_000_000)
    assert [crowd.sees(client) for client in "abbac"] == [False, False, False, False, True]
    now_s += 60
    assert crowd.sees("a")
    now_s += 1
    assert [crowd.sees(client) for client in "adea"] == [False, False, True, True]
    crowd.forget("e")
    assert not crowd.sees("d")


def test_reads_are_answered_while_every_other_thread_is_taken() -> None:
    may_end, under_way = threading.Event(), threading.Semaphore(0)

    def respond(environ: dict[str, Any]) -> bytes:
        if environ[QUEUE] is not Queue.READS:
            under_way.release()
            may_end.wait(TIMEOUT_S)
        return told(environ)

    with served(replying(respond), Queue.READS) as client:
        others = [threading.Thread(target=client.get, args=(path,)) for path in ("/writes", "/long") * 2]
        for thread in others:
            thread.start()
        for _ in others:
            under_way.acquire()
        assert client.get("/reads").is_success
        may_end.set()
        for thread in others:
            thread.join()
