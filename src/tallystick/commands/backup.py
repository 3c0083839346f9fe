"""``tallystick backup``: a copy of a SQLite database."""

from pathlib import Path
from typing import Annotated

import typer

from tallystick import config
from tallystick.console import AsJson, show_json
from tallystick.store.backup import CannotBackUp, back_up, heads
from tallystick.store.trouble import explained, sqlite_file

app = typer.Typer()


@app.command()
def command(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    as_json: AsJson = False,
) -> None:
    """Copy a SQLite database to a file, while it is in use."""
    url = config.from_environment().database_url
    source = sqlite_file(url)
    if source is None:
        raise CannotBackUp("A PostgreSQL is backed up by its own pg_dump, or by archiving its WAL: see docs/backup.md.")
    with explained(url):
        back_up(source, file)
    newest = {account_id: seal.hex() for account_id, seal in heads(file)}
    if as_json:
        show_json({"database": str(source), "file": str(file), "heads": newest})
        return
    print(f"Backed up {source} to {file}.")
    for account_id, seal in newest.items():
        print(f"The newest seal of account {account_id}: {seal}")
