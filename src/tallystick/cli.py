"""The command line: ``tallystick serve``, ``tallystick keys``, ``tallystick accounts``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from tallystick import config, serve
from tallystick.accounts import ops as accounts
from tallystick.accounts import store as account_store
from tallystick.accounts.types import Scope
from tallystick.core.errors import DomainError
from tallystick.store.db import Database, Tx
from tallystick.store.migrate import NewerDatabase, migrate
from tallystick.store.secrets import FIRST_ACCOUNT_ID

T = TypeVar("T")
ACTOR = "command line"
app = typer.Typer(no_args_is_help=True, add_completion=False, help="A self-hosted billing server.")
keys = typer.Typer(no_args_is_help=True, help="API keys.")
account_commands = typer.Typer(no_args_is_help=True, help="The businesses that send bills.")
app.add_typer(keys, name="keys")
app.add_typer(account_commands, name="accounts")

AccountId = Annotated[int, typer.Option("--account", help="The id of the account.")]


def main() -> None:
    """Runs the command line, and says in one sentence what went wrong and what to do."""
    try:
        app()
    except (config.BadSetting, NewerDatabase, DomainError) as error:
        Console(stderr=True).print(f"tallystick: {error}", style="red", highlight=False)
        raise SystemExit(1) from None


@app.command("serve")
def serve_command(
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one needs PostgreSQL.")] = 1,
) -> None:
    """Start the server: migrates the database, and prints the key when it makes one."""
    settings = config.from_environment()
    with opened(settings.database_url) as database:
        if workers > 1 and database.is_sqlite:
            raise config.BadSetting("--workers: SQLite is served by one process. Set DATABASE_URL to a PostgreSQL.")
        new_key = database.transact(ACTOR, lambda tx: accounts.first_start(tx, settings.api_key))
    _welcome(settings, new_key)
    serve.run(settings, workers=workers)


def _welcome(settings: config.Settings, new_key: str | None) -> None:
    origin = settings.origin
    key = new_key or settings.api_key or "$API_KEY"
    if new_key:
        print(f"Your API key, shown this once: {new_key}\n")
    curl = f"curl -H 'X-API-Key: {key}'" if key != "$API_KEY" else 'curl -H "X-API-Key: $API_KEY"'
    json = "-H 'Content-Type: application/json'"
    item = '{"description": "Consulting", "quantity": 5, "unit_price": 80, "tax_rate": 20}'
    print(f"Tallystick serves {settings.database_url.partition('://')[0]} at {origin}; its API is at {origin}/docs.")
    print("Try:\n")
    print(f"""{curl} {json} {origin}/api/v1/customers -d '{{"name": "John Doe"}}'""")
    print(f"""{curl} {json} {origin}/api/v1/invoices -d '{{"customer_id": 1, "items": [{item}]}}'""")
    print(f"{curl} -X POST {origin}/api/v1/invoices/1/publish\n", flush=True)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="read, write or admin.")] = None,
    account: AccountId = FIRST_ACCOUNT_ID,
) -> None:
    """Make a key and print its secret, this once."""
    _key, secret = _in_account(account, lambda tx, owner: accounts.create_key(tx, owner, name, scope or [Scope.WRITE]))
    print(secret)


@keys.command("list")
def list_keys(account: AccountId = FIRST_ACCOUNT_ID) -> None:
    """List the keys, without their secrets."""
    table = Table("id", "name", "scopes", "begins", "made", "revoked")
    for key in _in_account(account, account_store.keys):
        revoked = key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else ""
        made = key.created_at.isoformat(timespec="seconds")
        table.add_row(str(key.id), key.name, " ".join(key.scopes), key.hint, made, revoked)
    Console().print(table)


@keys.command("revoke")
def revoke_key(key_id: int, account: AccountId = FIRST_ACCOUNT_ID) -> None:
    """Revoke a key, for ever and at once."""
    key = _in_account(account, lambda tx, owner: accounts.revoke_key(tx, owner, key_id))
    print(f"Revoked the key {key.id}, {key.name}.")


@account_commands.command("create")
def create_account(name: Annotated[str, typer.Argument(help="The business' name.")]) -> None:
    """Make an account and an admin key for it, whose secret is printed this once."""

    def make(tx: Tx) -> tuple[int, str]:
        account = accounts.create(tx, name)
        return account.id, accounts.create_key(tx, account, "first key", [Scope.ADMIN])[1]

    account_id, secret = _in_database(make)
    print(f"Made the account {account_id}. Its key, shown this once: {secret}")


@account_commands.command("list")
def list_accounts() -> None:
    """List the accounts."""
    table = Table("id", "name", "currency", "time zone")
    for account in _in_database(account_store.every):
        table.add_row(str(account.id), account.name, account.currency, account.timezone)
    Console().print(table)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at the URL, migrated, for the time of the block."""
    database = Database(url)
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def _in_database(work: Callable[[Tx], T]) -> T:
    with opened(config.from_environment().database_url) as database:
        return database.transact(ACTOR, work)


def _in_account(account_id: int, work: Callable[[Tx, Any], T]) -> T:
    return _in_database(lambda tx: work(tx, account_store.get(tx, account_id)))
