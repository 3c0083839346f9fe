"""The API's own description (OpenAPI 3.1), made from the list of routes."""

import inspect
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from http import HTTPStatus
from types import GenericAlias
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST

from tallystick import __version__
from tallystick.accounts.types import Scope
from tallystick.core import errors as domain
from tallystick.http import endpoint, errors
from tallystick.http.routes import Route
from tallystick.http.schemas import Schema, Schemas, members
from tallystick.wire import render
from tallystick.wire.call import Change, Query
from tallystick.wire.csv import CsvFile
from tallystick.wire.render import Accepted, Listed, Pagination, Reply

TITLE = "Tallystick"
ABOUT = f"""\
Customers, products, taxes, invoices and payments, with exact money and gapless numbers.

- **Keys.** Send an API key as `X-API-Key`, as `Authorization: Bearer`, or as the parameter `api_key`. A key has the
  scope `read`, `write` or `admin`; each includes the one before it.
- **Replies.** A success is `{{"success": true, "data": …}}`; a failure is `{{"success": false, "error": "a sentence",
  "code": "…"}}`, with `errors` by field where fields are wrong: all of them at once.
- **Lists.** Walk a list by `page`, or at any length by `after`: empty at first, then each reply's `pagination.next`.
- **Money.** Amounts are numbers with exactly the digits of their currency (ISO 4217). Requests may send them as numbers
  or as strings. Read them into a decimal type, not into a float.
- **Retries.** A POST with an `Idempotency-Key` can be sent again: the first answer is kept for 24 hours and replayed
  with `{endpoint.REPLAYED}: true`.
- **Versions.** A PUT, and a revision, may carry the `version` that was read, in its body or as `If-Match`; a stale one
  is refused.
"""
JSON = "application/json"
CSV = "text/csv"
UNNAMED_TAG = "api"
OPERATIONS_TAG = "operations"

SECURITY_SCHEMES = {
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "parameter": {"type": "apiKey", "in": "query", "name": "api_key"},
}
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
        "description": "The `version` that was read; stands for `version` in the body.",
        "schema": {"type": "string", "pattern": '^(W/)?"?[0-9]{1,9}"?$', "examples": ['"3"']},
    },
}
HEADERS = {
    "RequestId": {"description": "Names this request in the server's log.", "schema": {"type": "string"}},
    "Replayed": {
        "description": "This is the answer to an earlier request with the same Idempotency-Key.",
        "schema": {"const": "true"},
    },
}
OPERATOR_PATHS = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Tell whether the server and its database are well",
            "tags": [OPERATIONS_TAG],
            "security": [],
            "responses": {
                "200": {"description": "Well.", "content": {JSON: {"schema": {"$ref": "#/components/schemas/Health"}}}},
                "503": {
                    "description": "The database does not answer.",
                    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Health"}}},
                },
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "Show counts and times in the format of Prometheus",
            "description": f"Needs a key with the scope `{Scope.ADMIN}`.",
            "tags": [OPERATIONS_TAG],
            "security": [{name: [Scope.ADMIN]} for name in SECURITY_SCHEMES],
            "responses": {
                "200": {"description": "The metrics.", "content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}}
            }
            | {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in (401, 403, 500)},
        }
    },
}
HEALTH: Schema = {
    "type": "object",
    "properties": {"status": {"enum": ["ok", "unavailable"]}, "reason": {"type": "string"}},
    "required": ["status"],
}


class EndpointJson(msgspec.Struct, frozen=True):
    """One endpoint, in a line."""

    method: str
    path: str
    description: str


class ApiJson(msgspec.Struct, frozen=True):
    """The API, in short; the whole of it is at ``/docs/openapi.json``."""

    name: str
    version: str
    endpoints: list[EndpointJson]


class Argument(NamedTuple):
    """A query parameter of a route: its name, its type without None, and its default or None."""

    name: str
    hint: Any
    default: Any


def outline(prefix: str, routes: Sequence[Route]) -> ApiJson:
    """The API in short."""
    endpoints = [EndpointJson(route.method, prefix + route.path, route.summary) for route in routes]
    return ApiJson(TITLE, __version__, endpoints)


@cache
def document(prefix: str, routes: tuple[Route, ...]) -> bytes:
    """The OpenAPI document of ``routes``, which stand below ``prefix``; made once in a process."""
    schemas = Schemas(hint for route in routes for hint in _hints(route))
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in routes:
        paths[prefix + route.path][route.method.lower()] = _operation(route, schemas)
    content = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys([*map(_tag, routes), OPERATIONS_TAG])],
        "paths": paths | OPERATOR_PATHS,
        "components": {
            "schemas": schemas.components | {"Error": _error_schema(), "Health": HEALTH},
            "responses": {f"Error{status}": _error_response(status) for status in CODES},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
    return render.encode(content)


def _hints(route: Route) -> Iterator[Any]:
    yield from (*route.id_kinds, Pagination)
    yield from (argument.hint for argument in _arguments(route.query))
    if route.takes_body:
        yield route.body
    yield from (_data(reply) for reply in (route.reply, route.accepted) if reply not in (CsvFile, None))


def _operation(route: Route, schemas: Schemas) -> Schema:
    content = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": _description(route),
        "tags": [_tag(route)],
        "security": [{name: [route.scope]} for name in SECURITY_SCHEMES if route.scope],
        "parameters": [*_path(route, schemas), *_query(route, schemas), *_headers(route)],
        "responses": _successes(route, schemas)
        | {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in refusals(route)},
    }
    if route.takes_body:
        is_required = any(field.required for field in msgspec.structs.fields(route.body))
        content["requestBody"] = {"required": is_required, "content": {JSON: {"schema": schemas.of(route.body)}}}
    return content


