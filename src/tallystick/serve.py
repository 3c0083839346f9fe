"""Runs the HTTP server, in threads (ADR 1)."""

import asyncio
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from multiprocessing.connection import wait
from tempfile import TemporaryDirectory
from typing import Any
from wsgiref.types import WSGIApplication

from tallystick import config
from tallystick.config import ProcessSettings
from tallystick.dialects.billingdb.routes import BILLINGDB
from tallystick.dialects.invoice_ng.routes import INVOICE_NG
from tallystick.dialects.iqraa.routes import IQRAA
from tallystick.http import limits, metrics, spool
from tallystick.http.addresses import Addresses, networks
from tallystick.http.app import create_app
from tallystick.http.crowd import Crowd
from tallystick.http.edge import Edge
from tallystick.http.endpoint import Server
from tallystick.http.log import DelayedHandler
from tallystick.http.pool import Pool
from tallystick.http.queues import Queue
from tallystick.http.strangers import Strangers
from tallystick.listener import CONNECTIONS, STOP_TIMEOUT_S, Granian
from tallystick.native.surface import NATIVE
from tallystick.store.db import Database
from tallystick.web import dialects, share, welcome
from tallystick.worker import Lane, Worker

SURFACES = (NATIVE, INVOICE_NG, BILLINGDB, IQRAA)
"""The public APIs; one more is one more value here."""

THREADS = 4
"""For what is short, where each statement is a round trip."""

WRITING_THREADS = 8
"""On SQLite: one writes, and the others wait for the disk, together (``store.group``)."""

LONG_THREADS = 2
APART_THREADS = 2
"""As many processes compile templates at a time."""

BESIDE = 2
"""Threads beside those of the requests and the lanes: for the uses of keys, and for looks whether all is well."""
STATEMENT_TIMEOUT_S = 30
MOST_FILES = 65_536

log = logging.getLogger(__name__)


def application(server: Server, addresses: Addresses | None = None, guards: Sequence[Any] = ()) -> WSGIApplication:
    """Every API and every page, as one application; ``addresses`` and ``guards`` are as in ``create_app``."""
    app = create_app(SURFACES, server, addresses or Addresses(), guards, [share.PAGES])
    welcome.add_routes(app, server.origin)
    dialects.add_routes(app, server.origin, SURFACES)
    share.add_routes(app, server.database, server.origin)
    return app


def run(listener: socket.socket, *, workers: int, with_worker: bool) -> None:
    """Serves until SIGTERM or SIGINT, and then finishes what is under way. ``workers`` are processes."""
    spool.remove_left()
    if workers == 1:
        _serve(listener, with_worker=with_worker)
        return
    with TemporaryDirectory(prefix="tallystick-") as directory:
        os.environ[metrics.DIRECTORY] = directory
        _supervise(listener, workers=workers, with_worker=with_worker)


def _supervise(listener: socket.socket, *, workers: int, with_worker: bool) -> None:
    """Serves in processes of their own, which share the socket; where one ends by itself, all do, with 1."""
    context = multiprocessing.get_context("spawn")
    how = {"with_worker": with_worker}
    processes = [context.Process(target=_serve_below, args=(listener,), kwargs=how) for _ in range(workers)]
    stopping = threading.Event()
    for process in processes:
        process.start()
    # Only those who accept at it may hold it, else it would still take connections when they stop.
    listener.close()

    def stop(*_signal: object) -> None:
        stopping.set()
        for process in processes:
            process.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    ended = wait([process.sentinel for process in processes])
    by_themselves = [] if stopping.is_set() else [process for process in processes if process.sentinel in ended]
    for process in by_themselves:
        process.join()
        log.critical("the process %d of the server ended by itself: %s", process.pid, _how_ended(process.exitcode))
    stop()
    for process in processes:
        process.join()
    # Told to stop while it still started, it had nothing under way.
    if by_themselves or any(process.exitcode not in (0, -signal.SIGTERM) for process in processes):
        sys.exit(1)


def _how_ended(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"


def _serve_below(listener: socket.socket, *, with_worker: bool) -> None:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    _serve(listener, with_worker=with_worker)


def _end_with_parent() -> None:
    """Stops this process when the one above it is gone, even killed: it would hold the address for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _serve(listener: socket.socket, *, with_worker: bool) -> None:
    _allow_files()
    settings = config.from_environment()
    database = Database(
        settings.database_url,
        connections=THREADS + LONG_THREADS + APART_THREADS + len(Lane) + BESIDE,
        seal_key=settings.seal_key,
        statement_timeout_s=STATEMENT_TIMEOUT_S,
    )
    with closing(database):
        server, worker = Server.of(database, settings.origin), Worker(database)
        addresses = Addresses(networks(settings.trusted_proxies))
        app = application(server, addresses, _guards(settings, addresses))
        granian = Granian(listener, Edge(app, _pools(database), server.looks, Crowd(CONNECTIONS // 2, CONNECTIONS)))
        # After Granian was made, which empties the list of handlers to flush at the end.
        _log_messages_alone()
        uses = server.uses
        with _beside(uses.keep, uses.stop), _beside(worker.run, worker.stop) if with_worker else nullcontext():
            asyncio.run(_until_stopped(granian))


def _guards(settings: ProcessSettings, addresses: Addresses) -> list[Any]:
    limit = settings.key_requests_per_second
    return [Strangers(addresses), limits.of_links(), *([limits.of_keys(limit)] if limit else [])]


def _pools(database: Database) -> dict[Queue, Pool]:
    """The threads of each queue (ADR 45): a SQLite's reads have none, and so fight with nobody for the interpreter."""
    slow = {Queue.LONG: Pool("long", LONG_THREADS), Queue.APART: Pool("apart", APART_THREADS)}
    if database.is_sqlite:
        return {Queue.WRITES: Pool("writes", WRITING_THREADS), **slow}
    short = Pool("requests", THREADS)
    return {Queue.READS: short, Queue.WRITES: short, **slow}


def _log_messages_alone() -> None:
    """Logs, and lets nobody look up what no line shows: the thread, and the place in the code.

    As docs.python.org/3/howto/logging.html, "Optimization".
    """
    logging.basicConfig(handlers=[DelayedHandler(sys.stderr)], level=logging.INFO, format="%(message)s")
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


async def _until_stopped(server: Granian) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    try:
        await server.serve()
    except TimeoutError:
        # What is still under way holds threads that cannot be ended, and would keep the process for ever.
        log.critical("requests were under way for %d s, and are cut off", STOP_TIMEOUT_S)
        logging.shutdown()
        os._exit(1)


@contextmanager
def _beside(work: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    """Works for the time of the block: in a thread, which takes its turn to write as every request does."""
    thread = threading.Thread(target=work, name=work.__qualname__, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(STOP_TIMEOUT_S)


def _allow_files() -> None:
    """Lets this process open as many files as it may: each connection is one."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
