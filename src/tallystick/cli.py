"""The command line: the server, its accounts and keys, and the care of the data."""

import logging
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import date, datetime
from functools import partial
from itertools import chain as both
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import make_url

from tallystick import __version__, access, config, demo, misuse, printing, serve, usage_commands
from tallystick.access import ACTOR, AccountId
from tallystick.accounts import ops as accounts
from tallystick.accounts import store as account_store
from tallystick.console import AsJson, counting, progress, show, show_json, watched
from tallystick.core.account import Account
from tallystick.core.errors import DomainError, Unavailable
from tallystick.core.legible import legible
from tallystick.listener import AddressBusy, listen
from tallystick.opening import check_seal_key, existing, opened, served_alone
from tallystick.recurring import billing, rules
from tallystick.recurring import store as recurring
from tallystick.recurring.types import Outcome, RunRequest
from tallystick.store.backup import CannotBackUp, back_up, heads, new_file
from tallystick.store.db import Database, utc_now
from tallystick.store.migrate import NewerDatabase, OlderDatabase
from tallystick.store.seals import BEFORE_THE_FIRST, WrongSealKey
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.store.trouble import DatabaseAway, DatabaseTrouble, explained, fault_of_sqlite, sqlite_file
from tallystick.transfer import reading, writing
from tallystick.transfer.reading import BadExport
from tallystick.verify import chain, checks, records
from tallystick.worker import Worker

T = TypeVar("T")
OWNER_ALONE = 0o077
"""The umask: what the program writes, databases, backups and exports, nobody else may read."""
app = typer.Typer(no_args_is_help=True)
app.add_typer(access.keys, name="keys")
app.add_typer(access.accounts, name="accounts")
app.add_typer(usage_commands.app, name="usage")
app.command("pdf")(printing.pdf_command)

REFUSALS = (
    *(config.BadSetting, DatabaseTrouble, NewerDatabase, OlderDatabase),
    *(WrongSealKey, CannotBackUp, BadExport),
)
PASSING = (AddressBusy, DatabaseAway, OlderDatabase, Unavailable)
"""What may be gone when a service is started again."""
CANNOT = 2
REVOKED = "API_KEY: This key was revoked, and opens nothing. Set another one: `openssl rand -base64 32`."
COUNTED = ("schedules", "invoices", "nothing_to_bill", "failed")
NO_WORKER = "No worker runs in this server. Start `tallystick worker` beside it, or no schedule is billed."


