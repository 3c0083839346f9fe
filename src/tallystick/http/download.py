"""The way of a request whose reply is a file."""

import falcon

from tallystick.http import compression, spool
from tallystick.http.endpoint import Endpoint, Server
from tallystick.http.queues import Queue, wait_apart
from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tallystick.wire.file import Export, File, Sight


class Download(Endpoint):
    """A Falcon responder for one route of an API that answers a file."""

    def __init__(self, route: Route, surface: Surface, server: Server) -> None:
        super().__init__(route, surface, server)
        if not route.reads:
            raise ValueError(f"{route.method} {route.path} writes, and so cannot answer a file")

    def queue_of(self, _req: falcon.Request) -> Queue:
        """The one of all that is long, but for what always takes a process of its own."""
        return Queue.APART if self.route.is_apart else Queue.LONG

    def __call__(self, req: falcon.Request, resp: falcon.Response, **ids: str) -> None:
        """Answers one request; what is read for it is read before the first byte is sent."""
        with self._database.read() as tx:
            file: File = self._asked(tx, req, ids)
            coding = compression.coding_for(req, file.media)
            content = spool.made(file.chunks, coding) if isinstance(file, Export) else None
        if isinstance(file, Sight):
            show(req, resp, file)
            return
        if file.is_apart:
            wait_apart(req)
        spool.answer(resp, spool.made(file.chunks, coding) if content is None else content)
        resp.status = self.route.status
        resp.content_type = file.media
        if file.name is not None:
            resp.downloadable_as = file.name


def show(req: falcon.Request, resp: falcon.Response, file: Sight) -> None:
    """Answers a file to look at, or that whoever asks has it already (RFC 9110, 13.1.2)."""
    resp.etag = file.tag
    if any(seen in ("*", file.tag) for seen in req.if_none_match or ()):
        resp.status = 304
        return
    if file.is_apart:
        wait_apart(req)
    resp.data = b"".join(file.chunks)
    resp.content_type = file.media
    resp.viewable_as = file.name
