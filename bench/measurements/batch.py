"""A verb on 1,000 invoices in one request, sent alone; figures are of one invoice."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec

from bench.figures import Effort, Figure, Found
from bench.load import Load
from bench.site import BATCH, INVOICES, Server, Site

VERBS: Final = ("mark-paid", "publish", "void")


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """POST /api/v1/invoices/batch."""
    drafts = iter(site.fill(BATCH * effort.rounds * len(VERBS)))
    with site.served() as server:
        for verb in VERBS:
            loads = [_one(server, verb, list(islice(drafts, BATCH))) for _ in range(effort.rounds)]
            yield Figure.of(f"{verb} of {BATCH:,}, each", site.kind, loads)


def _one(server: Server, verb: str, ids: list[int]) -> Load:
    if verb == "void":
        server.send(f"POST {INVOICES}/batch", msgspec.json.encode({"action": "mark-sent", "ids": ids}))
    load = server.send(f"POST {INVOICES}/batch", msgspec.json.encode({"action": verb, "ids": ids}))
    return msgspec.structs.replace(load, requests=BATCH, cpu_us=load.cpu_us / BATCH)
