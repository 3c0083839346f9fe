"""What is measured: a file each, with a function that takes a fresh site. A new one is added to ``ALL``."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bench.figures import Effort, Found
from bench.measurements import batch, documents, million, process, recurring, requests, usage
from bench.site import Site

ALL: Final[Mapping[str, Callable[[Site, Effort], Iterator[Found]]]] = {
    "requests": requests.measure,
    "batch": batch.measure,
    "process": process.measure,
    "million": million.measure,
    "recurring": recurring.measure,
    "documents": documents.measure,
    "usage": usage.measure,
}
