"""A second public API beside the native one, as unlike it as can be: JSON or forms, lenient, bare, its own errors.

It lies below the native API's prefix, as one that the project serves will.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tallystick.core.errors import Conflict, NotFound
from tallystick.customers import ops
from tallystick.customers.resource import CUSTOMERS
from tallystick.http import auth
from tallystick.http.refusals import Refusal
from tallystick.http.routes import Route
from tallystick.http.schemas import Schema, Schemas
from tallystick.http.surface import Description, Surface
from tallystick.store.idempotency import Answer
from tallystick.wire import form, render
from tallystick.wire.call import Body, Call, Query
from tallystick.wire.file import File
from tallystick.wire.parse import parse_form, parse_json
from tallystick.wire.scalars import Id, Name, Positive

PREFIX = "/api/v1/toys"
DOCUMENT = "/docs/toys/openapi.json"
LARGEST_BODY_BYTES = 2 * 1024 * 1024


class PartBody(Body, kw_only=True):
    name: Name
    price: Positive | None = None
    is_new: bool = False


class ToyBody(Body, kw_only=True):
    name: Name
    parts: list[PartBody] = []


class Toy(msgspec.Struct):
    """A toy, which is kept as a customer."""

    id: int
    name: str
    parts: list[str] = []


class ToyQuery(Query, frozen=True, kw_only=True):
    name: str | None = None


class Label(File):
    """A toy's label."""


def make(call: Call, body: ToyBody) -> Toy:
    """Make a toy."""
    made = CUSTOMERS.create(call.tx, call.account, {"name": body.name})
    return Toy(made.id, made.buyer.name, [f"{part.name} {part.price or 1} {part.is_new}" for part in body.parts])


def get(call: Call, toy_id: Id, query: ToyQuery) -> Toy:
    """Show a toy."""
    found = CUSTOMERS.get(call.tx, call.account, toy_id)
    if query.name not in (None, found.buyer.name):
        raise NotFound("No toy has this name.")
    return Toy(found.id, found.buyer.name)


def scrap(call: Call, toy_id: Id) -> None:
    """Scrap a toy."""
    ops.delete(call.tx, call.account, toy_id)


def wind(call: Call, toy_id: Id) -> Toy:
    """Wind a toy up."""
    found = CUSTOMERS.update(call.tx, call.account, toy_id, {"notes": "wound up"}, None)
    return Toy(found.id, found.buyer.name)


def jam(call: Call) -> Toy:
    """Be refused after the work."""
    CUSTOMERS.create(call.tx, call.account, {"name": "Jammed"})
    raise Conflict("It is jammed.")


def burst(call: Call) -> Toy:
    """Fail."""
    raise ZeroDivisionError


def label(call: Call, toy_id: Id) -> Label:
    """Print a toy's label."""
    found = CUSTOMERS.get(call.tx, call.account, toy_id)

    def chunks() -> Iterator[bytes]:
        # PostgreSQL's connection is closed for whoever has left its transaction.
        is_over = call.tx.connection.closed or not call.tx.driver.in_transaction
        yield f"{found.buyer.name}, {is_over}".encode()

    return Label("label.txt", chunks(), "text/plain")


ROUTES = (
    Route("POST", "", make, status=201, makes="", max_body_bytes=LARGEST_BODY_BYTES),
    Route("POST", "/jam", jam),
    Route("POST", "/burst", burst),
    Route("GET", "/{toy_id}", get),
    Route("DELETE", "/{toy_id}", scrap, status=204),
    Route("GET", "/{toy_id}/wind", wind, writes=True),
    Route("GET", "/{toy_id}/label", label),
)


def refusal(refused: Refusal) -> Answer:
    """A toy's ``oops``; wrong fields are a bad request here."""
    status = 400 if refused.status == 422 else refused.status
    return Answer(status, render.encode({"oops": f"{status}: {refused.sentence}"}))


def error(status: int) -> Schema:
    shape = {"type": "object", "properties": {"oops": {"type": "string"}}, "required": ["oops"]}
    return {"description": f"Error {status}", "content": {"application/json": {"schema": shape}}}


def itself(reply: Any) -> Any:
    return reply


def bare(reply: Any, schemas: Schemas) -> Schema:
    return schemas.of(reply)


TOYS = Surface(
    name="toys",
    prefix=PREFIX,
    routes=ROUTES,
    caller=auth.caller,
    decoders={"application/json": parse_json, form.MEDIA_TYPE: parse_form},
    is_strict=False,
    success=render.encode,
    refusal=refusal,
    description=Description(
        title="Toys",
        about="Toys, in their own words.",
        security={"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        error=error,
        data=itself,
        success=bare,
        tags={"toys": "Things to play with."},
        tag="toys",
        words={},
        examples={("POST", ""): {"name": "Bear"}},
    ),
    document_path=DOCUMENT,
)
