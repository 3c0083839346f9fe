"""Runs the HTTP server, in threads (ADR 1)."""

import atexit
import logging
import multiprocessing
import os
import socket
import sys
import threading
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any
from wsgiref.types import WSGIApplication

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server import MPServer

from tallystick import config
from tallystick.accounts.uses import Uses
from tallystick.dialects.billingdb.routes import BILLINGDB
from tallystick.dialects.invoice_ng.routes import INVOICE_NG
from tallystick.dialects.iqraa.routes import IQRAA
from tallystick.http import metrics
from tallystick.http.app import create_app
from tallystick.http.log import DelayedHandler
from tallystick.listener import BACKLOG
from tallystick.native.surface import NATIVE
from tallystick.store.db import Database
from tallystick.web import dialects, share, welcome
from tallystick.worker import Lane, Worker

SURFACES = (NATIVE, INVOICE_NG, BILLINGDB, IQRAA)
"""The public APIs; one more is one more value here."""

THREADS = 8
STOP_TIMEOUT_S = 30
STATEMENT_TIMEOUT_S = 30


def application(database: Database, origin: str, uses: Uses | None = None) -> WSGIApplication:
    """Every API and every page, as one application; ``origin`` (``https://host``) begins the links that it gives."""
    app = create_app(SURFACES, database, origin, uses)
    welcome.add_routes(app, origin)
    dialects.add_routes(app, origin, SURFACES)
    share.add_routes(app, database, origin)
    return app


def load() -> WSGIApplication:
    """What Granian calls in each of its processes: the application, over a database of its own."""
    database, origin = _start()
    return application(database, origin, _kept_uses(database))


def load_with_worker() -> WSGIApplication:
    """As ``load``, with a worker beside it: a thread, which takes its turn to write as every request does."""
    database, origin = _start()
    worker = Worker(database)
    thread = threading.Thread(target=worker.run, name="worker", daemon=True)
    thread.start()
    atexit.register(_end, worker, thread)
    return application(database, origin, _kept_uses(database))


def _kept_uses(database: Database) -> Uses:
    uses = Uses(database)
    thread = threading.Thread(target=uses.keep, name="uses of keys", daemon=True)
    thread.start()
    atexit.register(_end, uses, thread)
    return uses


def _start() -> tuple[Database, str]:
    logging.basicConfig(handlers=[DelayedHandler(sys.stderr)], level=logging.INFO, format="%(message)s")
    settings = config.from_environment()
    database = Database(
        settings.database_url,
        connections=THREADS + len(Lane) + 1,
        seal_key=settings.seal_key,
        statement_timeout_s=STATEMENT_TIMEOUT_S,
    )
    return database, settings.origin


def _end(worker: Worker | Uses, thread: threading.Thread) -> None:
    worker.stop()
    thread.join(STOP_TIMEOUT_S)


def run(listener: socket.socket, *, workers: int, with_worker: bool) -> None:
    """Serves until SIGTERM or SIGINT, and then finishes what is under way. ``workers`` are Granian's, of requests."""
    # A forked worker would not run what is registered for its exit, and would have read its environment before this.
    multiprocessing.set_start_method("spawn", force=True)
    target = load_with_worker if with_worker else load
    if workers == 1:
        _serve(listener, target, workers=1)
        return
    with TemporaryDirectory(prefix="tallystick-") as directory:
        os.environ[metrics.DIRECTORY] = directory
        _serve(listener, target, workers=workers)


def _serve(listener: socket.socket, target: Callable[[], WSGIApplication], *, workers: int) -> None:
    _Granian(
        listener,
        f"{__name__}:{target.__name__}",
        factory=True,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        workers_kill_timeout=STOP_TIMEOUT_S,
        log_enabled=False,
    ).serve()


class _Granian(MPServer):
    """A Granian whose processes accept at a socket that is there already, and not each at one of its own."""

    def __init__(self, listener: socket.socket, target: str, **options: Any) -> None:
        super().__init__(target, **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder
        self._ssp = None
        self._shd = holder(self._listener.fileno(), False, BACKLOG)
        self._sso = self._listener
