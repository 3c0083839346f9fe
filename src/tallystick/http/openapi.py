"""An API's own description (OpenAPI 3.1), made from its list of routes (ADR 12)."""

import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple, get_origin, get_type_hints

import msgspec

from tallystick import __version__
from tallystick.accounts.types import Scope
from tallystick.http import endpoint
from tallystick.http.refusals import HTTP_CODES, STATUSES, Refusal
from tallystick.http.routes import Route
from tallystick.http.schemas import Schema, Schemas, said
from tallystick.http.surface import Description, Surface
from tallystick.wire import render
from tallystick.wire.call import FileBody, OwnBody, Query
from tallystick.wire.file import File
from tallystick.wire.hints import members
from tallystick.wire.reply import Listed

JSON = "application/json"
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
UNNAMED_TAG = "api"
ALL_STATUSES = {*STATUSES.values(), *HTTP_CODES}
REQUEST_ID: Schema = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}

PARAMETERS = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes it safe to send this request again: the first answer is kept for 24 hours and replayed.",
        "schema": {"type": "string", "minLength": 1, "maxLength": endpoint.MAX_KEY_LENGTH, "pattern": "^[!-~]+$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` that was read of what this is about, or its `version` in quotes: 412 where that has "
        "changed since.",
        "schema": {
            "type": "string",
            "pattern": '^"[0-9]{1,9}(-[0-9a-f]{16}(-gzip)?)?"$',
            "examples": ['"3-9a0364b9e99bb480"', '"3"'],
        },
    },
}
HEADERS = {
    "RequestId": {"description": "Names this request in the server's log.", "schema": {"type": "string"}},
    "Location": {
        "description": "Where what was made is found.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "ETag": {
        "description": "Names what is shown here, for an `If-Match`: another one where the `version` or anything else "
        "of it is another.",
        "schema": {"type": "string", "examples": ['"3-9a0364b9e99bb480"']},
    },
    "Link": {
        "description": "Where the `next` and the `prev` page of the list are (RFC 8288); one walked by `after` leads "
        "forward only. The links hold what was asked, without an `api_key`.",
        "schema": {"type": "string", "examples": ['</api/v1/customers?page=2>; rel="next"']},
    },
    "Replayed": {
        "description": "This is the answer to an earlier request with the same Idempotency-Key.",
        "schema": {"const": "true"},
    },
}


class Argument(NamedTuple):
    """A query parameter of a route: its name, its type without None, and its default or None."""

    name: str
    hint: Any
    default: Any


@cache
def document(surface: Surface) -> bytes:
    """The OpenAPI document of an API; made once in a process."""
    about, routes = surface.description, surface.routes
    hints = (hint for route in routes for hint in _hints(route, about))
    schemas = Schemas(hints, about.words, is_strict=surface.is_strict)
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in routes:
        paths[surface.prefix + route.path][route.method.lower()] = _operation(route, surface, schemas)
    whole = paths | about.paths
    responses = _used("responses", _refusals(surface), within=whole)
    content = {
        "openapi": "3.1.0",
        "info": {"title": about.title, "version": __version__, "description": about.about, "license": LICENSE},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": meaning} for tag, meaning in about.tags.items()],
        "paths": whole,
        "components": {
            "schemas": schemas.components | about.schemas,
            "responses": responses,
            "parameters": _used("parameters", PARAMETERS, within=whole),
            "headers": _used("headers", HEADERS, within=[whole, responses]),
            "securitySchemes": about.security,
        },
    }
    return render.encode(content)


def _refusals(surface: Surface) -> dict[str, Schema]:
    return {f"Error{status}": surface.description.error(status) for status in answered(ALL_STATUSES, surface)}


def _used(kind: str, components: Mapping[str, Schema], *, within: Any) -> dict[str, Schema]:
    """Those of the components that something refers to."""
    text = render.encode(within)
    return {name: part for name, part in components.items() if f'"#/components/{kind}/{name}"'.encode() in text}


def _hints(route: Route, about: Description) -> Iterator[Any]:
    yield from (*route.id_kinds, *about.types)
    yield from (argument.hint for argument in _arguments(route.query))
    if route.takes_body:
        yield _body_shown(route)
    yield from (about.data(reply) for reply in _replies(route).values() if reply and not _is_opaque(reply))


def _replies(route: Route) -> dict[int, Any]:
    """The type of the reply when the work is done, and when it has only begun, by their statuses."""
    replies = {route.status: route.reply, HTTPStatus.ACCEPTED.value: route.accepted}
    return {status: reply for status, reply in replies.items() if status == route.status or reply}


def _operation(route: Route, surface: Surface, schemas: Schemas) -> Schema:
    about = surface.description
    content = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": _description(route),
        "tags": [_tag(route, about)],
        "security": [{name: [route.scope]} for name in about.security if route.scope],
        "parameters": [*_path(route, about, schemas), *_query(route, about, schemas), *_headers(route, surface)],
        "responses": _successes(route, about, schemas)
        | {
            str(status): {"$ref": f"#/components/responses/Error{status}"}
            for status in answered(refused(route, surface), surface)
        },
    }
    if route.takes_body:
        content["requestBody"] = _body(route, surface, schemas)
    return content


