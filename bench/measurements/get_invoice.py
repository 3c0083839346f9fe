"""Reading one invoice of 10,000, whole."""

from collections.abc import Iterator
from typing import Final

from bench.figures import Figure, compare
from bench.load import Request
from bench.site import INVOICES, Site

AMONG: Final = 10_000


def measure(site: Site, seconds: float) -> Iterator[Figure]:
    """GET /api/v1/invoices/{id}, of each in turn."""
    site.fill(AMONG)
    paths = [f"{INVOICES}/{invoice_id}" for invoice_id in range(1, AMONG + 1)]
    yield compare(site, "get invoice", Request("GET", paths), seconds)
