"""What an operator asks: is it well, and what has it done."""

from typing import Any

import falcon
import msgspec
from prometheus_client import CONTENT_TYPE_LATEST

from tallystick.accounts.types import Scope
from tallystick.core.errors import Forbidden, Unavailable
from tallystick.http import auth, metrics
from tallystick.http.endpoint import Server
from tallystick.http.looks import Looks
from tallystick.http.queues import Queue, always
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.wire import render

HEALTH = "/health"
READY = "/ready"
LOOK = "tallystick.look"
"""Under which the edge gives what it has awaited."""


class Health:
    """200 while the process can answer at all: whoever gets no answer starts it again."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answers without a key, and asks nobody."""
        resp.content_type = falcon.MEDIA_JSON
        resp.data = render.encode({"status": "ok"})

    on_head = on_get


class Ready:
    """200 while the database can take work, and 503 with the reasons otherwise."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answers without a key, so that a load balancer can ask."""
        condition = (req.env.get(LOOK) or self._looks.ask()).result()
        if condition.reasons:
            resp.status = 503
            resp.set_header("Retry-After", str(Unavailable.retry_after_s))
        resp.content_type = falcon.MEDIA_JSON
        status = "unavailable" if condition.reasons else "ok"
        resp.data = render.encode({"status": status, **msgspec.structs.asdict(condition)})

    on_head = on_get


class Metrics:
    """Counts and times of requests, and how the database is, as Prometheus reads them.

    They are of all accounts, so for admin keys of the first alone.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answers in Prometheus' text format."""
        with self._server.database.read() as tx:
            caller = auth.authenticate(tx, req, Scope.ADMIN)
            self._server.uses.note(caller, tx.now)
        if caller.account.id != FIRST_ACCOUNT_ID:
            raise Forbidden("This needs a key of the first account: the counts are of all accounts.")
        metrics.tell(self._server.looks.ask().result())
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = metrics.text()

    on_head = on_get
    queue_of = always(Queue.LONG)


def add_routes(app: falcon.App[Any, Any], server: Server) -> None:
    """Adds ``/health``, ``/ready`` and ``/metrics``."""
    app.add_route(HEALTH, Health())
    app.add_route(READY, Ready(server.looks))
    app.add_route("/metrics", Metrics(server))
