"""The way of a request whose reply is a file: sent in parts, so that its length costs no memory."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack

import falcon

from tallystick.http.endpoint import Endpoint, Server
from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tallystick.wire.call import Call
from tallystick.wire.file import Export, File


class Download(Endpoint):
    """A Falcon responder for one GET of an API that answers a file."""

    def __init__(self, route: Route, surface: Surface, server: Server) -> None:
        super().__init__(route, surface, server)
        if not route.reads:
            raise ValueError(f"{route.method} {route.path} writes, and so cannot answer a file")

    def __call__(self, req: falcon.Request, resp: falcon.Response, **ids: str) -> None:
        """Answers one request. What is wrong with it is refused before the first byte is sent."""
        with ExitStack() as opened:
            tx = opened.enter_context(self.server.database.read())
            caller = self._caller(tx, req, ids)
            call = Call(tx, caller.account, self.server.origin)
            file: File = self.route.do(call, *self._arguments(req, ids))
            if not isinstance(file, Export):
                opened.close()
            chunks = iter(file.chunks)
            if isinstance(chunks, Generator):
                opened.callback(chunks.close)
            resp.stream = Stream(next(chunks, b""), chunks, opened.pop_all())
        resp.status = self.route.status
        resp.content_type = file.media
        if file.name is not None:
            resp.downloadable_as = file.name


class Stream:
    """The parts of a file, and the transaction that they are read in, if they are.

    It ends with the last part; or when the server closes the stream, because the client has left (PEP 3333).
    """

    def __init__(self, first: bytes, others: Iterator[bytes], transaction: ExitStack) -> None:
        self._first = first
        self._others = others
        self._transaction = transaction

    def __iter__(self) -> Iterator[bytes]:
        with self._transaction:
            yield self._first
            yield from self._others

    def close(self) -> None:
        """Ends the transaction, if it has not ended."""
        self._transaction.close()
