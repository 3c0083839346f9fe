"""Listing 50 invoices among 10,000, by page and by cursor."""

from collections.abc import Iterator
from typing import Final

from bench.figures import Figure, compare
from bench.load import Request
from bench.site import INVOICES, Site

AMONG: Final = 10_000
LIMIT: Final = 50


def measure(site: Site, seconds: float) -> Iterator[Figure]:
    """GET /api/v1/invoices, each page of the list in turn."""
    site.fill(AMONG)
    by_page = [f"{INVOICES}?limit={LIMIT}&page={page}" for page in range(1, AMONG // LIMIT + 1)]
    yield compare(site, "list 50 by page", Request("GET", by_page), seconds)
    yield compare(site, "list 50 by cursor", Request("GET", list(_by_cursor(site))), seconds)


def _by_cursor(site: Site) -> Iterator[str]:
    """The paths of a walk through the whole list."""
    cursor: str | None = ""
    while cursor is not None:
        path = f"{INVOICES}?limit={LIMIT}&after={cursor}"
        yield path
        cursor = site.send(Request("GET", [path]))["pagination"]["next"]
