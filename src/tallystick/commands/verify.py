"""``tallystick verify``: works out the books again."""

import sys
from collections.abc import Sequence
from functools import partial
from itertools import chain as both
from typing import Annotated

import typer

from tallystick import config
from tallystick.commands.common import OneOrAll, owners
from tallystick.console import AsJson, progress, show_json, watched
from tallystick.core.legible import legible
from tallystick.opening import existing
from tallystick.store.seals import BEFORE_THE_FIRST
from tallystick.verify import chain, checks, records

app = typer.Typer()


@app.command()
def command(
    account: OneOrAll = None,
    head: Annotated[
        list[str] | None, typer.Option(help="The hash of a seal that was kept elsewhere: is it still in the chain?")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Work out every bill, balance, number and seal again, and print each difference; exit 1 where there is one."""
    kept = [_hash(text) for text in head or []]
    found = []
    with existing(config.from_environment()) as database, database.read() as tx, progress() as bars:
        looked_at = owners(tx, account)
        lost = chain.lost_heads(tx, looked_at, kept)
        for difference in both(lost, checks.differences(tx, looked_at, partial(watched, bars))):
            found.append(difference._asdict())
            if not as_json:
                print(legible(str(difference)))
        bills = checks.counted_bills(tx, looked_at)
        notes = [note for owner in looked_at for note in (*chain.notes(tx, owner), *records.notes(tx, owner))]
    if as_json:
        counts = {"accounts": len(looked_at), "bills": bills}
        show_json({"ok": not found, **counts, "differences": found, "notes": notes})
    else:
        _tell(notes, f"ok: accounts {len(looked_at):,}, bills {bills:,}" if not found else "")
    if found:
        raise typer.Exit(1)


def _tell(notes: Sequence[str], outcome: str) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    if outcome:
        print(outcome)


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != len(BEFORE_THE_FIRST):
        raise typer.BadParameter("Must be the hash of a seal: 64 hexadecimal digits.", param_hint="--head")
    return found
