"""One measurement beside its limit, and the tables of all."""

from collections.abc import Iterable, Sequence
from itertools import islice, repeat
from statistics import median
from typing import Final, NamedTuple

from bench import bare
from bench.bare import Bare, Make
from bench.load import CONNECTIONS, Load, Request
from bench.site import Site, empty

WARM_UP_S: Final = 1
HEADINGS: Final = ("a second", "CPU µs", "p50 ms", "p99 ms", "limit", "its CPU µs", "ratio", "by CPU")


class Effort(NamedTuple):
    """How long one round of a measurement lasts, how many there are, and among how many events of usage."""

    seconds: int
    rounds: int
    events: int = 1_000_000

    @property
    def whole_s(self) -> int:
        """What all rounds take together."""
        return self.seconds * self.rounds


class Limit(NamedTuple):
    """Requests a second, and the CPU time of one, where nothing is done that need not be."""

    rate: float
    cpu_us: float

    @classmethod
    def of(cls, database: Bare, http: Load) -> "Limit":
        """That of a request which does the one after the other."""
        return cls(1 / (1 / database.rate + 1 / http.rate), database.cpu_us + http.cpu_us)


class Figure(NamedTuple):
    """What a measurement found: requests a second and the CPU time of one, beside their limit where it has one."""

    title: str
    kind: str
    rate: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    limit: Limit | None = None

    @classmethod
    def of(cls, title: str, kind: str, loads: Sequence[Load], limits: Sequence[Limit] = ()) -> "Figure":
        """The median of the rounds."""
        return cls(
            title=title,
            kind=kind,
            rate=median(load.rate for load in loads),
            cpu_us=median(load.cpu_us for load in loads),
            p50_ms=median(load.p50_us for load in loads) / 1000,
            p99_ms=median(load.p99_us for load in loads) / 1000,
            limit=Limit(*map(median, zip(*limits, strict=True))) if limits else None,
        )

    @property
    def cells(self) -> list[str]:
        """The figure as a row under HEADINGS."""
        own = [_shown(self.rate), _shown(self.cpu_us), f"{self.p50_ms:.1f}", f"{self.p99_ms:.1f}"]
        if self.limit is None:
            return [self.title, *own, "", "", "", ""]
        reached = (self.rate / self.limit.rate, self.limit.cpu_us / self.cpu_us)
        return [self.title, *own, *map(_shown, self.limit), *(f"{each:.2f}" for each in reached)]


class Fact(NamedTuple):
    """What a measurement found that is no rate."""

    title: str
    kind: str
    value: str


Found = Figure | Fact


def compare(site: Site, title: str, request: Request, make: Make, ids: Iterable[int], effort: Effort) -> Figure:
    """A request beside its limit: what the database must be asked and told, and an empty answer of the same server.

    The three take turns, so that noise meets all.
    """
    loads: list[Load] = []
    limits: list[Limit] = []
    (first,) = islice(request.lines, 1)
    alike = Request(repeat(first), request.body)
    with site.served() as server, empty(site.directory, len(site.send(first, request.body))) as nothing:
        server.load(request, WARM_UP_S)
        nothing.load(alike, WARM_UP_S)
        for _ in range(effort.rounds):
            loads.append(server.load(request, effort.seconds))
            database = bare.measure(site.url, make, ids, effort.seconds)
            limits.append(Limit.of(database, nothing.load(alike, effort.seconds)))
    return Figure.of(title, site.kind, loads, limits)


def alone(site: Site, title: str, request: Request, effort: Effort, connections: int = CONNECTIONS) -> Figure:
    """A request that nothing is held against."""
    with site.served() as server:
        server.load(request, WARM_UP_S, connections)
        loads = [server.load(request, effort.seconds, connections) for _ in range(effort.rounds)]
    return Figure.of(title, site.kind, loads)


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"
