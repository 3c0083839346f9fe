"""A public API, as one value: what differs from one API to the next, and nothing else does (ADR 36)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import falcon
import msgspec

from tallystick.accounts.types import Caller
from tallystick.http.refusals import Refusal
from tallystick.http.routes import Route
from tallystick.http.schemas import Schema, Schemas
from tallystick.store.db import Tx
from tallystick.store.idempotency import Answer

S = TypeVar("S", bound=msgspec.Struct)


class Decoder(Protocol):
    """From a body to a request's struct; raises Malformed or ValidationFailed."""

    def __call__(self, raw: bytes, kind: type[S], *, is_strict: bool) -> S:
        """The struct; unknown fields are refused where ``is_strict``, and ignored otherwise."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Description:
    """What an API's OpenAPI document says beside its routes.

    ``data`` is the type that a success is about, given the reply's; ``success`` the schema of the body that shows it;
    ``error`` the response to a refusal with a status. ``types`` are what ``success`` uses besides; ``paths``
    and ``schemas`` stand for what is no route of the API. ``tags`` say what each resource is, in the order of the
    document; ``tag`` is the one of all its routes, whose paths else begin with theirs. ``words`` say what each
    field and parameter is that does not say so by its type: by its name, or by its struct's with a dot before it.
    ``examples`` are a body for each route that takes one, by its method and path.
    """

    title: str
    about: str
    security: Mapping[str, Schema]
    error: Callable[[int], Schema]
    data: Callable[[Any], Any]
    success: Callable[[Any, Schemas], Schema]
    tags: Mapping[str, str]
    words: Mapping[str, str]
    examples: Mapping[tuple[str, str], Mapping[str, Any]]
    types: tuple[Any, ...] = ()
    paths: dict[str, Schema] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    tag: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Speaker(ABC):
    """Who answers for all that stands below a ``prefix``."""

    prefix: str

    @abstractmethod
    def refuse(self, _req: falcon.Request, resp: falcon.Response, refusal: Refusal) -> None:
        """Answers a refusal in its own words."""

    def covers(self, path: str) -> bool:
        """Whether the path is the prefix, or below it."""
        return path == self.prefix or path.startswith(self.prefix + "/")


Spoken = TypeVar("Spoken", bound=Speaker)


@dataclass(frozen=True, eq=False, kw_only=True)
class Surface(Speaker):
    """A public API.

    Its ``routes`` stand below ``prefix``, and whatever else is asked for there is refused in its words; of two prefixes
    the longer one wins. ``caller`` tells who sends a request, from the ids of its path too, or raises Unauthorized,
    Forbidden or NotFound. ``decoders`` read a body by its media type, the first one where none is named. Unknown fields
    and parameters are refused where the API ``is_strict``, and ignored otherwise. ``success`` and ``refusal`` make the
    JSON of every reply. ``document_path`` is where its OpenAPI document is, and
    ``yaml_paths`` are where the same is YAML.
    """

    name: str
    routes: tuple[Route, ...]
    caller: Callable[[Tx, falcon.Request, Route, Mapping[str, str]], Caller]
    decoders: Mapping[str, Decoder]
    is_strict: bool
    success: Callable[[Any], bytes]
    refusal: Callable[[Refusal], Answer]
    description: Description
    document_path: str
    yaml_paths: tuple[str, ...] = ()

    def resource_of(self, route: Route) -> Route | None:
        """The GET with an ETag that shows what a route is about: that of its path, or of the nearest above it."""
        shown = {each.path: each for each in self.routes if each.row is not None}
        path = route.path
        while path and path not in shown:
            path = path.rpartition("/")[0]
        return shown.get(path)

    def refuse(self, _req: falcon.Request, resp: falcon.Response, refusal: Refusal) -> None:
        """Answers a refusal as JSON."""
        answer = self.refusal(refusal)
        resp.status = answer.status
        resp.content_type = falcon.MEDIA_JSON
        resp.data = answer.body


def responsible(speakers: Sequence[Spoken], path: str) -> Spoken:
    """Who answers for a path: of those that cover it the one of the longest prefix; else the first."""
    covering = [speaker for speaker in speakers if speaker.covers(path)]
    return max(covering, key=lambda speaker: len(speaker.prefix), default=speakers[0])