def _description(route: Route) -> str:
    details = (inspect.getdoc(route.do) or "").partition("\n")[2].strip()
    parameters = (inspect.getdoc(route.query) or "") if route.takes_query else ""
    access = f"Needs a key with the scope `{route.scope}`." if route.scope else "Needs no key: the token opens it."
    return "\n\n".join(paragraph for paragraph in (details, parameters, access) if paragraph)


def _operation_id(route: Route) -> str:
    slice_name = route.do.__module__.split(".")[1]
    return f"{slice_name}_{route.do.__name__}"


def _tag(route: Route) -> str:
    return route.path.strip("/").partition("/")[0] or UNNAMED_TAG


def _path(route: Route, schemas: Schemas) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(kind)}
        for name, kind in zip(route.ids, route.id_kinds, strict=True)
    ]


def _query(route: Route, schemas: Schemas) -> list[Schema]:
    return [
        {
            "name": argument.name,
            "in": "query",
            "schema": schemas.of(argument.hint) | ({} if argument.default is None else {"default": argument.default}),
        }
        for argument in _arguments(route.query)
    ]


def _arguments(query: type[Query]) -> Iterator[Argument]:
    hints = get_type_hints(query, include_extras=True)
    for field in msgspec.structs.fields(query):
        given = [member for member in members(hints[field.name]) if member is not type(None)]
        # A parameter that is not given is None, which nobody can write in a query.
        (hint,) = given
        yield Argument(field.encode_name, hint, field.default)


def _headers(route: Route) -> list[Schema]:
    names = []
    if route.method == "POST":
        names.append("IdempotencyKey")
    if issubclass(route.body, Change) and (route.method == "PUT" or route.ids):
        names.append("IfMatch")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _data(reply: Any) -> Any:
    """The type of what stands under ``data``."""
    kind = get_origin(reply)
    if kind not in (Reply, Accepted, Listed):
        return reply
    (data,) = get_args(reply)
    return GenericAlias(list, data) if kind is Listed else data


def _envelope(reply: Any, schemas: Schemas) -> Schema:
    properties = {"success": {"const": True}, "data": schemas.of(_data(reply))}
    kind = get_origin(reply)
    if kind in (Reply, Accepted):
        properties["message"] = {"type": "string"}
    elif kind is Listed:
        properties["pagination"] = schemas.of(Pagination)
    return {"type": "object", "properties": properties, "required": list(properties)}


def _successes(route: Route, schemas: Schemas) -> dict[str, Schema]:
    """The response when the work is done, and the one when it has only begun, where there is that."""
    replies = {route.status: route.reply, HTTPStatus.ACCEPTED.value: route.accepted}
    return {str(status): _success(route, status, reply, schemas) for status, reply in replies.items() if reply}


def _success(route: Route, status: int, reply: Any, schemas: Schemas) -> Schema:
    if reply is CsvFile:
        content: dict[str, Schema] = {CSV: {"schema": {"type": "string"}}}
    else:
        content = {JSON: {"schema": _envelope(reply, schemas)}}
    headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if route.method == "POST":
        headers[endpoint.REPLAYED] = {"$ref": "#/components/headers/Replayed"}
    return {
        "description": HTTPStatus(status).phrase,
        "headers": headers,
        "content": content,
    }


def refusals(route: Route) -> list[int]:
    """The statuses of the errors that a route can answer, ascending."""
    statuses = [422, 500]
    if route.scope is not None:
        statuses.append(401)
    if route.scope in (Scope.WRITE, Scope.ADMIN):
        statuses.append(403)
    if route.ids:
        statuses.append(404)
    if not route.reads:
        statuses += [400, 409, 413, 415]
    return sorted(statuses)


def _codes() -> dict[int, dict[str, str]]:
    """What can go wrong: the codes by status, each with its meaning."""
    meanings = {
        kind.code: inspect.getdoc(kind) or ""
        for kind in vars(domain).values()
        if isinstance(kind, type) and issubclass(kind, domain.DomainError)
    }
    codes: dict[int, dict[str, str]] = defaultdict(dict)
    for code, status in errors.STATUSES.items():
        codes[status][code] = errors.INTERNAL if status == 500 else meanings[code]
    for status, code in errors.HTTP_CODES.items():
        codes[status].setdefault(code, HTTPStatus(status).description + ".")
    return dict(sorted(codes.items()))


CODES = _codes()


def _error_response(status: int) -> Schema:
    reference = {"$ref": "#/components/schemas/Error"}
    narrowed = {"allOf": [reference, {"properties": {"code": {"enum": list(CODES[status])}}}]}
    return {
        "description": "\n\n".join(f"`{code}`: {meaning}" for code, meaning in CODES[status].items()),
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
        "content": {JSON: {"schema": narrowed}},
    }


def _error_schema() -> Schema:
    return {
        "type": "object",
        "description": "Why a request was refused.",
        "properties": {
            "success": {"const": False},
            "error": {"type": "string", "description": "A sentence for a person."},
            "code": {"enum": [code for codes in CODES.values() for code in codes]},
            "errors": {
                "type": "object",
                "description": "By the path of each wrong field, what is wrong with it.",
                "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            },
        },
        "required": ["success", "error", "code"],
    }
