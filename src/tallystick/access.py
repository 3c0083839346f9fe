"""The command line's part for accounts and their API keys."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from tallystick import config
from tallystick.accounts import ops, store
from tallystick.accounts.types import ApiKey, Scope
from tallystick.console import AsJson, show, show_json
from tallystick.core.legible import legible
from tallystick.opening import check_seal_key, existing
from tallystick.store.db import Tx
from tallystick.store.secrets import FIRST_ACCOUNT_ID

T = TypeVar("T")
ACTOR = "command line"
AccountId = Annotated[int, typer.Option("--account", help="The id of the account.")]

keys = typer.Typer(no_args_is_help=True, help="API keys.")
accounts = typer.Typer(no_args_is_help=True, help="The businesses that send bills.")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="read, write or admin; write without it.")] = None,
    account: AccountId = FIRST_ACCOUNT_ID,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day, in UTC, from which on it opens nothing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print its secret, this once."""
    scopes = scope or [Scope.WRITE]
    expires_at = expires and expires.replace(tzinfo=UTC)
    key, secret = _in_account(account, lambda tx, owner: ops.create_key(tx, owner, name, scopes, expires_at))
    if as_json:
        show_json({**msgspec.structs.asdict(key), "key": secret})
    else:
        print(secret)


@keys.command("list")
def list_keys(account: AccountId = FIRST_ACCOUNT_ID, as_json: AsJson = False) -> None:
    """List the keys, newest first, without their secrets."""
    found = _in_account(account, store.keys)
    show([msgspec.structs.asdict(key) for key in found], ApiKey.__struct_fields__, as_json=as_json)


@keys.command("revoke")
def revoke_key(key_id: int, account: AccountId = FIRST_ACCOUNT_ID) -> None:
    """Revoke a key, for ever and at once."""
    key = _in_account(account, lambda tx, owner: ops.revoke_key(tx, owner, key_id))
    print(f"Revoked the key {key.id}, {legible(key.name)}.")


@accounts.command("create")
def create_account(
    name: Annotated[str, typer.Argument(help="The business' name.")],
    as_json: AsJson = False,
) -> None:
    """Make an account and an admin key for it, whose secret is printed this once."""

    def make(tx: Tx) -> tuple[int, str]:
        account = ops.create(tx, name)
        return account.id, ops.create_key(tx, account, ops.FIRST_KEY, [Scope.ADMIN])[1]

    account_id, secret = _in_database(make)
    if as_json:
        show_json({"id": account_id, "name": name, "key": secret})
    else:
        print(f"Made the account {account_id}. Its key, shown this once: {secret}")


@accounts.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts."""
    rows = [
        {"id": each.id, "name": each.seller.name, "currency": each.currency, "timezone": each.timezone}
        for each in _in_database(store.every)
    ]
    show(rows, ("id", "name", "currency", "timezone"), as_json=as_json)


def _in_database(work: Callable[[Tx], T]) -> T:
    with existing(config.from_environment()) as database:
        check_seal_key(database)
        return database.transact(ACTOR, work)


def _in_account(account_id: int, work: Callable[[Tx, Any], T]) -> T:
    return _in_database(lambda tx: work(tx, store.get(tx, account_id)))
