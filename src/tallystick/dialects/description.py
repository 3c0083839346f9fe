"""What the OpenAPI documents of the dialects share."""

from http import HTTPStatus
from types import GenericAlias
from typing import Any, get_args, get_origin

from tallystick.http.openapi import JSON, REQUEST_ID
from tallystick.http.schemas import Schema, Schemas
from tallystick.wire.file import Listing

SECURITY: dict[str, Schema] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "parameter": {"type": "apiKey", "in": "query", "name": "api_key"},
}


def itself(reply: Any) -> Any:
    """The type that a bare reply is about: its own, and of a list that is streamed the list's."""
    if get_origin(reply) is not Listing:
        return reply
    (row,) = get_args(reply)
    return GenericAlias(list, row)


def bare(reply: Any, schemas: Schemas) -> Schema:
    """The schema of a reply without an envelope."""
    return schemas.of(itself(reply))


def error(status: int) -> Schema:
    """The response to a refusal, whose body is the document's schema ``Error``."""
    return {
        "description": f"{HTTPStatus(status).description or HTTPStatus(status).phrase}.",
        "headers": REQUEST_ID,
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
