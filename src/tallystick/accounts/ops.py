"""The verbs of accounts and API keys."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tallystick.accounts import rules, store
from tallystick.accounts.types import ApiKey, Caller, Scope
from tallystick.core.account import Account
from tallystick.core.errors import Conflict, NotFound, Unauthorized, ValidationFailed
from tallystick.core.events import Event
from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.numbering import DEFAULT_PATTERNS
from tallystick.store import outbox, secrets
from tallystick.store.db import Tx

HINT_LENGTH = 8
GUEST = "share link"
FIRST_KEY = "first key"
DEFAULTS: Mapping[str, Any] = {
    "currency": "USD",
    "timezone": "UTC",
    "payment_terms_days": 30,
    "rounding": Rounding.DOCUMENT,
    "rounding_mode": RoundingMode.HALF_UP,
    "prices_include_tax": False,
    "number_patterns": dict(DEFAULT_PATTERNS),
}


def authenticate(tx: Tx, secret: str) -> Caller:
    """Whose key this is, or Unauthorized."""
    digest = secrets.digest(secret)
    found = store.authenticate(tx, secrets.account_of(secret), digest)
    if found is None or not hmac.compare_digest(found.digest, digest):
        raise Unauthorized("The API key is unknown or revoked.")
    if found.expires_at is not None and found.expires_at <= tx.now:
        raise Unauthorized("The API key has expired.")
    return found.caller


def guest(tx: Tx, token: str) -> Caller:
    """Who comes with a share token: a guest of the account that it names, or NotFound."""
    if not secrets.is_secret(token):
        raise NotFound("This is no share token.")
    return Caller(store.get(tx, secrets.account_of(token)), GUEST, frozenset())


def create(tx: Tx, name: str) -> Account:
    """Makes an account with the default settings."""
    return store.insert(tx, {**DEFAULTS, "name": name})


def change_settings(tx: Tx, account: Account, changes: Mapping[str, Any], version: int | None) -> Account:
    """Changes the settings that ``changes`` name; number patterns one by one.

    Raises ValidationFailed for a pattern that could give a number of another kind of bill too.
    """
    patterns = rules.changed_patterns(account.number_patterns, changes.get("number_patterns", {}))
    changed = store.change(tx, account, {**changes, "number_patterns": patterns}, version)
    outbox.add(tx, account, Event.SETTINGS_UPDATED, account.id)
    return changed


def create_key(
    tx: Tx, account: Account, name: str, scopes: Sequence[Scope], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Makes a key; the secret is shown now and never again. Raises ValidationFailed for a key that has expired."""
    if expires_at is not None and expires_at <= tx.now:
        raise ValidationFailed({"expires_at": ["Must be in the future."]})
    secret = secrets.new_secret(account.id)
    key = store.insert_key(tx, account, {**_key(name, scopes, secret), "source": "issued", "expires_at": expires_at})
    outbox.add(tx, account, Event.API_KEY_CREATED, key.id)
    return key, secret


def revoke_key(tx: Tx, account: Account, key_id: int) -> ApiKey:
    """Revokes a key, for ever and at once.

    Raises NotFound, and Conflict for the last key of an account that may make others and never expires.
    """
    if rules.is_indispensable(key_id, store.working_admin_keys(tx, account)):
        raise Conflict(
            "No other admin key works without an expiry. Make such a one first, or nobody could make keys one day."
        )
    key = store.revoke(tx, account, key_id)
    outbox.add(tx, account, Event.API_KEY_REVOKED, key_id)
    return key


class FirstStart(NamedTuple):
    """What whoever starts the server must be told: the secret of a key that was made; that ``API_KEY`` is revoked."""

    new_key: str | None = None
    is_environment_key_revoked: bool = False


def first_start(tx: Tx, environment_key: str | None) -> FirstStart:
    """Sees to it that there is an account and a key to reach it.

    ``environment_key`` (the setting ``API_KEY``) becomes an admin key of the first account and replaces the one that
    the setting gave before; but one that somebody revoked stays so. Without it, and where no admin key lasts, one is
    made, whose secret is to be shown once; and again where that was the only key and nobody ever used it, since a start
    that was cut off may not have shown it.
    """
    accounts = store.every(tx)
    account = accounts[0] if accounts else create(tx, "My company")
    if environment_key is not None:
        return FirstStart(is_environment_key_revoked=not _take_from_environment(tx, account, environment_key))
    store.revoke_from_environment(tx, account, except_digest=None)
    unused = store.only_unused_key(tx, account, FIRST_KEY)
    if unused is not None:
        store.revoke(tx, account, unused)
        outbox.add(tx, account, Event.API_KEY_REVOKED, unused)
    elif rules.any_lasts(store.working_admin_keys(tx, account)):
        return FirstStart()
    return FirstStart(create_key(tx, account, FIRST_KEY, [Scope.ADMIN])[1])


def _take_from_environment(tx: Tx, account: Account, secret: str) -> bool:
    """Puts the environment's key in force; False where somebody revoked it."""
    digest = secrets.digest(secret)
    store.revoke_from_environment(tx, account, except_digest=digest)
    if store.was_revoked_by_hand(tx, account, digest):
        return False
    if not store.restore_key(tx, account, digest):
        store.insert_key(tx, account, {**_key("API_KEY", [Scope.ADMIN], secret), "source": "environment"})
    return True


def _key(name: str, scopes: Sequence[Scope], secret: str) -> dict[str, Any]:
    return {"name": name, "scopes": " ".join(scopes), **_kept_of(secret)}


def _kept_of(secret: str) -> dict[str, Any]:
    return {"hint": secret[: min(HINT_LENGTH, len(secret) // 4)], "secret_hash": secrets.digest(secret)}
