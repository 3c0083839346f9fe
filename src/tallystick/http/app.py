"""The application: any number of public APIs, each a value."""

from collections.abc import Sequence
from typing import Any

import falcon

from tallystick.http import docs, openapi, probes
from tallystick.http.addresses import Addresses
from tallystick.http.compression import Compression
from tallystick.http.download import Download
from tallystick.http.edge import Refusals
from tallystick.http.endpoint import Endpoint, Server
from tallystick.http.handlers import Handlers
from tallystick.http.headers import SafeHeaders
from tallystick.http.log import AccessLog
from tallystick.http.queues import Queue, Queues
from tallystick.http.routes import Route
from tallystick.http.surface import Speaker, Surface


def create_app(
    surfaces: Sequence[Surface],
    server: Server,
    addresses: Addresses,
    guards: Sequence[Any] = (),
    pages: Sequence[Speaker] = (),
) -> falcon.App[Any, Any]:
    """The WSGI application.

    ``addresses`` tells whence a request comes; ``guards`` are middleware that turns away who asks too much. What stands
    below no prefix, of an API or of the ``pages`` that others add, is refused in the words of the first.
    """
    app = falcon.App(middleware=[AccessLog(addresses), SafeHeaders(), Compression(), Refusals(), *guards, Queues()])
    app.req_options.strip_url_path_trailing_slash = True
    Handlers([*surfaces, *pages]).add_to(app)
    for surface in surfaces:
        add_surface(app, surface, server)
    probes.add_routes(app, server)
    docs.add_routes(app)
    return app


def add_surface(app: falcon.App[Any, Any], surface: Surface, server: Server) -> None:
    """Adds an API's routes and its document."""
    for path in dict.fromkeys(route.path for route in surface.routes):
        responders = [responder(route, surface, server) for route in surface.routes if route.path == path]
        app.add_route(surface.prefix + path, Responders(responders))
    app.add_route(surface.document_path, docs.ApiDocument(falcon.MEDIA_JSON, lambda: openapi.document(surface)))
    written_in_yaml = docs.ApiDocument(docs.YAML, lambda: docs.in_yaml(openapi.document(surface)))
    for path in surface.yaml_paths:
        app.add_route(path, written_in_yaml)


def responder(route: Route, surface: Surface, server: Server) -> Endpoint:
    """What answers the requests of a route."""
    return Download(route, surface, server) if route.answers_file else Endpoint(route, surface, server)


class Responders:
    """The responders of one path, where Falcon looks for them."""

    def __init__(self, responders: list[Endpoint]) -> None:
        self._by_method = {each.route.method: each for each in responders}
        for each in responders:
            setattr(self, f"on_{each.route.method.lower()}", each)
            if each.route.reads and each.route.method == "GET":
                self._by_method["HEAD"] = self.on_head = each

    def queue_of(self, req: falcon.Request) -> Queue:
        """The queue of the route; a method that has none is soon refused."""
        endpoint = self._by_method.get(req.method)
        return Queue.READS if endpoint is None else endpoint.queue_of(req)
