"""What an API function receives beside the request's own values."""

from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.wire.scalars import Version


class Call(NamedTuple):
    """One request: its transaction, the account of its key, and the public origin (``https://host``) for links."""

    tx: Tx
    account: Account
    origin: str


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A request's body: unknown fields are refused, fields that are not given are UNSET."""


class OwnBody(Body, kw_only=True):
    """A body that is not the fields of one object, and reads itself; ``shown`` is what its description shows."""

    shown: ClassVar[Any]

    @classmethod
    def read(cls, raw: bytes, *, is_strict: bool) -> Self:
        """The body. Raises Malformed and ValidationFailed as ``wire.parse`` does."""
        raise NotImplementedError


class FileBody(OwnBody, kw_only=True):
    """A body that is a file, of one of the ``media``; what it is, its content says."""

    media: ClassVar[tuple[str, ...]]
    shown: ClassVar[Any] = bytes


class Change(Body, kw_only=True):
    """What a PUT names to change. A ``version`` guards it: a stale one is refused."""

    version: Version | msgspec.UnsetType = msgspec.UNSET

    @property
    def seen_version(self) -> int | None:
        """The version that the client last saw, if it said so."""
        return None if self.version is msgspec.UNSET else self.version


class Query(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A request's query parameters: unknown ones are refused."""


def given(body: Body) -> dict[str, Any]:
    """The fields that the request names, without the ``version`` that guards them."""
    return {
        name: value
        for name in body.__struct_fields__
        if (value := getattr(body, name)) is not msgspec.UNSET and name != "version"
    }


class Deleted(msgspec.Struct, frozen=True):
    """The id of what was deleted."""

    id: int
