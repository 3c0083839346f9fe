"""The SQL of accounts and API keys."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, select, update

from tallystick.accounts.types import ApiKey, Caller, Scope
from tallystick.core.account import Account
from tallystick.core.errors import NotFound
from tallystick.core.events import Event
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.tables import accounts, api_keys, events

KEY_ACTOR = "key:"
ACCOUNT_COLUMNS = rows.columns(accounts, Account)
READ = rows.reader(accounts, Account)
KEY_COLUMNS = [api_keys.c[name] for name in ApiKey.__struct_fields__]
# The key with this digest, if it is not revoked, and its account.
AUTHENTICATE: Select[Any] = (
    select(api_keys.c.id, api_keys.c.secret_hash, api_keys.c.scopes, api_keys.c.expires_at, *ACCOUNT_COLUMNS)
    .join(accounts, accounts.c.id == api_keys.c.account_id)
    .where(
        api_keys.c.account_id == bindparam("account"),
        api_keys.c.secret_hash == bindparam("digest"),
        api_keys.c.revoked_at.is_(None),
    )
)
# Never to an earlier time than is there.
SET_LAST_USED = (
    update(api_keys)
    .where(
        api_keys.c.account_id == bindparam("account"),
        api_keys.c.id == bindparam("key"),
        api_keys.c.last_used_at.is_(None) | (api_keys.c.last_used_at < bindparam("at")),
    )
    .values(last_used_at=bindparam("at"))
)
GET: Select[Any] = select(*ACCOUNT_COLUMNS).where(accounts.c.id == bindparam("account"))
INSERT = accounts.insert().returning(*ACCOUNT_COLUMNS)
KEYS: Select[Any] = (
    select(*KEY_COLUMNS).where(api_keys.c.account_id == bindparam("account")).order_by(api_keys.c.id.desc())
)
INSERT_KEY = api_keys.insert().returning(*KEY_COLUMNS)
REVOKE = (
    update(api_keys)
    .where(
        api_keys.c.account_id == bindparam("account"),
        api_keys.c.id == bindparam("key"),
        api_keys.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("now"))
    .returning(*KEY_COLUMNS)
)
# Puts a key that was revoked in force again.
RESTORE = (
    update(api_keys)
    .where(api_keys.c.account_id == bindparam("account"), api_keys.c.secret_hash == bindparam("digest"))
    .values(revoked_at=None)
)


class StoredKey(NamedTuple):
    """Whose key it is, its digest as it is stored, and when it expires."""

    caller: Caller
    digest: bytes
    expires_at: datetime | None


def authenticate(tx: Tx, account_id: int, digest: bytes) -> StoredKey | None:
    """The caller whose unrevoked key has this digest."""
    return tx.row(AUTHENTICATE, _found, account=account_id, digest=digest)


def _found(key_id: int, digest: bytes, scopes: str, expires_at: datetime | None, *account: Any) -> StoredKey:
    return StoredKey(Caller(READ(*account), f"{KEY_ACTOR}{key_id}", _scopes(scopes), key_id), digest, expires_at)


@lru_cache
def _scopes(stored: str) -> frozenset[Scope]:
    """The scopes of a key, of which there are few combinations."""
    return frozenset(map(Scope, stored.split()))


def get(tx: Tx, account_id: int) -> Account:
    """One account, or NotFound."""
    account = tx.row(GET, READ, account=account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


def every(tx: Tx) -> list[Account]:
    """All accounts, oldest first."""
    return tx.rows(select(*ACCOUNT_COLUMNS).order_by(accounts.c.id), READ)


def oldest(tx: Tx) -> list[Account]:
    """The oldest account, if there is any."""
    return tx.rows(select(*ACCOUNT_COLUMNS).order_by(accounts.c.id).limit(1), READ)


def having(tx: Tx, table: Table, condition: ColumnElement[bool]) -> list[Account]:
    """The accounts with a row of ``table`` that meets the condition, oldest first: one look into an index for each."""
    its_row = exists().where(table.c.account_id == accounts.c.id, condition)
    return tx.rows(select(*ACCOUNT_COLUMNS).where(its_row).order_by(accounts.c.id), READ)


def insert(tx: Tx, values: Mapping[str, Any]) -> Account:
    """Writes a new account."""
    return tx.one(INSERT, READ, **values, created_at=tx.now, updated_at=tx.now)


def change(tx: Tx, account: Account, changes: Mapping[str, Any], version: int | None) -> Account:
    """Changes an account's settings; Conflict where ``version`` is stale."""
    statement = update(accounts).where(accounts.c.id == account.id)
    if version is not None:
        statement = statement.where(accounts.c.version == version)
    advanced = {**changes, "version": accounts.c.version + 1, "updated_at": tx.now}
    changed = tx.row(statement.values(advanced).returning(*ACCOUNT_COLUMNS), READ)
    if changed is None:
        raise rows.stale()
    return changed


