"""``tallystick import``: an account from the lines of an export."""

import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tallystick import config
from tallystick.commands.common import ACTOR
from tallystick.console import counting
from tallystick.opening import opened
from tallystick.transfer import reading

app = typer.Typer()


@app.command()
def command(
    file: Annotated[Path | None, typer.Argument(help="An export; the standard input without it.")] = None,
) -> None:
    """Read an export into a database that does not have its account yet: all of it or nothing."""
    with (
        file.open("rb") if file else nullcontext(sys.stdin.buffer) as lines,
        opened(config.from_environment()) as database,
        counting("lines read") as counted,
        database.transaction(ACTOR) as tx,
    ):
        usage = partial(database.usage.transaction, ACTOR) if database.is_sqlite else None
        imported = reading.load(tx, counted(lines), usage)
    print(f"Imported the account {imported.account_id}: {imported.rows:,} rows.")
