"""``tallystick usage``: events from files."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer

from tallystick import config
from tallystick.accounts import store as account_store
from tallystick.commands.common import ACTOR, AccountId
from tallystick.console import AsJson, progress, show_json, watched
from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors, Malformed
from tallystick.core.legible import legible
from tallystick.opening import check_seal_key, existing
from tallystick.recurring import forgetting
from tallystick.store.db import Database, Tx
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.usage import ops
from tallystick.usage.events import Incoming
from tallystick.usage.ops import Taken

EVENTS_AT_ONCE = 5_000
MOST_SHOWN = 1_000
PROPERTY = "properties."
KINDS = (".csv", ".jsonl")

app = typer.Typer(no_args_is_help=True, help="Usage events.")


class FileLine(NamedTuple):
    """An event of a file, as JSON, and the number of its line."""

    number: int
    event: bytes


class RefusedLine(msgspec.Struct, frozen=True):
    """What is wrong with a line."""

    line: int
    errors: FieldErrors


class Stopped(Exception):
    """Carries what is wrong out of the transaction that it rolls back."""

    def __init__(self, rejected: dict[int, FieldErrors]) -> None:
        super().__init__()
        self.rejected = rejected


class Loaded(msgspec.Struct):
    """What became of a file's events; ``rejected`` shows the first thousand that were wrong."""

    accepted: int = 0
    duplicates: int = 0
    kept: int = 0
    wrong: int = 0
    rejected: list[RefusedLine] = []

    def refuse(self, line: int, errors: FieldErrors) -> None:
        """Counts an event that is wrong."""
        self.wrong += 1
        if len(self.rejected) < MOST_SHOWN:
            self.rejected.append(RefusedLine(line, errors))


@app.callback()
def usage() -> None:
    """Usage events."""


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="Events: a .jsonl with one a line, or a .csv.")],
    account: AccountId = FIRST_ACCOUNT_ID,
    partial: Annotated[bool, typer.Option("--partial", help="Pass over what is wrong, in place of stopping.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take in the usage events of a file, each id once: it may be loaded again.

    A .csv has the fields of an event as its header, and properties as `properties.color`.
    """
    if file.suffix not in KINDS:
        raise typer.BadParameter(f"Must end in {' or '.join(KINDS)}.", param_hint="file")
    with existing(config.from_environment()) as database:
        check_seal_key(database)
        with database.read() as tx:
            owner = account_store.get(tx, account)
        loaded = _load(database, owner, file, partial=partial)
    _show(loaded, as_json=as_json)
    if loaded.wrong:
        raise typer.Exit(1)


class ForgottenEvents(msgspec.Struct):
    """How many events are gone, and up to which day they are forgotten."""

    events: int
    forgotten_until: date


@app.command()
def forget(
    before: Annotated[datetime, typer.Option(formats=["%Y-%m"], help="The first month to keep, as 2026-01.")],
    account: AccountId = FIRST_ACCOUNT_ID,
    as_json: AsJson = False,
) -> None:
    """Forget the usage events before a month, once all of them are billed, and keep what each month came to.

    Reports then have those months by customer and meter. Invoices keep their lines, without the events behind them.
    """
    day = before.date()
    with existing(config.from_environment()) as database:
        check_seal_key(database)
        with database.read() as tx:
            owner = account_store.get(tx, account)
            forgetting.check_day(day, owner.today(tx.now))
        events = _forget(database, owner, day)
    gone = ForgottenEvents(events, day - timedelta(days=1))
    if as_json:
        show_json(gone)
    else:
        print(f"{gone.events} events are gone; what was used up to {gone.forgotten_until} is forgotten.")


def _forget(database: Database, account: Account, day: date) -> int:
    events = 0
    with progress() as bars, watched(bars, "Events", None) as advance:
        for gone in forgetting.forget(database, ACTOR, account, day):
            events += gone
            advance(gone)
    return events


def _load(database: Database, account: Account, file: Path, *, partial: bool) -> Loaded:
    """Takes in the events, some thousands in each transaction, until some are wrong, unless it is ``partial``."""
    loaded, lines = Loaded(), _lines(file)
    with progress() as bars, watched(bars, "Events", _length(file)) as advance:
        while some := list(islice(lines, EVENTS_AT_ONCE)):
            _take(database, account, some, loaded, partial=partial)
            advance(len(some))
            if loaded.wrong and not partial:
                break
    return loaded


def _take(database: Database, account: Account, lines: list[FileLine], loaded: Loaded, *, partial: bool) -> None:
    read = _read(lines)

    def take(tx: Tx) -> Taken:
        taken = ops.take(tx, account, read, needs_customer=True)
        refused = taken.refused(account)
        if refused and not partial:
            raise Stopped(refused)
        return taken

    try:
        taken = database.usage.transact(ACTOR, take)
    except Stopped as stopped:
        taken = Taken(0, 0, stopped.rejected, frozenset(), frozenset())
    loaded.accepted += taken.accepted
    loaded.duplicates += taken.duplicates
    refused = taken.refused(account)
    loaded.kept += len(taken.rejected) - len(refused)
    for place, errors in refused.items():
        loaded.refuse(lines[place].number, errors)


def _read(lines: list[FileLine]) -> Incoming:
    """The events of some lines; of a line that is not one, what is wrong with it."""
    read = Incoming(events={}, errors={}, is_one=False)
    for place, line in enumerate(lines):
        try:
            one = Incoming.read(line.event, is_strict=True)
        except Malformed as error:
            read.errors[place] = {"event": [error.reason]}
            continue
        if not one.is_one:
            read.errors[place] = {"event": ["Must be one event, in braces."]}
        elif one.errors:
            read.errors[place] = one.errors[0]
        else:
            read.events[place] = one.events[0]
    return read


def _lines(file: Path) -> Iterator[FileLine]:
    return _of_csv(file) if file.suffix == ".csv" else _of_jsonl(file)


def _of_jsonl(file: Path) -> Iterator[FileLine]:
    with file.open("rb") as content:
        for number, line in enumerate(content, 1):
            if line.strip():
                yield FileLine(number, line.strip())


def _of_csv(file: Path) -> Iterator[FileLine]:
    with file.open(encoding="utf-8-sig", newline="") as content:
        reader = csv.DictReader(content, restkey="more columns than the header")
        for row in reader:
            event: dict[str, object] = {name: cell for name, cell in row.items() if cell and not _is_property(name)}
            properties = {name[len(PROPERTY) :]: cell for name, cell in row.items() if cell and _is_property(name)}
            if properties:
                event["properties"] = properties
            yield FileLine(reader.line_num, msgspec.json.encode(event))


def _is_property(name: str) -> bool:
    return name.startswith(PROPERTY)


def _length(file: Path) -> int:
    with file.open("rb") as content:
        return sum(1 for _line in content)


def _show(loaded: Loaded, *, as_json: bool) -> None:
    if as_json:
        show_json(loaded)
        return
    print(f"{loaded.accepted} events are new, {loaded.duplicates} had come before, {loaded.wrong} are wrong.")
    if loaded.kept:
        print(f"{loaded.kept} are kept until their customers and meters are there: GET /usage/rejected.")
    for each in loaded.rejected:
        said = "; ".join(f"{field}: {' '.join(sentences)}" for field, sentences in each.errors.items())
        print(f"Line {each.line}: {legible(said)}")
