"""``tallystick keys``: the API keys of an account."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from tallystick.accounts import ops, store
from tallystick.accounts.types import ApiKey, Scope
from tallystick.commands.common import AccountId, in_account
from tallystick.console import AsJson, show, show_json
from tallystick.core.legible import legible
from tallystick.store.secrets import FIRST_ACCOUNT_ID

app = typer.Typer(no_args_is_help=True, help="API keys.")


@app.command("create")
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
    key, secret = in_account(account, lambda tx, owner: ops.create_key(tx, owner, name, scopes, expires_at))
    if as_json:
        show_json({**msgspec.structs.asdict(key), "key": secret})
    else:
        print(secret)


@app.command("list")
def list_keys(account: AccountId = FIRST_ACCOUNT_ID, as_json: AsJson = False) -> None:
    """List the keys, newest first, without their secrets."""
    found = in_account(account, store.keys)
    show([msgspec.structs.asdict(key) for key in found], ApiKey.__struct_fields__, as_json=as_json)


@app.command("revoke")
def revoke_key(key_id: int, account: AccountId = FIRST_ACCOUNT_ID) -> None:
    """Revoke a key, for ever and at once."""
    key = in_account(account, lambda tx, owner: ops.revoke_key(tx, owner, key_id))
    print(f"Revoked the key {key.id}, {legible(key.name)}.")
