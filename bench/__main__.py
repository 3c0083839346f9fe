"""``python -m bench``: measures, and prints a table. ``python -m bench create --seconds 5`` measures a part."""

from typing import Annotated

import typer
from rich.console import Console

from bench import figures
from bench.figures import Figure
from bench.load import CannotMeasure, check_installed
from bench.measurements import ALL
from bench.site import KINDS, Kind, opened


def _known(name: str) -> str:
    if name not in ALL:
        raise typer.BadParameter(f"choose among {', '.join(ALL)}")
    return name


def main(
    names: Annotated[
        list[str] | None, typer.Argument(parser=_known, metavar="|".join(ALL), help="All by default.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long each of three rounds lasts.")] = 4,
    database: Annotated[Kind | None, typer.Option(help="Only on this one.")] = None,
) -> None:
    """Measures Tallystick's speed, each figure beside its limit in the same run."""
    console = Console()
    try:
        check_installed()
        kinds = [kind for kind in KINDS if database in (None, kind)]
        measured = [
            figure for kind in kinds for name in names or ALL for figure in _measured(console, kind, name, seconds)
        ]
    except CannotMeasure as error:
        console.print(str(error), style="red", highlight=False)
        raise typer.Exit(1) from None
    console.print(figures.table(measured))


def _measured(console: Console, kind: Kind, name: str, seconds: float) -> list[Figure]:
    with console.status(f"{name} on {kind}"), opened(kind) as site:
        return list(ALL[name](site, seconds))


typer.run(main)
