"""``tallystick serve``: the server."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated

import typer
from sqlalchemy import make_url

from tallystick import config, serve
from tallystick.accounts import ops as accounts
from tallystick.commands.common import ACTOR
from tallystick.commands.service import started_again
from tallystick.listener import listen
from tallystick.opening import opened, served_alone
from tallystick.store.trouble import fault_of_sqlite, sqlite_file

REVOKED = "API_KEY: This key was revoked, and opens nothing. Set another one: `openssl rand -base64 32`."
NO_WORKER = "No worker runs in this server. Start `tallystick worker` beside it, or no schedule is billed."

app = typer.Typer()


@app.command()
@started_again()
def command(
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one needs PostgreSQL.")] = 1,
    worker: Annotated[
        bool | None,
        typer.Option(
            "--worker/--no-worker", help="Do the work of `tallystick worker` in each process too; by default on SQLite."
        ),
    ] = None,
) -> None:
    """Start the server: migrates the database, and prints the key when it makes one."""
    settings = config.from_environment()
    # Before the database is touched: a server that cannot listen must leave its keys as they are.
    with listen(settings) as listener, ExitStack() as held:
        with opened(settings) as database:
            held.enter_context(served_alone(settings.database_url))
            if workers > 1 and database.is_sqlite:
                raise config.BadSetting("--workers: SQLite is served by one process. Set DATABASE_URL to a PostgreSQL.")
            start = database.transact(ACTOR, lambda tx: accounts.first_start(tx, settings.api_key))
        with_worker = database.is_sqlite if worker is None else worker
        _welcome(settings, start.new_key)
        for note in _notes(start, is_sqlite=database.is_sqlite, with_worker=with_worker):
            print(note, file=sys.stderr)
        serve.run(listener, workers=workers, with_worker=with_worker)


def _notes(start: accounts.FirstStart, *, is_sqlite: bool, with_worker: bool) -> Iterator[str]:
    """What whoever starts the server must know, a line each."""
    if start.is_environment_key_revoked:
        yield REVOKED
    if not with_worker:
        yield NO_WORKER
    fault = fault_of_sqlite() if is_sqlite else None
    if fault:
        yield fault


def _welcome(settings: config.ProcessSettings, new_key: str | None) -> None:
    origin = settings.origin
    if new_key:
        print(f"Your API key, shown this once: {new_key}\n")
    print(f"Tallystick serves {_named(settings.database_url)} at {origin}; its API is at {origin}/docs.")
    print("Try:\n")
    if new_key:
        print(f"export API_KEY='{new_key}'")
    # Nothing that writes: the README's tour begins with an empty database.
    print(f'curl -H "X-API-Key: $API_KEY" {origin}/api/v1/settings\n', flush=True)


def _named(database_url: str) -> str:
    """The database for people: its file's whole path, or its URL without what may be secret."""
    file = sqlite_file(database_url)
    return str(file) if file else make_url(database_url).set(query={}).render_as_string(hide_password=True)
