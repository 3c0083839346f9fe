"""The way of a request through a route: authenticate, parse, do in a transaction, render."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple, Self, TypeVar

import falcon

from tallystick.accounts.types import Caller
from tallystick.accounts.uses import Uses
from tallystick.core.errors import Conflict, DomainError, IdempotencyMismatch, NotFound, ValidationFailed
from tallystick.http import auth, entity_tags, links, refusals
from tallystick.http.looks import Looks
from tallystick.http.queues import Queue
from tallystick.http.routes import Route
from tallystick.http.surface import Decoder, Surface
from tallystick.store import idempotency, readiness
from tallystick.store.db import Database, Tx
from tallystick.store.idempotency import Answer, InFlight, KeyedRequest
from tallystick.wire.call import Call, FileBody
from tallystick.wire.parse import parse_json, parse_query
from tallystick.wire.reply import Accepted, Listed, Reply, ShownOnce
from tallystick.wire.scalars import Id, MeterKey, TemplateId, Token

MAX_KEY_LENGTH = 255
LONG_PARAMETERS = frozenset({"search", "page"})
"""With these a list looks at more rows than it shows."""

REPLAYED = "Idempotent-Replayed"
Headers = Mapping[str, str]
NO_HEADERS: Headers = {}
T = TypeVar("T")
K = TypeVar("K", bound=Id | Token | MeterKey | TemplateId)


class Server(NamedTuple):
    """What every endpoint shares: the database, open and migrated; the public origin for links (``https://host``).

    And what is in flight, the uses of keys for whoever writes them down, and the looks whether the database is ready.
    """

    database: Database
    origin: str
    in_flight: InFlight
    uses: Uses
    looks: Looks

    @classmethod
    def of(cls, database: Database, origin: str) -> Self:
        """A server that has done nothing yet."""
        return cls(database, origin, InFlight(), Uses(database), Looks(partial(readiness.condition, database)))


class Endpoint:
    """A Falcon responder for one route of an API."""

    def __init__(self, route: Route, surface: Surface, server: Server) -> None:
        self.route = route
        self.surface = surface
        self.server = server
        self._resource = surface.resource_of(route)
        self._decoders = _decoders(route, surface)
        self._run = self._read if route.reads else self._write

    def __call__(self, req: falcon.Request, resp: falcon.Response, **ids: str) -> None:
        """Answers one request."""
        answer, headers = self._run(req, ids)
        resp.status = answer.status
        resp.content_type = falcon.MEDIA_JSON
        resp.data = answer.body
        if answer.location:
            resp.set_header("Location", answer.location)
        resp.set_headers(headers)

    def queue_of(self, req: falcon.Request) -> Queue:
        """The queue of one request for the route."""
        if self.route.is_apart:
            return Queue.APART
        if self.route.is_long or not LONG_PARAMETERS.isdisjoint(req.params):
            return Queue.LONG
        return Queue.READS if self.route.reads else Queue.WRITES

    def _read(self, req: falcon.Request, ids: Mapping[str, str]) -> tuple[Answer, Headers]:
        with self._database.glance() as tx:
            result = self._asked(tx, req, ids)
        body = self.surface.success(result)
        return Answer(self.route.status, body), self._headers_of(req, result, body)

    def _asked(self, tx: Tx, req: falcon.Request, ids: Mapping[str, str]) -> Any:
        caller = self._caller(tx, req, ids)
        raw, decode = self._body_of(req) if self.route.has_body else NO_BODY
        arguments = self._arguments(req, ids, raw, decode)
        if not self.route.is_one_look:
            tx.keep_snapshot()
        return self.route.do(Call(tx, caller.account, self.server.origin), *arguments)

    @property
    def _database(self) -> Database:
        database = self.server.database
        return database.usage if self.route.of_usage else database

    def _headers_of(self, req: falcon.Request, result: Any, body: bytes) -> Headers:
        if isinstance(result, Listed):
            return links.of_list(req, result.pagination)
        return NO_HEADERS if self.route.row is None else {"ETag": entity_tags.tag_of(result.version, body)}

    def _write(self, req: falcon.Request, ids: Mapping[str, str]) -> tuple[Answer, Headers]:
        database = self.server.database
        with database.glance() as tx:
            caller = self._caller(tx, req, ids)
        raw, decode = self._body_of(req) if self.route.has_body else NO_BODY
        arguments = self._arguments(req, ids, raw, decode)
        request = _idempotent(req, caller, raw) if self.route.takes_idempotency_key else None
        work = partial(self._do, caller, arguments, entity_tags.seen(req))
        if request is None:
            return self._transact(caller.actor, work), NO_HEADERS
        answer, is_replay = self._do_once(request, caller, work)
        return answer, {REPLAYED: "true"} if is_replay else NO_HEADERS

    def _caller(self, tx: Tx, req: falcon.Request, ids: Mapping[str, str]) -> Caller:
        caller = self.surface.caller(tx, req, self.route, ids)
        self.server.uses.note(caller, tx.now)
        return caller

    def _body_of(self, req: falcon.Request) -> tuple[bytes, Decoder]:
        """The body, and what reads it."""
        most = self.route.max_body_bytes
        if (req.content_length or 0) > most:
            raise _too_large(most)
        # Not the bounded stream: it takes a chunked body, which tells no length, for an empty one.
        raw: bytes = req.stream.read(most + 1)
        if len(raw) > most:
            raise _too_large(most)
        if raw and req.get_header("Content-Encoding", default="identity").lower() != "identity":
            raise falcon.HTTPUnsupportedMediaType(description="Send the body as it is, without a Content-Encoding.")
        media = self._media(req.content_type) if raw else ""
        if req.get_header("Transfer-Encoding") and media != falcon.MEDIA_JSON:
            # Where a client leaves, a chunked body just ends. Half of an object of JSON is none, but half of a form is.
            raise falcon.HTTPLengthRequired(description="Send the length of the body as Content-Length.")
        return (raw, self._decoders[media]) if raw else NO_BODY

    def _media(self, content_type: str | None) -> str:
        decoders = self._decoders
        named, *parameters = (content_type or next(iter(decoders))).lower().replace(" ", "").split(";")
        if any(each.startswith("charset=") and each[8:].strip('"') not in UTF_8 for each in parameters):
            raise falcon.HTTPUnsupportedMediaType(description="Send the body in UTF-8.")
        media = falcon.MEDIA_JSON if named.endswith("+json") else named
        if media not in decoders:
            allowed = " or ".join(decoders)
            raise falcon.HTTPUnsupportedMediaType(description=f"Send the body as Content-Type: {allowed}.")
        return media

    def _arguments(
        self, req: falcon.Request, ids: Mapping[str, str], raw: bytes = b"", decode: Decoder = parse_json
    ) -> list[Any]:
        route, is_strict = self.route, self.surface.is_strict
        arguments: list[Any] = [
            _converted(kind, name, ids[name]) for name, kind in zip(route.ids, route.id_kinds, strict=True)
        ]
        params = {name: value for name, value in req.params.items() if name != auth.PARAMETER}
        query = parse_query(params, route.query, is_strict=is_strict)
        if route.takes_query:
            arguments.append(query)
        if route.has_body:
            body = decode(raw or b"{}", route.body, is_strict=is_strict)
            if route.takes_body:
                arguments.append(body)
        return arguments

    def _do(self, caller: Caller, arguments: list[Any], tags: frozenset[str] | None, tx: Tx) -> Answer:
        call = Call(tx, caller.account, self.server.origin)
        if tags is not None:
            entity_tags.check(tags, call, self._resource, arguments, self.surface.success)
        result = self.route.do(call, *arguments)
        status = 202 if isinstance(result, Accepted) else self.route.status
        body = b"" if status == 204 else self.surface.success(result)
        repeat = self._repeat_of(result) if isinstance(result, ShownOnce) else None
        return Answer(status, body, self._location_of(result), repeat)

    def _location_of(self, result: Any) -> str | None:
        """Where what the route makes is found; without a host, so that it is the one that the client asked."""
        if self.route.makes is None:
            return None
        made = result.data if isinstance(result, Reply) else result
        return f"{self.surface.prefix}{self.route.makes}/{getattr(made, self.route.made_by)}"

    def _repeat_of(self, result: ShownOnce[Any]) -> Answer:
        return self.surface.refusal(refusals.of_domain(Conflict(SHOWN_ALREADY.format(id=result.data.id))))

    def _do_once(self, request: KeyedRequest, caller: Caller, work: Callable[[Tx], Answer]) -> tuple[Answer, bool]:
        """Does the work for an idempotency key and keeps the answer with it, or replays the answer kept before."""
        with self.server.in_flight.claim(request):
            try:
                return self._transact(caller.actor, lambda tx: idempotency.once(tx, request, work))
            except IdempotencyMismatch:
                raise
            except DomainError as error:
                answer = self._kept_refusal(error)
            # The work is rolled back, and its refusal is an answer as good as any.
            return self._transact(caller.actor, lambda tx: idempotency.once(tx, request, lambda _tx: answer))

    def _transact(self, actor: str, work: Callable[[Tx], T]) -> T:
        database = self._database
        return database.transact(actor, work) if self.route.is_long else database.transact_with_others(actor, work)

    def _kept_refusal(self, error: DomainError) -> Answer:
        refusal = refusals.of_domain(error)
        if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # It is the server's trouble: once that is over, the same key shall do the work.
            raise error
        return self.surface.refusal(refusal)


SHOWN_ALREADY = (
    "The first request with this Idempotency-Key made the id {id}. Its answer showed a secret, which is kept nowhere. "
    "Where you have not seen it, revoke {id}, and make another one under another Idempotency-Key."
)
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})
NO_BODY: tuple[bytes, Decoder] = (b"", parse_json)


def _decoders(route: Route, surface: Surface) -> Mapping[str, Decoder]:
    """What reads a body, by its media type: a file reads itself."""
    return dict.fromkeys(route.body.media, parse_json) if issubclass(route.body, FileBody) else surface.decoders


def _too_large(most: int) -> falcon.HTTPError:
    return falcon.HTTPContentTooLarge(description=f"A body may have at most {most} bytes.")


def _converted(kind: type[K], name: str, text: str) -> K:
    try:
        return kind(kind.convert(text))
    except ValueError as error:
        raise NotFound(f"There is nothing at this path. {name}: {error}") from None


def _idempotent(req: falcon.Request, caller: Caller, raw: bytes) -> KeyedRequest | None:
    key = req.get_header("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not all("!" <= character <= "~" for character in key):
        raise ValidationFailed({"Idempotency-Key": [f"Must be 1 to {MAX_KEY_LENGTH} visible characters."]})
    # No key of a client has a space in it, so that those of two API keys never meet.
    own = f"{caller.key_id} {key}"
    return KeyedRequest(caller.account.id, own, idempotency.fingerprint(req.method, req.path, raw))
