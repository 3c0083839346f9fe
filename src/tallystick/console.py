"""What the command line prints: rows, and how far it is."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tallystick.core.legible import legible
from tallystick.wire import render

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
WIDEST = 1_000
"""In characters: no value is cut off for the sake of a narrow terminal, or of a pipe."""


def show(rows: Sequence[Mapping[str, object]], names: Sequence[str], *, as_json: bool) -> None:
    """Prints what rows have under these names."""
    named = [{name: row[name] for name in names} for row in rows]
    if as_json:
        show_json(named)
        return
    table = Table(*(name.removesuffix("_at").replace("_", " ") for name in names))
    for row in named:
        table.add_row(*map(_text, row.values()))
    Console(width=WIDEST).print(table)


def show_json(value: object) -> None:
    """Prints a value for programs."""
    print(render.encode(value).decode())


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(timespec="seconds")
        case list():
            return " ".join(map(_text, value))
        case _:
            return legible(str(value))


def progress() -> Progress:
    """A bar that stays out of what the program prints: it is drawn on the terminal only, and above new lines."""
    console = Console() if sys.stdout.isatty() else Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=not console.stderr,
        disable=not console.is_terminal,
    )


@contextmanager
def watched(bars: Progress, title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Shows a line for the time of the block, which tells how many more are done."""
    task = bars.add_task(title, total=total)
    yield partial(bars.advance, task)
    bars.remove_task(task)


@contextmanager
def counting(title: str) -> Iterator[Callable[[Iterable[bytes]], Iterator[bytes]]]:
    """Shows how many lines have come through what it gives to the block."""

    def counted(lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            advance(1)
            yield line

    with progress() as bars, watched(bars, title, None) as advance:
        yield counted
