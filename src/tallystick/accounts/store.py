"""The SQL of accounts and API keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Table, bindparam, exists, select, update

from tallystick.accounts.types import ApiKey, Caller, Scope
from tallystick.core.account import Account
from tallystick.core.errors import NotFound
from tallystick.core.events import Event
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.prepared import Prepared
from tallystick.store.tables import accounts, api_keys, events

KEY_ACTOR = "key:"
ACCOUNT_COLUMNS = rows.columns(accounts, Account)
READ = rows.reader(accounts, Account)
KEY_COLUMNS = [api_keys.c[name] for name in ApiKey.__struct_fields__]
AUTHENTICATE = Prepared(
    select(api_keys.c.id, api_keys.c.secret_hash, api_keys.c.scopes, api_keys.c.expires_at, *ACCOUNT_COLUMNS)
    .join(accounts, accounts.c.id == api_keys.c.account_id)
    .where(
        api_keys.c.account_id == bindparam("account"),
        api_keys.c.secret_hash == bindparam("digest"),
        api_keys.c.revoked_at.is_(None),
    )
)
SET_LAST_USED = (
    update(api_keys)
    .where(
        api_keys.c.account_id == bindparam("account"),
        api_keys.c.id == bindparam("key"),
        api_keys.c.last_used_at.is_(None) | (api_keys.c.last_used_at < bindparam("at")),
    )
    .values(last_used_at=bindparam("at"))
)
GET = select(*ACCOUNT_COLUMNS).where(accounts.c.id == bindparam("account"))


class Found(NamedTuple):
    """Whose key it is, its digest as it is stored, and when it expires."""

    caller: Caller
    digest: bytes
    expires_at: datetime | None


def authenticate(tx: Tx, account_id: int, digest: bytes) -> Found | None:
    """The caller whose unrevoked key has this digest."""
    row = AUTHENTICATE.one_or_none(tx, {"account": account_id, "digest": digest})
    if row is None:
        return None
    scopes = frozenset(map(Scope, row[2].split()))
    return Found(Caller(READ(*row[4:]), f"{KEY_ACTOR}{row[0]}", scopes, row[0]), row[1], row[3])


def get(tx: Tx, account_id: int) -> Account:
    """One account, or NotFound."""
    row = tx.execute(GET, {"account": account_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such account.")
    return READ(*row)


def every(tx: Tx) -> list[Account]:
    """All accounts, oldest first."""
    return [READ(*row) for row in tx.execute(select(*ACCOUNT_COLUMNS).order_by(accounts.c.id))]


def having(tx: Tx, table: Table, condition: ColumnElement[bool]) -> list[Account]:
    """The accounts with a row of ``table`` that meets the condition, oldest first: one look into an index for each."""
    its_row = exists().where(table.c.account_id == accounts.c.id, condition)
    query = select(*ACCOUNT_COLUMNS).where(its_row).order_by(accounts.c.id)
    return [READ(*row) for row in tx.execute(query)]


def insert(tx: Tx, values: Mapping[str, Any]) -> Account:
    """Writes a new account."""
    stamped = {**values, "created_at": tx.now, "updated_at": tx.now}
    return READ(*tx.execute(accounts.insert().returning(*ACCOUNT_COLUMNS), stamped).one())


def change(tx: Tx, account: Account, changes: Mapping[str, Any], version: int | None) -> Account:
    """Changes an account's settings; Conflict where ``version`` is stale."""
    statement = update(accounts).where(accounts.c.id == account.id)
    if version is not None:
        statement = statement.where(accounts.c.version == version)
    advanced = {**changes, "version": accounts.c.version + 1, "updated_at": tx.now}
    row = tx.execute(statement.values(advanced).returning(*ACCOUNT_COLUMNS)).one_or_none()
    if row is None:
        raise rows.stale()
    return READ(*row)


def keys(tx: Tx, account: Account) -> list[ApiKey]:
    """The account's keys, newest first."""
    found = tx.execute(select(*KEY_COLUMNS).where(api_keys.c.account_id == account.id).order_by(api_keys.c.id.desc()))
    return [_key(row) for row in found]


def insert_key(tx: Tx, account: Account, values: Mapping[str, Any]) -> ApiKey:
    """Writes a new key."""
    stamped = {**values, "account_id": account.id, "created_at": tx.now}
    return _key(tx.execute(api_keys.insert().returning(*KEY_COLUMNS), stamped).one())


def revoke(tx: Tx, account: Account, key_id: int) -> ApiKey:
    """Revokes a key for ever; NotFound where the account has no such key."""
    statement = (
        update(api_keys)
        .where(api_keys.c.account_id == account.id, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=tx.now)
        .returning(*KEY_COLUMNS)
    )
    row = tx.execute(statement).one_or_none()
    if row is None:
        raise NotFound("There is no such key, or it is revoked already.")
    return _key(row)


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
    tx.execute(statement.values(revoked_at=tx.now))


def working_admin_keys(tx: Tx, account: Account) -> list[int]:
    """The ids of the account's keys that may make others; nobody revokes one of them before this transaction ends."""
    is_in_time = api_keys.c.expires_at.is_(None) | (api_keys.c.expires_at > tx.now)
    is_admin = api_keys.c.scopes.contains(Scope.ADMIN)
    found = tx.execute(
        select(api_keys.c.id)
        .where(*_unrevoked(account), is_in_time, is_admin)
        .order_by(api_keys.c.id)
        .with_for_update()
    )
    return list(found.scalars())


def only_unused_key(tx: Tx, account: Account, name: str) -> int | None:
    """The id of the account's only key that is not revoked, if it has this name and no key was ever used."""
    found = tx.all(select(api_keys.c.id, api_keys.c.name).where(*_unrevoked(account)))
    is_used = exists().where(api_keys.c.account_id == account.id, api_keys.c.last_used_at.is_not(None))
    has_acted = exists().where(events.c.account_id == account.id, events.c.actor.startswith(KEY_ACTOR))
    if len(found) != 1 or found[0].name != name or tx.execute(select(is_used | has_acted)).scalar_one():
        return None
    key_id: int = found[0].id
    return key_id


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
    return tx.execute(select(api_keys.c.id).where(*key, exists().where(*event))).first() is not None


def set_last_used(tx: Tx, uses: Mapping[tuple[int, int], datetime]) -> None:
    """Writes when keys, each by its account and its id, were last used; never an earlier time than is there."""
    tx.execute(SET_LAST_USED, [{"account": account, "key": key, "at": at} for (account, key), at in uses.items()])


def restore_key(tx: Tx, account: Account, digest: bytes) -> bool:
    """Puts the key with this digest in force again; False where the account never had it."""
    statement = update(api_keys).where(api_keys.c.account_id == account.id, api_keys.c.secret_hash == digest)
    return bool(tx.execute(statement.values(revoked_at=None)).rowcount)


def _key(row: Row[Any]) -> ApiKey:
    named = row._asdict()
    return ApiKey(**{**named, "scopes": [Scope(scope) for scope in named["scopes"].split()]})
