"""What a server costs by itself: its start over a database that is there, and its memory after some work."""

import time
from collections.abc import Iterator
from itertools import cycle
from typing import Final

from bench.figures import Effort, Fact, Found
from bench.load import Request
from bench.site import INVOICES, Site

AMONG: Final = 1_000


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """``tallystick serve``."""
    ids = site.fill(AMONG)
    began = time.perf_counter()
    with site.served() as server:
        elapsed_s, spent_s, before_mib = time.perf_counter() - began, server.cpu_s, server.resident_mib
        load = server.load(Request(cycle([f"GET {INVOICES}/{each}" for each in ids])), effort.whole_s)
        after_mib = server.resident_mib
    yield Fact("start until it answers", site.kind, f"{spent_s:.1f} s of CPU, {elapsed_s:.1f} s")
    yield Fact("memory at the start", site.kind, f"{before_mib:.0f} MiB")
    yield Fact(f"memory after {load.requests:,} requests", site.kind, f"{after_mib:.0f} MiB")
