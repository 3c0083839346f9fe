"""The shapes of API keys."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from tallystick.core.account import Account


class Scope(StrEnum):
    """What a key may do; each includes the one before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it is listed. ``hint`` is the beginning of the secret; the secret itself is not kept.

    ``last_used_at`` is kept to the minute, and may be two minutes late.
    """

    id: int
    name: str
    scopes: list[Scope]
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class Caller(NamedTuple):
    """Who sends a request: the account, how the record names whoever acts (``key:7``), what it may do, and its key."""

    account: Account
    actor: str
    scopes: frozenset[Scope]
    key_id: int | None = None
