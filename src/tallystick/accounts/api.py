"""The native wire of settings and API keys."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.accounts import ops, store
from tallystick.accounts.types import ApiKey, Scope
from tallystick.core.account import Account
from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.party import Seller
from tallystick.wire.call import Body, Call, given
from tallystick.wire.party import PartyChange
from tallystick.wire.reply import ShownOnce
from tallystick.wire.scalars import Color, Currency, Id, Instant, LongText, Name, NumberPattern, ShortText, Timezone

MAX_TERMS_DAYS = 3650


class NumberPatterns(Body, kw_only=True):
    """The patterns to change, by kind of bill."""

    invoice: NumberPattern | UnsetType = UNSET
    quotation: NumberPattern | UnsetType = UNSET
    credit_note: NumberPattern | UnsetType = UNSET


class SettingsChange(PartyChange, kw_only=True):
    """The settings to change. ``payment_terms_days`` in days; ``timezone`` an IANA name."""

    iban: ShortText | None | UnsetType = UNSET
    bic: ShortText | None | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    timezone: Timezone | UnsetType = UNSET
    payment_terms_days: Annotated[int, msgspec.Meta(ge=0, le=MAX_TERMS_DAYS)] | UnsetType = UNSET
    number_patterns: NumberPatterns | UnsetType = UNSET
    rounding: Rounding | UnsetType = UNSET
    rounding_mode: RoundingMode | UnsetType = UNSET
    prices_include_tax: bool | UnsetType = UNSET
    default_notes: LongText | None | UnsetType = UNSET
    registration_number: ShortText | None | UnsetType = UNSET
    website: ShortText | None | UnsetType = UNSET
    brand_color: Color | None | UnsetType = UNSET
    footer: LongText | None | UnsetType = UNSET
    usage_keep_rejected: bool | UnsetType = UNSET


class Settings(Seller, frozen=True, kw_only=True):
    """An account and its settings. ``payment_terms_days`` in days; ``timezone`` an IANA name."""

    id: int
    currency: str
    timezone: str
    payment_terms_days: int
    number_patterns: dict[str, str]
    rounding: Rounding
    rounding_mode: RoundingMode
    prices_include_tax: bool
    default_notes: str | None
    brand_color: str | None
    footer: str | None
    usage_keep_rejected: bool
    version: int
    created_at: datetime
    updated_at: datetime


class NewApiKey(Body, kw_only=True):
    """A new key, what it may do, and until when; for ever without ``expires_at``."""

    name: Name
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=3)]
    expires_at: Instant | None = None


class NewApiKeyJson(msgspec.Struct, frozen=True):
    """A new key with its secret."""

    id: int
    name: str
    scopes: list[Scope]
    key: str
    created_at: datetime
    expires_at: datetime | None


def to_json(account: Account) -> Settings:
    """An account's settings as the API shows them."""
    return Settings(
        **msgspec.structs.asdict(account.seller),
        id=account.id,
        currency=account.currency,
        timezone=account.timezone,
        payment_terms_days=account.payment_terms_days,
        number_patterns=account.number_patterns,
        rounding=account.rounding,
        rounding_mode=account.rounding_mode,
        prices_include_tax=account.prices_include_tax,
        default_notes=account.default_notes,
        brand_color=account.brand_color,
        footer=account.footer,
        usage_keep_rejected=account.usage_keep_rejected,
        version=account.version,
        created_at=account.created_at,
        updated_at=account.updated_at,
    )


def get_settings(call: Call) -> Settings:
    """Get the account's settings."""
    return to_json(call.account)


def update_settings(call: Call, body: SettingsChange) -> Settings:
    """Change the account's settings."""
    changes = given(body)
    if body.number_patterns is not UNSET:
        changes["number_patterns"] = {kind: str(pattern) for kind, pattern in given(body.number_patterns).items()}
    return to_json(ops.change_settings(call.tx, call.account, changes, body.seen_version))


def list_keys(call: Call) -> list[ApiKey]:
    """List the API keys, without their secrets."""
    return store.keys(call.tx, call.account)


def create_key(call: Call, body: NewApiKey) -> ShownOnce[NewApiKeyJson]:
    """Make an API key; its secret is in this reply and nowhere else."""
    expires_at = body.expires_at.at if body.expires_at else None
    key, secret = ops.create_key(call.tx, call.account, body.name, body.scopes, expires_at)
    shown = NewApiKeyJson(key.id, key.name, key.scopes, secret, key.created_at, key.expires_at)
    return ShownOnce(shown, "Keep the secret now: it is not shown again.")


def revoke_key(call: Call, key_id: Id) -> ApiKey:
    """Revoke an API key."""
    return ops.revoke_key(call.tx, call.account, key_id)