def _body(route: Route, surface: Surface, schemas: Schemas) -> Schema:
    if issubclass(route.body, FileBody):
        return {"required": True, "content": {media: {"schema": {}} for media in route.body.media}}
    is_required = any(field.required for field in msgspec.structs.fields(route.body))
    media: dict[str, Schema] = {media: {"schema": schemas.of(_body_shown(route))} for media in surface.decoders}
    media[JSON]["example"] = surface.description.examples[route.method, route.path]
    return {"required": is_required, "content": media}


def _body_shown(route: Route) -> Any:
    """The type that tells of the body, which may be none of an object with fields."""
    return route.body.shown if issubclass(route.body, OwnBody) else route.body


def _description(route: Route) -> str:
    details = (inspect.getdoc(route.do) or "").partition("\n")[2].strip()
    parameters = (inspect.getdoc(route.query) or "") if route.takes_query else ""
    access = f"Needs a key with the scope `{route.scope}`." if route.scope else "Needs no key: the token opens it."
    return "\n\n".join(paragraph for paragraph in (details, parameters, access) if paragraph)


def _operation_id(route: Route) -> str:
    slice_name = route.do.__module__.split(".")[-2]
    return f"{slice_name}_{route.do.__name__}"


def _tag(route: Route, about: Description) -> str:
    return about.tag or route.path.strip("/").partition("/")[0] or UNNAMED_TAG


def _path(route: Route, about: Description, schemas: Schemas) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, **said(about.words, "", name), "schema": schemas.of(kind)}
        for name, kind in zip(route.ids, route.id_kinds, strict=True)
    ]


def _query(route: Route, about: Description, schemas: Schemas) -> list[Schema]:
    return [_parameter(argument, route, about, schemas.of(argument.hint)) for argument in _arguments(route.query)]


def _parameter(argument: Argument, route: Route, about: Description, schema: Schema) -> Schema:
    described = said(about.words, route.query.__name__, argument.name)
    default = {} if argument.default is None else {"default": argument.default}
    # Several values stand in one, with commas between them.
    form = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return {"name": argument.name, "in": "query", **described, **form, "schema": schema | default}


def _arguments(query: type[Query]) -> Iterator[Argument]:
    hints = get_type_hints(query, include_extras=True)
    for field in msgspec.structs.fields(query):
        given = [member for member in members(hints[field.name]) if member is not type(None)]
        # A parameter that is not given is None, which nobody can write in a query.
        (hint,) = given
        yield Argument(field.encode_name, hint, field.default)


def _headers(route: Route, surface: Surface) -> list[Schema]:
    names = []
    if route.takes_idempotency_key:
        names.append("IdempotencyKey")
    if _takes_if_match(route, surface):
        names.append("IfMatch")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _takes_if_match(route: Route, surface: Surface) -> bool:
    return not route.reads and surface.resource_of(route) is not None


def _successes(route: Route, about: Description, schemas: Schemas) -> dict[str, Schema]:
    """The response when the work is done, and the one when it has only begun, where there is that."""
    return {str(status): _success(route, status, about, schemas) for status in _replies(route)}


def _success(route: Route, status: int, about: Description, schemas: Schemas) -> Schema:
    headers = dict(REQUEST_ID)
    if route.takes_idempotency_key:
        headers[endpoint.REPLAYED] = {"$ref": "#/components/headers/Replayed"}
    if route.makes is not None:
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    if route.row is not None:
        headers["ETag"] = {"$ref": "#/components/headers/ETag"}
    if get_origin(route.reply) is Listed:
        headers["Link"] = {"$ref": "#/components/headers/Link"}
    response: Schema = {"description": HTTPStatus(status).phrase, "headers": headers}
    if status != HTTPStatus.NO_CONTENT:
        response["content"] = _content(_replies(route)[status], about, schemas)
    return response


def _is_opaque(reply: Any) -> bool:
    """Whether it is a file of which nothing is told but its media type; a streamed list is told as any other."""
    return isinstance(reply, type) and issubclass(reply, File)


def _content(reply: Any, about: Description, schemas: Schemas) -> Schema:
    if _is_opaque(reply):
        return {reply.media.partition(";")[0]: {"schema": {"type": "string"}}}
    return {JSON: {"schema": about.success(reply, schemas)}}


def refused(route: Route, surface: Surface) -> list[int]:
    """The fitting statuses of the errors that a route of an API can answer."""
    statuses = [422, 429, 500, 503]
    if route.scope is not None:
        statuses.append(401)
    if route.scope in (Scope.WRITE, Scope.ADMIN):
        statuses.append(403)
    if route.names_row:
        statuses.append(404)
    if not route.reads:
        statuses.append(409)
    if _takes_if_match(route, surface):
        statuses.append(412)
    if route.has_body:
        statuses += [400, 408, 413, 415]
    return statuses


def answered(statuses: Iterable[int], surface: Surface) -> list[int]:
    """The statuses with which an API answers refusals of these fitting ones, ascending."""
    return sorted({surface.refusal(Refusal(status, "", "", {})).status for status in statuses})
