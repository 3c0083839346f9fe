"""Runs the HTTP server."""

import logging
import sys
from typing import Any

import falcon
from granian.constants import Interfaces
from granian.server import Server as Granian

from tallystick import config
from tallystick.http.app import create_app
from tallystick.store.db import Database

THREADS = 8
STOP_TIMEOUT_S = 30


def load() -> falcon.App[Any, Any]:
    """What Granian calls in each worker: the application, over a database of its own."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    settings = config.from_environment()
    return create_app(Database(settings.database_url, connections=THREADS), settings.origin)


def run(settings: config.Settings, *, workers: int) -> None:
    """Serves until SIGTERM or SIGINT, and then finishes what is under way."""
    Granian(
        "tallystick.serve:load",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        workers_kill_timeout=STOP_TIMEOUT_S,
        log_enabled=False,
    ).serve()
