"""A verb on 1,000 invoices in one request, sent alone, beside the same rows through the bare driver; of one invoice."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import Final

import msgspec

from bench import minimum
from bench.bare import DoAll, Driver, connected
from bench.figures import Effort, Figure, Found, Limit
from bench.load import Load
from bench.minimum import PAID
from bench.site import BATCH, INVOICES, Server, Site

VERBS: Final[Mapping[str, Callable[[Driver], DoAll]]] = {
    "mark-paid": minimum.mark_paid_all,
    "publish": minimum.publish_all,
    "void": minimum.void_all,
}


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """POST /api/v1/invoices/batch."""
    drafts = iter(site.fill(PAID + 2 * BATCH * effort.rounds * len(VERBS)))
    *_models, paid = islice(drafts, PAID)
    site.post(f"{INVOICES}/{paid}/mark-paid", {})
    with site.served() as server, closing(connected(site.url)) as driver:
        for verb, make in VERBS.items():
            do = make(driver)
            batches = [_ready(server, verb, list(islice(drafts, BATCH))) for _ in range(2 * effort.rounds)]
            rounds = zip(batches[::2], batches[1::2], strict=True)
            found = [(_one(server, verb, own), _bare(do, others)) for own, others in rounds]
            loads, limits = zip(*found, strict=True)
            yield Figure.of(f"{verb} of {BATCH:,}, each", site.kind, loads, limits)


def _ready(server: Server, verb: str, ids: list[int]) -> list[int]:
    """Drafts, issued for a verb that takes none."""
    if verb == "void":
        _send(server, "mark-sent", ids)
    return ids


def _one(server: Server, verb: str, ids: list[int]) -> Load:
    load = _send(server, verb, ids)
    return msgspec.structs.replace(load, requests=BATCH, cpu_us=load.cpu_us / BATCH)


def _send(server: Server, verb: str, ids: list[int]) -> Load:
    return server.send(f"POST {INVOICES}/batch", msgspec.json.encode({"action": verb, "ids": ids}))


def _bare(do: DoAll, ids: Sequence[int]) -> Limit:
    began, began_cpu = time.perf_counter(), time.thread_time()
    do(ids)
    elapsed_s, spent_s = time.perf_counter() - began, time.thread_time() - began_cpu
    return Limit(BATCH / elapsed_s, spent_s * 1e6 / BATCH)
