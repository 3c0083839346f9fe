"""What the OpenAPI documents of the dialects share."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import GenericAlias
from typing import Any, get_args, get_origin

from tallystick.http.openapi import JSON, REQUEST_ID
from tallystick.http.schemas import Schema
from tallystick.http.surface import Description
from tallystick.wire.file import Listing, Streamed

ERROR = "Error"
SECURITY: dict[str, Schema] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "parameter": {"type": "apiKey", "in": "query", "name": "api_key"},
}


def itself(reply: Any) -> Any:
    """The type that a bare reply is about: its own, and of what is streamed that of the value."""
    if get_origin(reply) not in (Listing, Streamed):
        return reply
    (value,) = get_args(reply)
    return GenericAlias(list, value) if get_origin(reply) is Listing else value


def bare(
    title: str,
    about: str,
    refusal: Schema,
    words: Mapping[str, str],
    examples: Mapping[tuple[str, str], Mapping[str, Any]],
    *,
    data: Callable[[Any], Any] = itself,
    tag: str = "invoices",
) -> Description:
    """What the document of an API without an envelope says; ``refusal`` is the schema of each of its errors.

    ``words`` say what each field is, ``examples`` are a body for each route that takes one; ``tag``
    is what it calls its one resource.
    """
    return Description(
        title=title,
        about=about,
        security=SECURITY,
        error=error,
        data=data,
        tag=tag,
        tags={tag: "Invoices, which are those of every other API of this server too."},
        words=words,
        examples=examples,
        success=lambda reply, schemas: schemas.of(data(reply)),
        schemas={ERROR: refusal},
    )


def error(status: int) -> Schema:
    """The response to a refusal."""
    return {
        "description": f"{HTTPStatus(status).description or HTTPStatus(status).phrase}.",
        "headers": REQUEST_ID,
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{ERROR}"}}},
    }
