"""Creating an invoice of three lines, with taxes and discounts."""

from collections.abc import Iterator
from typing import Final

from bench.figures import Figure, compare
from bench.load import Request
from bench.site import INVOICE, INVOICES, Site

# So that the next id is no other number of the request, as making() wants it, and that indexes have some depth.
ALREADY_THERE: Final = 5_000


def measure(site: Site, seconds: float) -> Iterator[Figure]:
    """POST /api/v1/invoices."""
    site.fill(ALREADY_THERE)
    yield compare(site, "create invoice", Request("POST", [INVOICES], INVOICE), seconds)
