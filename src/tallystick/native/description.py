"""What the native API's OpenAPI document says beside its routes."""

import inspect
from collections import defaultdict
from http import HTTPStatus
from types import GenericAlias
from typing import Any, get_args, get_origin

from prometheus_client import CONTENT_TYPE_LATEST

from tallystick.accounts.types import Scope
from tallystick.core import errors as domain
from tallystick.http import endpoint, refusals
from tallystick.http.openapi import JSON, REQUEST_ID, UNNAMED_TAG
from tallystick.http.schemas import Schema, Schemas
from tallystick.http.surface import Description
from tallystick.native.examples import EXAMPLES
from tallystick.native.words import WORDS
from tallystick.wire.reply import Accepted, Listed, Pagination, Reply, ShownOnce

TITLE = "Tallystick"
ABOUT = f"""\
Customers, products, taxes, invoices and payments, with exact money and gapless numbers.

- **Keys.** Send an API key as `X-API-Key`, as `Authorization: Bearer`, or as the parameter `api_key`. A key has the
  scope `read`, `write` or `admin`; each includes the one before it.
- **Replies.** A success is `{{"success": true, "data": …}}`; a failure is `{{"success": false, "error": "a sentence",
  "code": "…"}}`, with `errors` by field where fields are wrong: all of them at once.
- **Creations.** A 201 names what was made in `Location`, which is found on the host that was asked.
- **Lists.** Walk a list by `page`, or at any length by `after`: empty at first, then each reply's `pagination.next`.
  Or follow the header `Link` to the `next` page and the `prev` one.
- **Size.** Answers of 8 KiB and more come with gzip where `Accept-Encoding` asks for it.
- **Money.** Amounts are numbers with exactly the digits of their currency (ISO 4217). Requests may send them as numbers
  or as strings. Read them into a decimal type, not into a float.
- **Retries.** A POST with an `Idempotency-Key` can be sent again: the first answer is kept for 24 hours and replayed
  with `{endpoint.REPLAYED}: true`. A 503 did nothing, unless its code is `OUTCOME_UNKNOWN`: then the same key tells.
- **Versions.** Each resource has a `version`, and its GET an `ETag`, which differs where anything that it shows does. A
  PUT, and a revision, may carry the `version` in its body: 409 where it is stale. Any write of a resource, or below it,
  may carry `If-Match` with the `ETag`, or with the version alone, as `"3"`: 412 where that is stale.
"""
OPERATIONS_TAG = "operations"
TAGS = {
    UNNAMED_TAG: "This API in short.",
    "settings": "The account: who sends the bills, and how they are computed and numbered.",
    "api-keys": "Who may call this API, and with what scope.",
    "customers": "Whom the account bills, and how they stand.",
    "products": "What the account sells.",
    "templates": "What sets documents: the designs that come along, and those of the account's own.",
    "taxes": "The rates that bills charge, with their categories of EN 16931.",
    "invoices": "Invoices, from the draft to the last payment.",
    "quotations": "Offers to a customer, which become invoices once they are accepted.",
    "public": "What a share link opens, without a key.",
    "payments": "Money that came in, and the invoices that it settles.",
    "recurring-billing": "Schedules that bill again and again.",
    "credit-notes": "What takes back an invoice, in part or whole.",
    "usage": "What customers used: events, the meters that measure them, and the rates that price them.",
    "stats": "Sums over all bills and payments.",
    OPERATIONS_TAG: "How the server is, for whoever runs it.",
}