def keys(tx: Tx, account: Account) -> list[ApiKey]:
    """The account's keys, newest first."""
    return tx.rows(KEYS, _key, account=account.id)


def insert_key(tx: Tx, account: Account, values: Mapping[str, Any]) -> ApiKey:
    """Writes a new key."""
    return tx.one(INSERT_KEY, _key, **values, account_id=account.id, created_at=tx.now)


def revoke(tx: Tx, account: Account, key_id: int) -> ApiKey:
    """Revokes a key for ever; NotFound where the account has no such key."""
    key = tx.row(REVOKE, _key, account=account.id, key=key_id, now=tx.now)
    if key is None:
        raise NotFound("There is no such key, or it is revoked already.")
    return key


def revoke_from_environment(tx: Tx, account: Account, *, except_digest: bytes | None) -> None:
    """Revokes the keys that came from the environment, but for the one that it gives now."""
    stale = (
        api_keys.c.account_id == account.id,
        api_keys.c.source == "environment",
        api_keys.c.revoked_at.is_(None),
    )
    statement = update(api_keys).where(*stale)
    if except_digest is not None:
        statement = statement.where(api_keys.c.secret_hash != except_digest)
    tx.write(statement.values(revoked_at=tx.now))


def working_admin_keys(tx: Tx, account: Account) -> list[ApiKey]:
    """The account's keys that may make others; nobody revokes one of them before this transaction ends."""
    is_in_time = api_keys.c.expires_at.is_(None) | (api_keys.c.expires_at > tx.now)
    is_admin = api_keys.c.scopes.contains(Scope.ADMIN)
    keys = select(*KEY_COLUMNS).where(*_unrevoked(account), is_in_time, is_admin).order_by(api_keys.c.id)
    return tx.rows(keys.with_for_update(), _key)


def only_unused_key(tx: Tx, account: Account, name: str) -> int | None:
    """The id of the account's only key that is not revoked, if it has this name and no key was ever used."""
    found = tx.rows(select(*KEY_COLUMNS).where(*_unrevoked(account)), _key)
    is_used = exists().where(api_keys.c.account_id == account.id, api_keys.c.last_used_at.is_not(None))
    has_acted = exists().where(events.c.account_id == account.id, events.c.actor.startswith(KEY_ACTOR))
    if len(found) != 1 or found[0].name != name or tx.one(select(is_used | has_acted), bool):
        return None
    return found[0].id


def _unrevoked(account: Account) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return api_keys.c.account_id == account.id, api_keys.c.revoked_at.is_(None)


def was_revoked_by_hand(tx: Tx, account: Account, digest: bytes) -> bool:
    """Whether somebody revoked the key with this digest: what the environment does to it is not in the record."""
    key = api_keys.c.account_id == account.id, api_keys.c.secret_hash == digest, api_keys.c.revoked_at.is_not(None)
    event = (
        events.c.account_id == account.id,
        events.c.subject_id == api_keys.c.id,
        events.c.type == Event.API_KEY_REVOKED,
    )
    return tx.row(select(api_keys.c.id).where(*key, exists().where(*event)), int) is not None


def set_last_used(tx: Tx, uses: Mapping[tuple[int, int], datetime]) -> None:
    """Writes when keys, each by its account and its id, were last used; never an earlier time than is there."""
    for (account_id, key_id), at in uses.items():
        tx.write(SET_LAST_USED, account=account_id, key=key_id, at=at)


def restore_key(tx: Tx, account: Account, digest: bytes) -> bool:
    """Puts the key with this digest in force again; False where the account never had it."""
    return bool(tx.write(RESTORE, account=account.id, digest=digest))


def _key(key_id: int, name: str, scopes: str, *rest: Any) -> ApiKey:
    return ApiKey(key_id, name, list(map(Scope, scopes.split())), *rest)
