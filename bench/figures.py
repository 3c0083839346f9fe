"""One measurement beside its limit, and the table of all."""

from collections.abc import Iterable
from statistics import median_low
from typing import Final, NamedTuple

from rich.table import Table

from bench.load import CONNECTIONS, Request
from bench.site import Site

ROUNDS: Final = 3
WARM_UP_S: Final = 3.0
CAPTURED: Final = 20


class Figure(NamedTuple):
    """Rates in requests a second, times in milliseconds."""

    title: str
    kind: str
    rate: float
    limit: float
    p50_ms: float
    p99_ms: float

    @property
    def ratio(self) -> float:
        """How much of the limit is reached."""
        return self.rate / self.limit


def compare(site: Site, title: str, request: Request, seconds: float, connections: int = CONNECTIONS) -> Figure:
    """The request's rate over HTTP beside its limit: both in turns, the median of each, so that noise meets both."""
    captured = site.capture(request, request.paths[:: max(1, len(request.paths) // CAPTURED)])
    with site.served() as server:
        server.load(request, WARM_UP_S, connections)
        rounds = [
            (server.load(request, seconds, connections), site.limit(captured, seconds, connections))
            for _ in range(ROUNDS)
        ]
    loads = [load for load, _ in rounds]
    return Figure(
        title=title,
        kind=site.kind,
        rate=median_low(load.rate for load in loads),
        limit=median_low(limit for _, limit in rounds),
        p50_ms=median_low(load.p50_us for load in loads) / 1000,
        p99_ms=median_low(load.p99_us for load in loads) / 1000,
    )


def table(figures: Iterable[Figure]) -> Table:
    """The figures, for people."""
    shown = Table("measurement", "database")
    for name in ("requests/s", "limit/s", "ratio", "p50 ms", "p99 ms"):
        shown.add_column(name, justify="right")
    for figure in figures:
        shown.add_row(
            figure.title,
            figure.kind,
            _shown(figure.rate),
            _shown(figure.limit),
            f"{figure.ratio:.2f}",
            f"{figure.p50_ms:.1f}",
            f"{figure.p99_ms:.1f}",
        )
    return shown


def _shown(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"
