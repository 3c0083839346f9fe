"""``tallystick accounts``: the businesses that send bills."""

from typing import Annotated

import typer

from tallystick.accounts import ops, store
from tallystick.accounts.types import Scope
from tallystick.commands.common import in_database
from tallystick.console import AsJson, show, show_json
from tallystick.store.db import Tx

app = typer.Typer(no_args_is_help=True, help="The businesses that send bills.")


@app.command("create")
def create_account(
    name: Annotated[str, typer.Argument(help="The business' name.")],
    as_json: AsJson = False,
) -> None:
    """Make an account and an admin key for it, whose secret is printed this once."""

    def make(tx: Tx) -> tuple[int, str]:
        account = ops.create(tx, name)
        return account.id, ops.create_key(tx, account, ops.FIRST_KEY, [Scope.ADMIN])[1]

    account_id, secret = in_database(make)
    if as_json:
        show_json({"id": account_id, "name": name, "key": secret})
    else:
        print(f"Made the account {account_id}. Its key, shown this once: {secret}")


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts."""
    rows = [
        {"id": each.id, "name": each.seller.name, "currency": each.currency, "timezone": each.timezone}
        for each in in_database(store.every)
    ]
    show(rows, ("id", "name", "currency", "timezone"), as_json=as_json)
