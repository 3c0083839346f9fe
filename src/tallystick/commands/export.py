"""``tallystick export``: an account as lines."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tallystick import config
from tallystick.accounts import store
from tallystick.commands.common import AccountId
from tallystick.console import counting
from tallystick.opening import existing
from tallystick.store.backup import new_file
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.transfer import writing

app = typer.Typer()


@app.command()
def command(
    file: Annotated[Path | None, typer.Argument(help="A new file; the standard output without it.")] = None,
    account: AccountId = FIRST_ACCOUNT_ID,
) -> None:
    """Write everything of an account as JSON Lines, to move it to another database."""
    with existing(config.from_environment()) as database, database.read() as tx:
        lines = writing.lines(tx, store.get(tx, account))
        if file is None:
            sys.stdout.buffer.writelines(lines)
        else:
            with new_file(file) as part, part.open("wb") as output, counting("lines written") as counted:
                output.writelines(counted(lines))