SECURITY_SCHEMES = {
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "parameter": {"type": "apiKey", "in": "query", "name": "api_key"},
}
OPERATOR_PATHS: dict[str, Schema] = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Tell whether the server answers at all",
            "tags": [OPERATIONS_TAG],
            "security": [],
            "responses": {
                "200": {"description": "Well.", "content": {JSON: {"schema": {"$ref": "#/components/schemas/Health"}}}},
            },
        }
    },
    "/ready": {
        "get": {
            "operationId": "ready",
            "summary": "Tell whether the database can take work",
            "description": "Tries to write, for some seconds at most.",
            "tags": [OPERATIONS_TAG],
            "security": [],
            "responses": {
                "200": {
                    "description": "It can.",
                    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Ready"}}},
                },
                "503": {
                    "description": "It cannot, for the reasons told.",
                    "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "In seconds."}},
                    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Ready"}}},
                },
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "Show counts and times in the format of Prometheus",
            "description": f"Needs a key with the scope `{Scope.ADMIN}`, of the first account.",
            "tags": [OPERATIONS_TAG],
            "security": [{name: [Scope.ADMIN]} for name in SECURITY_SCHEMES],
            "responses": {
                "200": {"description": "The metrics.", "content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}}
            }
            | {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in (401, 403, 500)},
        }
    },
}
READY: Schema = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ok", "unavailable"], "description": "Whether the database can take work."},
        "reasons": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Why the database can take no work, a sentence each.",
        },
        "notes": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What to heed, though the database can take work.",
        },
        "worker_at": {"type": ["string", "null"], "format": "date-time", "description": "When a worker last worked."},
        "checkpoint_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When SQLite's log last came into its file without an error.",
        },
        "free_bytes": {"type": ["integer", "null"], "description": "What is free on the disk of a SQLite database."},
    },
    "required": ["status", "reasons", "notes", "worker_at", "checkpoint_at", "free_bytes"],
}
HEALTH: Schema = {
    "type": "object",
    "properties": {"status": {"const": "ok", "description": "The server answers."}},
    "required": ["status"],
}


WITH_MESSAGE = (Reply, Accepted, ShownOnce)
DONE = "Whether the request was done."


def data(reply: Any) -> Any:
    """The type of what stands under ``data``."""
    kind = get_origin(reply)
    if kind not in (*WITH_MESSAGE, Listed):
        return reply
    (data,) = get_args(reply)
    return GenericAlias(list, data) if kind is Listed else data


def envelope(reply: Any, schemas: Schemas) -> Schema:
    """The schema of a success."""
    properties = {
        "success": {"const": True, "description": DONE},
        "data": {"description": "What was asked for, made or changed."} | schemas.of(data(reply)),
    }
    kind = get_origin(reply)
    if kind in WITH_MESSAGE:
        properties["message"] = {"type": "string", "description": "What was done, as a sentence for a person."}
    elif kind is Listed:
        properties["pagination"] = {"description": "Where in the list this page stands."} | schemas.of(Pagination)
    return {"type": "object", "properties": properties, "required": list(properties)}


def _codes() -> dict[int, dict[str, str]]:
    """What can go wrong: the codes by status, each with its meaning."""
    meanings = {
        kind.code: inspect.getdoc(kind) or ""
        for kind in vars(domain).values()
        if isinstance(kind, type) and issubclass(kind, domain.DomainError)
    }
    codes: dict[int, dict[str, str]] = defaultdict(dict)
    for code, status in refusals.STATUSES.items():
        codes[status][code] = refusals.INTERNAL if status == 500 else meanings[code]
    for status, code in refusals.HTTP_CODES.items():
        codes[status].setdefault(code, HTTPStatus(status).description + ".")
    return dict(sorted(codes.items()))


CODES = _codes()


def _error_response(status: int) -> Schema:
    reference = {"$ref": "#/components/schemas/Error"}
    narrowed = {"allOf": [reference, {"properties": {"code": {"enum": list(CODES[status])}}}]}
    return {
        "description": "\n\n".join(f"`{code}`: {meaning}" for code, meaning in CODES[status].items()),
        "headers": REQUEST_ID,
        "content": {JSON: {"schema": narrowed}},
    }


def _error_schema() -> Schema:
    return {
        "type": "object",
        "description": "Why a request was refused.",
        "properties": {
            "success": {"const": False, "description": DONE},
            "error": {"type": "string", "description": "A sentence for a person."},
            "code": {
                "enum": [code for codes in CODES.values() for code in codes],
                "description": "The reason, as a word that never changes.",
            },
            "errors": {
                "type": "object",
                "description": "By the path of each wrong field, what is wrong with it.",
                "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            },
        },
        "required": ["success", "error", "code"],
    }


DESCRIPTION = Description(
    title=TITLE,
    about=ABOUT,
    security=SECURITY_SCHEMES,
    error=_error_response,
    data=data,
    success=envelope,
    types=(Pagination,),
    paths=OPERATOR_PATHS,
    schemas={"Error": _error_schema(), "Health": HEALTH, "Ready": READY},
    tags=TAGS,
    words=WORDS,
    examples=EXAMPLES,
)
