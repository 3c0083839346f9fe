"""Which queue the requests of a route wait in."""

from typing import Any

import falcon
import pytest
from falcon.testing import create_environ

from tallystick.http import gateway
from tallystick.http.app import Responders, responder
from tallystick.http.download import show
from tallystick.http.endpoint import Server
from tallystick.http.queues import QUEUE, Queue, Queues, WrongQueue, always
from tallystick.http.surface import Surface
from tallystick.serve import SURFACES
from tallystick.web import share
from tallystick.wire.file import Sight
from tallystick.wire.lists import ListQuery

SHORT = [("GET", Queue.READS), ("POST", Queue.WRITES), ("PUT", Queue.WRITES), ("DELETE", Queue.WRITES)]
LONG = {
    "GET /api/v1/public/credit-notes/{token}",
    "GET /api/v1/public/invoices/{token}",
    "GET /api/v1/public/quotations/{token}",
    "GET /api/v1/stats",
    "GET /api/v1/usage/events",
    "GET /api/v1/usage/report",
    "POST /api/v1/invoices/batch",
    "POST /api/v1/invoices/trash/batch",
    "POST /api/v1/recurring-billing/process",
    "POST /api/v1/usage/events",
    "POST /api/v1/usage/meters/preview",
    "POST /api/v1/usage/rejected/retry",
    "POST /v1/usage/events",
    "GET /api/v1/customers/{customer_id}/usage",
    "GET /api/v1/invoices/{invoice_id}/usage",
}

APART = {
    "PUT /api/v1/settings/logo",
    "POST /api/v1/templates",
    "PUT /api/v1/templates/{template_id}",
    "POST /api/v1/templates/{template_id}/preview",
}


def queue_of(surface: Surface, server: Server, method: str, path: str, query: str = "") -> Queue:
    routes = [route for route in surface.routes if route.path == path]
    responders = Responders([responder(route, surface, server) for route in routes])
    return responders.queue_of(falcon.Request(create_environ(path, query, method=method)))


@pytest.fixture(name="server")
def _server() -> Server:
    """What no request is done by, for which it need not be there."""
    return Server(*[None] * len(Server._fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("surface", SURFACES, ids=[surface.name for surface in SURFACES])
def test_routes_wait_by_what_they_do(surface: Surface, server: Server) -> None:
    for route in surface.routes:
        name = f"{route.method} {surface.prefix}{route.path}"
        short = Queue.READS if route.reads else Queue.WRITES
        long = Queue.APART if name in APART else Queue.LONG
        expected = long if route.answers_file or name in LONG | APART else short
        assert queue_of(surface, server, route.method, route.path) is expected, route
        if route.reads and route.method == "GET":
            assert queue_of(surface, server, "HEAD", route.path) is expected, route


@pytest.mark.parametrize("query", ["search=a", "page=2", "limit=10&search=a"])
def test_a_list_that_looks_at_many_rows_is_long(query: str, server: Server) -> None:
    (surface, *_others) = SURFACES
    lists = [route for route in surface.routes if route.reads and issubclass(route.query, ListQuery)]
    assert len(lists) > 5
    for route in lists:
        assert queue_of(surface, server, "GET", route.path, query) is Queue.LONG
        by_cursor = queue_of(surface, server, "GET", route.path, "limit=10&after=")
        assert by_cursor is (Queue.LONG if route.answers_file else Queue.READS)


@pytest.mark.parametrize("path", [share.INVOICE, share.CREDIT_NOTE, share.QUOTATION, f"{share.QUOTATION}/accept"])
def test_the_pages_of_a_share_link_are_long(path: str, server: Server) -> None:
    app: falcon.App[Any, Any] = falcon.App(middleware=[Queues()])
    share.add_routes(app, server.database, "")
    with pytest.raises(WrongQueue) as wrong:
        gateway.call(app, create_environ(path.format(token="x")) | {QUEUE: Queue.READS})
    assert wrong.value.right is Queue.LONG


class Ours:
    """Answers a file, which a process of its own has to make."""

    queue_of = always(Queue.LONG)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        show(req, resp, Sight(None, [b"ours"], tag="t", is_apart=True))


def asked(here: Queue | None, **headers: str) -> int:
    """The status of an answer to whoever asks for ``Ours`` from a queue."""
    app: falcon.App[Any, Any] = falcon.App(middleware=[Queues()])
    app.add_route("/ours", Ours())
    return gateway.call(app, create_environ("/ours", headers=headers) | ({QUEUE: here} if here else {})).status


def test_what_turns_out_to_need_another_process_is_sent_on_once() -> None:
    with pytest.raises(WrongQueue) as wrong:
        asked(Queue.LONG)
    assert wrong.value.right is Queue.APART
    assert asked(Queue.APART) == 200
    assert asked(Queue.LONG, **{"If-None-Match": '"t"'}) == 304
    assert asked(None) == 200
