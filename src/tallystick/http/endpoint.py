"""The way of a request through a route: authenticate, parse, do in a transaction, render."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import falcon
import msgspec

from tallystick.accounts import ops as accounts
from tallystick.accounts.types import Caller
from tallystick.core.errors import DomainError, NotFound, ValidationFailed
from tallystick.http import auth, errors
from tallystick.http.routes import Route
from tallystick.store import idempotency
from tallystick.store.db import Database, Tx
from tallystick.store.idempotency import Answer, InFlight, Request
from tallystick.wire import render
from tallystick.wire.call import Body, Call, Change
from tallystick.wire.parse import parse_json, parse_query
from tallystick.wire.render import Accepted, Listed, Reply
from tallystick.wire.scalars import Id, Token

MAX_BODY_BYTES = 1024 * 1024
MAX_KEY_LENGTH = 255
REPLAYED = "Idempotent-Replayed"
K = TypeVar("K", bound=Id | Token)


class Server(NamedTuple):
    """What every endpoint shares: the database, the public origin for links, and the idempotency keys in flight."""

    database: Database
    origin: str
    in_flight: InFlight


class Endpoint:
    """A Falcon responder for one route of the native API."""

    def __init__(self, route: Route, server: Server) -> None:
        self._route = route
        self._server = server
        self._run = self._read if route.reads else self._write

    def __call__(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        """Answers one request."""
        answer, is_replay = self._run(req, path)
        resp.status = answer.status
        resp.content_type = falcon.MEDIA_JSON
        resp.data = answer.body
        if is_replay:
            resp.set_header(REPLAYED, "true")

    def _read(self, req: falcon.Request, path: dict[str, str]) -> tuple[Answer, bool]:
        with self._server.database.read() as tx:
            caller = self._caller(tx, req, path)
            return self._do(tx, caller, self._arguments(req, b"", path)), False

    def _write(self, req: falcon.Request, path: dict[str, str]) -> tuple[Answer, bool]:
        database = self._server.database
        with database.glance() as tx:
            caller = self._caller(tx, req, path)
        raw = _body_of(req)
        arguments = self._arguments(req, raw, path)
        request = _idempotent(req, caller, raw)
        if request is None:
            return database.transact(caller.actor, lambda tx: self._do(tx, caller, arguments)), False
        return self._do_once(request, caller, arguments)

    def _caller(self, tx: Tx, req: falcon.Request, path: dict[str, str]) -> Caller:
        if self._route.scope is None:
            return accounts.guest(tx, path[self._route.ids[0]])
        return auth.authenticate(tx, req, self._route.scope)

    def _arguments(self, req: falcon.Request, raw: bytes, path: dict[str, str]) -> list[Any]:
        route = self._route
        arguments: list[Any] = [
            _converted(kind, path[name]) for name, kind in zip(route.ids, route.id_kinds, strict=True)
        ]
        query = parse_query({name: value for name, value in req.params.items() if name != "api_key"}, route.query)
        if route.takes_query:
            arguments.append(query)
        if not route.reads:
            body = _with_if_match(parse_json(raw or b"{}", route.body), req)
            if route.takes_body:
                arguments.append(body)
        return arguments

    def _do(self, tx: Tx, caller: Caller, arguments: list[Any]) -> Answer:
        call = Call(tx, caller.account, self._server.origin)
        result = self._route.do(call, *arguments)
        return Answer(202 if isinstance(result, Accepted) else self._route.status, envelope(result))

    def _do_once(self, request: Request, caller: Caller, arguments: list[Any]) -> tuple[Answer, bool]:
        """Does the work for an idempotency key and keeps the answer with it, or replays the answer kept before."""
        database = self._server.database

        def work(tx: Tx) -> Answer:
            return _refusing(lambda: self._do(tx, caller, arguments))

        with self._server.in_flight.claim(request):
            try:
                return database.transact(caller.actor, lambda tx: idempotency.once(tx, request, work))
            except Refused as refused:
                # The work is rolled back, and its refusal is an answer as good as any.
                answer = refused.answer
                return database.transact(caller.actor, lambda tx: idempotency.once(tx, request, lambda _tx: answer))


class Refused(Exception):
    """Carries a refusal out of the transaction that it rolls back."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def _refusing(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except DomainError as error:
        raise Refused(Answer(*errors.refusal(error))) from error


def envelope(result: Any) -> bytes:
    """The native success body: ``success``, ``data``, and a ``message`` or ``pagination`` where there is one."""
    content: dict[str, Any] = {"success": True, "data": result}
    if isinstance(result, Reply):
        content = {"success": True, "data": result.data, "message": result.message}
    elif isinstance(result, Listed):
        content = {"success": True, "data": result.data, "pagination": result.pagination}
    return render.encode(content)


def _converted(kind: type[K], text: str) -> K:
    try:
        return kind(kind.convert(text))
    except ValueError as error:
        raise NotFound(f"There is nothing at this path. {error}") from None


def _body_of(req: falcon.Request) -> bytes:
    if (req.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    # Not the bounded stream: it takes a chunked body, which tells no length, for an empty one.
    raw: bytes = req.stream.read(MAX_BODY_BYTES + 1)
    if len(raw) > MAX_BODY_BYTES:
        raise _too_large()
    if raw and not _is_json(req.content_type):
        raise falcon.HTTPUnsupportedMediaType(description="Send the body as Content-Type: application/json.")
    return raw


def _too_large() -> falcon.HTTPError:
    return falcon.HTTPContentTooLarge(description=f"A body may have at most {MAX_BODY_BYTES} bytes.")


def _is_json(content_type: str | None) -> bool:
    media = (content_type or falcon.MEDIA_JSON).partition(";")[0].strip().lower()
    return media == falcon.MEDIA_JSON or media.endswith("+json")


def _with_if_match(body: Body, req: falcon.Request) -> Body:
    header = req.get_header("If-Match")
    if header is None or header.strip() == "*" or not isinstance(body, Change) or body.seen_version is not None:
        return body
    digits = header.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise ValidationFailed({"If-Match": ["Must be the version of the resource that you read."]})
    return msgspec.structs.replace(body, version=int(digits))


def _idempotent(req: falcon.Request, caller: Caller, raw: bytes) -> Request | None:
    key = req.get_header("Idempotency-Key") if req.method == "POST" else None
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not all("!" <= character <= "~" for character in key):
        raise ValidationFailed({"Idempotency-Key": [f"Must be 1 to {MAX_KEY_LENGTH} visible characters."]})
    return Request(caller.account.id, key, idempotency.fingerprint(req.method, req.path, raw))
