"""Request ids and the access log: one JSON line a request, without keys (so no query string) and share tokens."""

import logging
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from secrets import token_hex
from typing import TextIO
from urllib.parse import quote

import falcon
import msgspec

from tallystick.http import auth, metrics
from tallystick.http.addresses import Addresses
from tallystick.store import secrets

FLUSH_INTERVAL_S = 0.5
LONGEST_METHOD = 20
LONGEST_PATH = 500
"""Letters; no route needs as many, and a stranger must not fill the disk by lines of a log."""

log = logging.getLogger("tallystick.access")


class LoggedRequest(msgspec.Struct, omit_defaults=True):
    """A request that has ended. The ``account_id`` and ``key_id`` of a caller who is known; why one was ``refused``."""

    time: datetime
    level: str
    id: str
    method: str
    path: str
    status: int
    elapsed_us: int
    address: str
    account_id: int | None = None
    key_id: int | None = None
    refused: str | None = None


class AccessLog:
    """Falcon middleware: numbers each request, counts and times it, and logs its end and whence it came."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Gives the request its id."""
        req.context.id = token_hex(8)
        req.context.began_ns = time.monotonic_ns()
        resp.set_header("X-Request-Id", req.context.id)

    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, _ok: bool) -> None:
        """Logs the request."""
        elapsed_us = (time.monotonic_ns() - req.context.began_ns) // 1000
        metrics.count(req.method, req.uri_template, resp.status_code, elapsed_us / 1e6)
        refused = getattr(req.context, "refused", None)
        account_id, key_id = _known_as(req)
        line = LoggedRequest(
            datetime.now(UTC),
            _level(resp.status_code, refused),
            req.context.id,
            req.method[:LONGEST_METHOD],
            path_of(req),
            resp.status_code,
            elapsed_us,
            self._addresses.of(req),
            account_id,
            key_id,
            refused,
        )
        log.info(_ENCODER.encode(line).decode())


def path_of(req: falcon.Request) -> str:
    """The path as a log may show it: without secrets, and with nothing that breaks or turns a line."""
    path = secrets.redacted(req.path)[:LONGEST_PATH]
    return path if path.isascii() and path.isprintable() else quote(path)[:LONGEST_PATH]


def _known_as(req: falcon.Request) -> tuple[int | None, int | None]:
    caller = auth.known(req)
    return (caller.account.id, caller.key_id) if caller else (None, None)


def _level(status: int, refused: str | None) -> str:
    return "error" if status >= 500 else "warning" if refused else "info"


_ENCODER = msgspec.json.Encoder()


class DelayedHandler(logging.StreamHandler[TextIO]):
    """Writes what is logged together, at most half a second late; an error at once, and the rest when Python exits.

    A write for each line would cost each request a system call, and the other threads their turn.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []
        threading.Thread(target=self._flush_for_ever, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the line for the next flush."""
        self._waiting.append(self.format(record) + self.terminator)
        if record.levelno >= logging.ERROR:
            self.flush()

    def flush(self) -> None:
        """Writes what is waiting. What a full disk or a closed pipe does not take is lost, and no request's trouble."""
        self.acquire()
        try:
            waiting, self._waiting = self._waiting, []
            with suppress(OSError):
                self.stream.write("".join(waiting))
                super().flush()
        finally:
            self.release()

    def _flush_for_ever(self) -> None:
        while True:
            time.sleep(FLUSH_INTERVAL_S)
            self.flush()
