"""Marking drafts as paid, which issues each and records its payment: one by one, and 1,000 in one batch.

A draft is marked as paid only once. So the limit is a twin's: what the site does for some drafts is recorded, and done
again, each once and over one connection, in a database that is just like it.
"""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

import msgspec

from bench.figures import WARM_UP_S, Figure
from bench.load import CONNECTIONS, Request
from bench.site import BATCH, INVOICES, Site, opened

RECORDED: Final = 500
BATCHES: Final = 3
SINGLE: Final = 20_000
BATCH_PATH: Final = f"{INVOICES}/batch"


def measure(site: Site, seconds: float) -> Iterator[Figure]:
    """POST /api/v1/invoices/{id}/mark-paid, and POST /api/v1/invoices/batch."""
    with opened(site.kind) as twin:
        for each in (site, twin):
            each.fill(RECORDED + (BATCHES + 1) * BATCH + SINGLE)
        ids = iter(range(1, RECORDED + (BATCHES + 1) * BATCH + SINGLE + 1))
        singles = [site.record(Request("POST", [path]), path) for path in _paths([next(ids) for _ in range(RECORDED)])]
        batch = _batch(ids)
        whole = site.record(Request("POST", [BATCH_PATH], batch), BATCH_PATH)
        limits = twin.limit_once(singles), twin.limit_once([whole]) * BATCH
        with site.served() as server:
            spent_s = [server.post(BATCH_PATH, msgspec.json.decode(_batch(ids))) for _ in range(BATCHES)]
            paths = Request("POST", _paths(list(ids)))
            server.load(paths, WARM_UP_S, CONNECTIONS)
            load = server.load(paths, seconds, CONNECTIONS)
    yield Figure("mark paid", site.kind, load.rate, limits[0], load.p50_us / 1000, load.p99_us / 1000)
    rate, worst_ms = BATCH / median(spent_s), max(spent_s) * 1000
    yield Figure(f"batch of {BATCH:,}, invoices/s", site.kind, rate, limits[1], median(spent_s) * 1000, worst_ms)


def _paths(ids: Sequence[int]) -> list[str]:
    return [f"{INVOICES}/{invoice_id}/mark-paid" for invoice_id in ids]


def _batch(ids: Iterator[int]) -> bytes:
    return msgspec.json.encode({"action": "mark-paid", "ids": [next(ids) for _ in range(BATCH)]})
