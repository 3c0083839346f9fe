"""What a route is: a method, a path, and an API function whose signature says the rest (ADR 14)."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_origin, get_type_hints

from sqlalchemy import Table

from tallystick.accounts.types import Scope
from tallystick.wire.call import Body, FileBody, Query
from tallystick.wire.file import File
from tallystick.wire.hints import members
from tallystick.wire.reply import Accepted
from tallystick.wire.scalars import Id, MeterKey, TemplateId, Token

MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Route:
    """One endpoint of an API.

    ``do`` takes a Call, then the ids of the path in their order, then a ``query`` or a ``body``, which may have at most
    ``max_body_bytes``. A GET runs in a snapshot that cannot write, unless it ``writes``; any other method runs in a
    transaction. It ``is_long`` where it may take more than a few milliseconds, and ``is_apart`` where it
    waits for a process of its own. Where the path holds a share token, that
    opens the route instead of a key. What is made by it is then found below the path ``makes``, by its ``made_by``. A
    GET that shows a row of the table ``row`` has an ETag. What is ``of_usage`` runs in a transaction of
    ``Database.usage``, which on SQLite writes nothing else: so no answer is kept, nor need it be, because events have
    ids of their own. A POST that ``asks`` only reads, as a GET does (ADR 57). What ``is_one_look`` asks the database
    once, or keeps a snapshot by itself where it does not: it saves PostgreSQL a BEGIN and its end. What an account
    ``may_lack`` is then not found.
    """

    method: str
    path: str
    do: Callable[..., Any]
    status: int = 200
    makes: str | None = None
    made_by: str = "id"
    row: Table | None = None
    needs: Scope | None = None
    writes: bool = False
    max_body_bytes: int = MAX_BODY_BYTES
    is_long: bool = False
    is_apart: bool = False
    of_usage: bool = False
    asks: bool = False
    is_one_look: bool = False
    may_lack: bool = False

    @property
    def scope(self) -> Scope | None:
        """The least scope of a key that may call this; None where a share token opens it."""
        if Token in self.id_kinds:
            return None
        return self.needs or (Scope.READ if self.reads and self.method == "GET" else Scope.WRITE)

    @property
    def reads(self) -> bool:
        """Whether the route only reads."""
        return self.asks or (self.method == "GET" and not self.writes)

    @property
    def has_body(self) -> bool:
        """Whether a request may have a body: none is read where a share token is all that is asked for."""
        return self.method != "GET" and (self.takes_body or self.scope is not None)

    @cached_property
    def takes_idempotency_key(self) -> bool:
        """Whether the answer is kept by a key that the request names: not a stranger's, who could fill the database."""
        return self.method == "POST" and self.scope is not None and not (self.of_usage or self.asks)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.do, include_extras=True)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The names of the ids in the path, in the order in which ``do`` takes them."""
        _call, *names = inspect.signature(self.do).parameters
        return tuple(name for name in names if name not in ("query", "body"))

    @cached_property
    def id_kinds(self) -> tuple[type[Id] | type[Token] | type[MeterKey] | type[TemplateId], ...]:
        """What each of ``ids`` must be."""
        return tuple(self._hints[name] for name in self.ids)

    @cached_property
    def query(self) -> type[Query]:
        """What the query parameters may be."""
        kind: type[Query] = self._hints.get("query", Query)
        return kind

    @cached_property
    def takes_query(self) -> bool:
        """Whether ``do`` wants the query."""
        return "query" in self._hints

    @cached_property
    def body(self) -> type[Body]:
        """What the body may be."""
        kind: type[Body] = self._hints.get("body", Body)
        return kind

    @cached_property
    def takes_body(self) -> bool:
        """Whether ``do`` wants the body."""
        return "body" in self._hints

    @property
    def takes_file(self) -> bool:
        """Whether the body is a file."""
        return issubclass(self.body, FileBody)

    @property
    def names_row(self) -> bool:
        """Whether a request names what may not be there: in its path, or by an ``id`` in its body."""
        return self.may_lack or bool(self.ids) or "id" in self.body.__struct_fields__

    @cached_property
    def reply(self) -> Any:
        """The type of what ``do`` answers when its work is done."""
        (reply,) = (member for member in self._replies if get_origin(member) is not Accepted)
        return reply

    @cached_property
    def accepted(self) -> Any:
        """The type of what ``do`` answers when its work has only begun; None where it always ends."""
        return next((member for member in self._replies if get_origin(member) is Accepted), None)

    @property
    def answers_file(self) -> bool:
        """Whether ``do`` answers a file; only what reads may."""
        kind = get_origin(self.reply) or self.reply
        return isinstance(kind, type) and issubclass(kind, File)

    @property
    def _replies(self) -> tuple[Any, ...]:
        return members(self._hints["return"])

    @property
    def summary(self) -> str:
        """One line on what the route does."""
        return (inspect.getdoc(self.do) or "").partition("\n")[0].rstrip(".")
