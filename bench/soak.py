"""``python -m bench.soak``: mixed load for ten minutes, minute by minute: no error, flat memory, a steady p99.

Of ten requests eight get an invoice, one lists 50 by cursor, and one creates an invoice, from 16 connections. A request
that is refused or lost ends it. How the last minutes' memory compares to the first's tells whether something grows.
"""

from itertools import chain, cycle, repeat
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from bench.load import Request, check_installed
from bench.minimum import PAGE
from bench.site import INVOICE, INVOICES, Kind, opened

AMONG: Final = 10_000
WINDOW_S: Final = 60
GETS: Final = 8


def main(
    minutes: Annotated[int, typer.Option(min=2)] = 10,
    database: Annotated[Kind, typer.Option(help="On this one.")] = "sqlite",
) -> None:
    """Prints a line for each minute, and what they come to."""
    check_installed()
    console = Console()
    shown = Table(f"minute on {database}", "requests", "a second", "CPU µs", "p50 ms", "p99 ms", "p99 / p50", "MiB")
    with opened(database) as site:
        gets = cycle([f"GET {INVOICES}/{each}" for each in site.fill(AMONG)])
        others = [repeat(f"GET {INVOICES}?limit={PAGE}&after="), repeat(f"POST {INVOICES}")]
        lines = chain.from_iterable(zip(*[gets] * GETS, *others, strict=False))
        with site.served() as server:
            for minute in range(1, minutes + 1):
                load = server.load(Request(lines, INVOICE), WINDOW_S)
                p50_ms, p99_ms = load.p50_us / 1000, load.p99_us / 1000
                figures = (f"{load.rate:.0f}", f"{load.cpu_us:,.0f}", f"{p50_ms:.1f}", f"{p99_ms:.1f}")
                steadiness = f"{p99_ms / p50_ms:.1f}"
                shown.add_row(f"{minute}", f"{load.requests:,}", *figures, steadiness, f"{server.resident_mib:.0f}")
    console.print(shown)


if __name__ == "__main__":
    typer.run(main)
