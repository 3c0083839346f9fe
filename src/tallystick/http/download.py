"""The way of a request whose reply is a file: sent while it is read, so that its length costs no memory."""

from collections.abc import Iterator
from contextlib import ExitStack

import falcon

from tallystick.http.endpoint import Endpoint
from tallystick.wire import csv
from tallystick.wire.call import Call
from tallystick.wire.csv import CsvFile


class Download(Endpoint):
    """A Falcon responder for one route of the native API that answers a file."""

    def __call__(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        """Answers one request. What is wrong with it is refused before the first byte is sent."""
        with ExitStack() as opened:
            tx = opened.enter_context(self._server.database.read())
            caller = self._caller(tx, req, path)
            call = Call(tx, caller.account, self._server.origin)
            file: CsvFile = self._route.do(call, *self._arguments(req, b"", path))
            chunks = csv.chunks(file)
            opened.callback(chunks.close)
            resp.stream = Stream(next(chunks), chunks, opened.pop_all())
        resp.status = self._route.status
        resp.content_type = csv.MEDIA_TYPE
        resp.downloadable_as = file.name


class Stream:
    """The parts of a file, and the transaction that they are read in.

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
