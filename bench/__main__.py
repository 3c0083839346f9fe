"""``python -m bench``: measures, and prints tables. ``python -m bench requests --quick``: a part, in a minute."""

import os
from collections.abc import Iterator
from typing import Annotated, Final

import typer
from rich.console import Console

from bench import tables
from bench.figures import Effort, Found
from bench.load import CannotMeasure, check_installed
from bench.measurements import ALL
from bench.site import KINDS, Kind, opened

QUICK: Final = Effort(seconds=1, rounds=1, events=200_000)
USUAL: Final = Effort(seconds=2, rounds=3)
BUSY: Final = "The load is {load:.1f} on {cores} cores: compare CPU times and ratios of them, not rates."


def _known(name: str) -> str:
    if name not in ALL:
        raise typer.BadParameter(f"choose among {', '.join(ALL)}")
    return name


def main(
    names: Annotated[
        list[str] | None, typer.Argument(parser=_known, metavar="|".join(ALL), help="All by default.")
    ] = None,
    *,
    database: Annotated[Kind | None, typer.Option(help="Only on this one.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One round of a second each.")] = False,
    events: Annotated[int | None, typer.Option(min=1, help="How many events of usage there are.")] = None,
    readme: Annotated[bool, typer.Option("--readme", help="Write the tables into the README too.")] = False,
) -> None:
    """Measures Tallystick's speed, each figure beside its limit in the same run."""
    console = Console()
    try:
        check_installed()
        effort = QUICK if quick else USUAL
        found = list(_measured(console, names or [*ALL], database, effort._replace(events=events or effort.events)))
    except CannotMeasure as error:
        console.print(str(error), style="red", highlight=False)
        raise typer.Exit(1) from None
    for each in tables.for_people(found):
        console.print(each)
    if readme:
        tables.into_readme(found)


def _measured(console: Console, names: list[str], database: Kind | None, effort: Effort) -> Iterator[Found]:
    for kind in KINDS if database is None else (database,):
        for name in names:
            _warn_of_load(console)
            with console.status(f"{name} on {kind}"), opened(kind) as site:
                yield from ALL[name](site, effort)


def _warn_of_load(console: Console) -> None:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores:
        console.print(BUSY.format(load=load, cores=cores), style="yellow", highlight=False)


typer.run(main)
