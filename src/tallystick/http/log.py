"""Request ids and the access log: one JSON line a request, without keys (so no query string) and share tokens."""

import logging
import threading
import time
from secrets import token_hex
from typing import TextIO

import falcon
import msgspec

from tallystick.http import metrics
from tallystick.store import secrets

FLUSH_INTERVAL_S = 0.5

log = logging.getLogger("tallystick.access")


class AccessLog:
    """Falcon middleware: numbers each request, counts and times it, and logs its end."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Gives the request its id."""
        req.context.id = token_hex(8)
        req.context.began_ns = time.monotonic_ns()
        resp.set_header("X-Request-Id", req.context.id)

    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, _ok: bool) -> None:
        """Logs the request."""
        elapsed_us = (time.monotonic_ns() - req.context.began_ns) // 1000
        metrics.count(req.method, req.uri_template, resp.status_code, elapsed_us / 1e6)
        line = {
            "id": req.context.id,
            "method": req.method,
            "path": secrets.redacted(req.path),
            "status": resp.status_code,
            "elapsed_us": elapsed_us,
        }
        log.info(msgspec.json.encode(line).decode())


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
        """Writes what is waiting."""
        self.acquire()
        try:
            waiting, self._waiting = self._waiting, []
            self.stream.write("".join(waiting))
            super().flush()
        finally:
            self.release()

    def _flush_for_ever(self) -> None:
        while True:
            time.sleep(FLUSH_INTERVAL_S)
            self.flush()
