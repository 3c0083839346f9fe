"""What was asked and how long it took, for Prometheus.

With several processes, ``PROMETHEUS_MULTIPROC_DIR`` names the directory in which they add up what they count; the
library reads it when it is first imported.
"""

import os
from functools import cache

import falcon
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from tallystick.store.readiness import Condition

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
# From a read of one row to a batch of a thousand bills.
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
METHODS = frozenset(falcon.HTTP_METHODS)

# Of each row the time it was made: a line more for each that is read, of what nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]
REQUESTS = Counter(
    "tallystick_http_requests",
    "Requests by method, route (as /api/v1/invoices/{invoice_id}; empty where there is none) and status.",
    ("method", "route", "status"),
)
# Not by status too, of which a route has up to ten: each row has a line for each of the buckets.
DURATIONS = Histogram(
    "tallystick_http_request_duration_seconds",
    "How long requests took, by method and route.",
    ("method", "route"),
    buckets=BUCKETS_S,
)
READY = Gauge(
    "tallystick_ready", "Whether the database can take work, as /ready tells.", multiprocess_mode="mostrecent"
)
# With a label, so that where there is nothing to tell there is no 0.
LAST = Gauge(
    "tallystick_last_success_timestamp_seconds",
    "When something that is done beside the requests last succeeded, in seconds since 1970.",
    ("what",),
    multiprocess_mode="mostrecent",
)
FREE = Gauge(
    "tallystick_disk_free_bytes",
    "What is free on the disk that holds a SQLite database.",
    ("disk",),
    multiprocess_mode="mostrecent",
)


def count(method: str, route: str | None, status: int, elapsed_s: float) -> None:
    """Counts one request. A method that HTTP does not know has no row of its own: clients may invent any number."""
    counted, timed = _rows(method if method in METHODS else "", route or "", status)
    counted.inc()
    timed.observe(elapsed_s)


@cache
def _rows(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, status), DURATIONS.labels(method, route)


def tell(condition: Condition) -> None:
    """Notes how the database is now."""
    READY.set(not condition.reasons)
    if condition.worker_at is not None:
        LAST.labels("worker").set(condition.worker_at.timestamp())
    if condition.checkpoint_at is not None:
        LAST.labels("checkpoint").set(condition.checkpoint_at.timestamp())
    if condition.free_bytes is not None:
        FREE.labels("database").set(condition.free_bytes)


def text() -> bytes:
    """What all processes counted, in Prometheus' text format."""
    if DIRECTORY not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
