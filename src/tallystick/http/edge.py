"""The edge of the server: the one asynchronous part, between Granian and the application (ADR 40).

A client that is slow or stalls holds a connection, and no thread: a body is awaited here, in the event loop, and an
answer is sent by Granian. A body that is large, or of unknown length, is awaited only once the application has asked
for it, which it does when it knows who is calling.
"""

import asyncio
from collections.abc import Hashable, Mapping
from functools import partial
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication

import falcon
from granian.rsgi import HTTPProtocol, ProtocolClosed, ProtocolError, Scope  # type: ignore[attr-defined]

from tallystick.http import gateway, probes, refusals
from tallystick.http.crowd import CROWDED, Crowd
from tallystick.http.gateway import INPUT, Sent
from tallystick.http.looks import Looks
from tallystick.http.pool import Pool
from tallystick.http.queues import QUEUE, Queue, WrongQueue
from tallystick.store.readiness import Condition

EARLY_BODY_BYTES = 64 * 1024
"""The longest body that is awaited before anybody has looked who sends it."""

EARLY_BODY_TIMEOUT_S = 10.0
LATE_BODY_TIMEOUT_S = 60.0
FILE_OPENED_WITHIN_S = 15
MOST_UNFINISHED = 512
READING = ("GET", "HEAD")
REFUSAL = "tallystick.refusal"
CLOSE = {"Connection": "close"}
TOO_SLOW = "The body of the request did not arrive in time."
CUT_OFF = "The body of the request ended before its Content-Length."
BUSY = "The server has more requests than it can do. Try again in a moment."


class BodyWanted(BaseException):
    """The application wants the body, at most so many bytes of it, to be called again with it.

    No Exception, because it is none of the errors that the application answers.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class Unread:
    """Stands for a body that nobody has awaited yet."""

    def read(self, most: int) -> bytes:
        """Raises BodyWanted."""
        raise BodyWanted(most)


class Refusals:
    """Falcon middleware: refuses what the edge has found wrong, so that it is logged and put into words as all is."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Raises the refusal, if there is one."""
        refusal = req.env.get(REFUSAL)
        if refusal is not None:
            raise refusal


class Edge:
    """An application of WSGI as one of RSGI.

    The requests of each queue are done by its pool; those of one that has none are done at once, in the event loop.
    ``looks`` tell whether the database is ready, and the ``crowd`` whether strangers may keep their connections.
    """

    def __init__(self, application: WSGIApplication, pools: Mapping[Queue, Pool], looks: Looks, crowd: Crowd) -> None:
        self._application = application
        self._crowd = crowd
        self._looks = looks
        self._pools = pools
        self._distinct = set(pools.values())

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answers one request."""
        environ = gateway.environ_of(scope)
        if self._crowd.sees(scope.client):
            environ[CROWDED] = True
        sent = await self._answer(environ, protocol)
        if CROWDED in environ and _ends(sent):
            self._crowd.forget(scope.client)
        if sent.file is None:
            protocol.response_bytes(sent.status, sent.headers, sent.body)
            return
        # Granian opens it, and reads it at the client's pace. When it has done so it does not tell.
        protocol.response_file(sent.status, sent.headers, sent.file.name)
        asyncio.get_running_loop().call_later(FILE_OPENED_WITHIN_S, sent.file.close)

    async def _answer(self, environ: dict[str, Any], protocol: HTTPProtocol) -> Sent:
        # The application takes no slash at the end for another path either.
        path = environ["PATH_INFO"].removesuffix("/")
        if path == probes.HEALTH:
            return self._call(environ)
        if path == probes.READY:
            environ[probes.LOOK] = await self._looked()
            return self._call(environ)
        if sum(pool.unfinished for pool in self._distinct) >= MOST_UNFINISHED:
            return self._refuse(environ, refusals.unavailable(BUSY))
        try:
            return await self._called(environ, protocol)
        except TimeoutError:
            return self._refuse(environ, falcon.HTTPError(408, description=TOO_SLOW, headers=CLOSE))
        except (ProtocolClosed, ProtocolError):
            return self._refuse(environ, falcon.HTTPBadRequest(description=CUT_OFF))

    async def _called(self, environ: dict[str, Any], protocol: HTTPProtocol) -> Sent:
        """The answer of the application, which is called again where it asks for the body, or from another queue."""
        caller: Hashable = None
        environ[QUEUE] = Queue.READS if environ["REQUEST_METHOD"] in READING else Queue.WRITES
        if _comes_early(environ):
            async with asyncio.timeout(EARLY_BODY_TIMEOUT_S):
                environ[INPUT] = BytesIO(await protocol())
        while True:
            try:
                return await self._done(environ, caller)
            except WrongQueue as wrong:
                environ[QUEUE], caller = wrong.right, wrong.caller
            except BodyWanted as wanted:
                most = wanted.most
                async with asyncio.timeout(LATE_BODY_TIMEOUT_S):
                    environ[INPUT] = BytesIO(await _received(protocol, environ.get("CONTENT_LENGTH"), most))

    async def _done(self, environ: dict[str, Any], caller: Hashable) -> Sent:
        pool = self._pools.get(environ[QUEUE])
        return self._call(environ) if pool is None else await pool.run(partial(self._call, environ), caller)

    async def _looked(self) -> asyncio.Future[Condition]:
        """A look that has ended, without a thread for each who asks: anybody may."""
        look = asyncio.wrap_future(self._looks.ask())
        await asyncio.wait([look])
        return look

    def _call(self, environ: dict[str, Any]) -> Sent:
        return gateway.call(self._application, environ)

    def _refuse(self, environ: dict[str, Any], refusal: falcon.HTTPError) -> Sent:
        """The refusal in the words of the API that was asked; no database is needed for that, and so no thread."""
        environ[REFUSAL] = refusal
        return self._call(environ)


def _ends(sent: Sent) -> bool:
    """Whether Granian closes the connection after the answer."""
    return any(name.lower() == "connection" and value == "close" for name, value in sent.headers)


def _comes_early(environ: dict[str, Any]) -> bool:
    """Whether the body is awaited at once; else ``environ`` gets its stand-in, if there is a body at all."""
    length = int(environ.get("CONTENT_LENGTH", 0))
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ.pop("CONTENT_LENGTH", None)
    elif length == 0:
        return False
    elif length <= EARLY_BODY_BYTES and environ["REQUEST_METHOD"] not in READING:
        return True
    environ[INPUT] = Unread()
    return False


async def _received(protocol: HTTPProtocol, length: str | None, most: int) -> bytes:
    """The body, or ``most`` bytes of it and a few. Raises ProtocolClosed where it ends before its ``length``."""
    received = bytearray()
    async for part in protocol:
        received += part
        if len(received) >= most:
            break
    # Granian ends an iteration without a word where the client has left.
    if length is not None and len(received) < min(int(length), most):
        raise ProtocolClosed
    return bytes(received)
