"""``tallystick process``: bills what is due."""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated

import typer
from rich.progress import Progress

from tallystick import config
from tallystick.commands.common import ACTOR, OneOrAll, owners
from tallystick.console import AsJson, progress, show
from tallystick.core.account import Account
from tallystick.opening import check_seal_key, existing
from tallystick.recurring import billing, rules
from tallystick.recurring import store as recurring
from tallystick.recurring.types import Outcome, RunRequest
from tallystick.store.db import Database

COUNTED = ("schedules", "invoices", "nothing_to_bill", "failed")

app = typer.Typer()


@app.command()
def command(
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Bill up to this day; today without it.")
    ] = None,
    account: OneOrAll = None,
    as_json: AsJson = False,
) -> None:
    """Bill every period that is due, exactly once; exit 1 where a schedule could not be billed."""
    rows = []
    failures: list[str] = []
    with existing(config.from_environment()) as database, progress() as bars:
        check_seal_key(database)
        with database.read() as tx:
            billed = owners(tx, account)
        for owner in billed:
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
