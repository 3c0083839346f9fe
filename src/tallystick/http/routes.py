"""What a route is: a method, a path, and an API function whose signature says the rest."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

from tallystick.accounts.types import Scope
from tallystick.wire.call import Body, Query


@dataclass(frozen=True)
class Route:
    """One endpoint of an API.

    ``do`` takes a Call, then the ids of the path in their order, then a ``query`` or a ``body``. A GET runs in a
    snapshot that cannot write, any other method in a transaction.
    """

    method: str
    path: str
    do: Callable[..., Any]
    status: int = 200
    needs: Scope | None = None

    @property
    def scope(self) -> Scope:
        """The least scope of a key that may call this."""
        return self.needs or (Scope.READ if self.reads else Scope.WRITE)

    @property
    def reads(self) -> bool:
        """Whether the route only reads."""
        return self.method == "GET"

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.do, include_extras=True)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The names of the ids in the path, in the order in which ``do`` takes them."""
        return tuple(name for name in inspect.signature(self.do).parameters if name not in ("call", "query", "body"))

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

    @cached_property
    def reply(self) -> Any:
        """The type of what ``do`` answers."""
        return self._hints["return"]

    @property
    def summary(self) -> str:
        """One line on what the route does."""
        return (inspect.getdoc(self.do) or "").partition("\n")[0].rstrip(".")
