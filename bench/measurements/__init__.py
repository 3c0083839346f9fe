"""What is measured: one file each, with a function that takes a fresh site. A new one is added to ``ALL``."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bench.figures import Figure
from bench.measurements import create_invoice, get_invoice, list_invoices, mark_paid, million, recurring
from bench.site import Site

ALL: Final[Mapping[str, Callable[[Site, float], Iterator[Figure]]]] = {
    "create": create_invoice.measure,
    "get": get_invoice.measure,
    "list": list_invoices.measure,
    "mark-paid": mark_paid.measure,
    "million": million.measure,
    "recurring": recurring.measure,
}
