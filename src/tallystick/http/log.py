"""Request ids and the access log: one JSON line a request, without keys, and so without query strings."""

import logging
import secrets
import time

import falcon
import msgspec

log = logging.getLogger("tallystick.access")


class AccessLog:
    """Falcon middleware: numbers each request, counts and times it, and logs its end."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Gives the request its id."""
        req.context.id = secrets.token_hex(8)
        req.context.began_ns = time.monotonic_ns()
        resp.set_header("X-Request-Id", req.context.id)

    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, _ok: bool) -> None:
        """Logs the request."""
        elapsed_us = (time.monotonic_ns() - req.context.began_ns) // 1000
        line = {
            "id": req.context.id,
            "method": req.method,
            "path": req.path,
            "status": resp.status_code,
            "elapsed_us": elapsed_us,
        }
        log.info(msgspec.json.encode(line).decode())