def main() -> None:
    """Runs the command line, and says in one line what went wrong and what to do.

    The exit code is 1 where a command found what it looked for, as `verify` does, and where a service may be started
    again; and 2 where it could not be done.
    """
    os.umask(OWNER_ALONE)
    try:
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        told = misuse.sentence(error)
        # Where it was called without a command, its help is printed already.
        _refuse(told) if told else sys.exit(CANNOT)
    except DomainError as error:
        _refuse(error.reason)
    except REFUSALS as error:
        _refuse(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        _refuse(f"{error.filename}: {error.strerror}.")


def _refuse(reason: str, *, status: int = CANNOT) -> NoReturn:
    console = Console(stderr=True)
    console.print(f"tallystick: {reason}", style="red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(status) from None


@contextmanager
def _started_again() -> Iterator[None]:
    """Ends with 1 what passes by itself: of a service, for whoever keeps it running starts it again."""
    try:
        yield
    except PASSING as error:
        _refuse(str(error), status=1)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        print(f"tallystick {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A self-hosted billing server."""


@app.command("serve")
@_started_again()
def serve_command(
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


@app.command("demo")
@_started_again()
def demo_command() -> None:
    """Start the server on a throw-away database that holds a year of business."""
    # Stopped while it still fills the database, it must remove its folder all the same.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="tallystick-demo-") as folder:
        # The server's processes read their settings here.
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'demo.db'}"
        settings = config.from_environment()
        with listen(settings) as listener:
            print("Doing a year of business, which takes some seconds.", file=sys.stderr, flush=True)
            demo.fill(settings.database_url, utc_now())
            _welcome_to_demo(settings)
            serve.run(listener, workers=1, with_worker=True)


def _welcome_to_demo(settings: config.ProcessSettings) -> None:
    api = f"{settings.origin}/api/v1"
    curl = f"curl -H 'X-API-Key: {demo.API_KEY}'"
    print(f"Tallystick shows a year of made-up business at {settings.origin}; its API is at {settings.origin}/docs.")
    print("All of it is gone when you stop the server. Try:\n")
    print(f"{curl} '{api}/invoices?status=overdue&sort=due_date&order=asc'")
    print(f"{curl} {api}/customers/1")
    print(f"{curl} {api}/invoices/1\n", flush=True)


@app.command("worker")
@_started_again()
def worker_command() -> None:
    """Bill what is due and tidy up, until stopped; on PostgreSQL there may be several."""
    with existing(config.from_environment()) as database:
        check_seal_key(database)
        # Once the schema was looked at, of which Alembic would tell.
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        worker = Worker(database)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: worker.stop())
        worker.run()


@app.command("process")
def process_command(
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Bill up to this day; today without it.")
    ] = None,
    account: Annotated[int | None, typer.Option("--account", help="The id of one account; all without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bill every period that is due, exactly once; exit 1 where a schedule could not be billed."""
    rows = []
    failures: list[str] = []
    with existing(config.from_environment()) as database, progress() as bars:
        check_seal_key(database)
        for owner in _owners(database, account):
            counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
            for outcome in _billed(database, owner, as_of.date() if as_of else None, bars):
                failures += (f"account {owner.id}, schedule {each.id}: {each.reason}" for each in outcome.failures)
                counts.update(
                    schedules=outcome.processed,
                    invoices=len(outcome.invoices),
                    nothing_to_bill=outcome.skipped,
                    failed=len(outcome.failures),
                )
            rows.append({"account": owner.id, **counts})
    show(rows, ("account", *COUNTED), as_json=as_json)
    if failures:
        print("\n".join(failures), file=sys.stderr if as_json else sys.stdout)
        raise typer.Exit(1)


def _billed(database: Database, owner: Account, day: date | None, bars: Progress) -> Iterator[Outcome]:
    """Bills what is due for one account, and answers what each batch did."""
    with database.read() as tx:
        today = owner.today(tx.now)
        request = RunRequest(day or today)
        rules.check_as_of(request.as_of, today)
        task = bars.add_task(f"account {owner.id}", total=recurring.count_due(tx, owner, request))
    for outcome in billing.to_the_end(database, ACTOR, owner, request):
        bars.advance(task, outcome.processed)
        yield outcome


def _owners(database: Database, account: int | None) -> list[Account]:
    with database.read() as tx:
        return account_store.every(tx) if account is None else [account_store.get(tx, account)]


@app.command("verify")
def verify_command(
    account: Annotated[int | None, typer.Option("--account", help="The id of one account; all without it.")] = None,
    head: Annotated[
        list[str] | None, typer.Option(help="The hash of a seal that was kept elsewhere: is it still in the chain?")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Work out every bill, balance, number and seal again, and print each difference; exit 1 where there is one."""
    kept = [_hash(text) for text in head or []]
    found = []
    with existing(config.from_environment()) as database, database.read() as tx, progress() as bars:
        owners = account_store.every(tx) if account is None else [account_store.get(tx, account)]
        lost = chain.lost_heads(tx, owners, kept)
        for difference in both(lost, checks.differences(tx, owners, partial(watched, bars))):
            found.append(difference._asdict())
            if not as_json:
                print(legible(str(difference)))
        bills = checks.counted_bills(tx, owners)
        notes = [note for owner in owners for note in (*chain.notes(tx, owner), *records.notes(tx, owner))]
    if as_json:
        looked_at = {"accounts": len(owners), "bills": bills}
        show_json({"ok": not found, **looked_at, "differences": found, "notes": notes})
    else:
        _tell(notes, f"ok: accounts {len(owners):,}, bills {bills:,}" if not found else "")
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


@app.command("export")
def export_command(
    file: Annotated[Path | None, typer.Argument(help="A new file; the standard output without it.")] = None,
    account: AccountId = FIRST_ACCOUNT_ID,
) -> None:
    """Write everything of an account as JSON Lines, to move it to another database."""
    with existing(config.from_environment()) as database, database.read() as tx:
        lines = writing.lines(tx, account_store.get(tx, account))
        if file is None:
            sys.stdout.buffer.writelines(lines)
        else:
            with new_file(file) as part, part.open("wb") as output, counting("lines written") as counted:
                output.writelines(counted(lines))


@app.command("import")
def import_command(
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


@app.command("backup")
def backup_command(
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
