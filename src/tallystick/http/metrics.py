"""What was asked and how long it took, for Prometheus.

With several processes, ``PROMETHEUS_MULTIPROC_DIR`` names the directory in which they add up what they count; the
library reads it when it is first imported.
"""

import os

import falcon
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
# From a read of one row to a batch of a thousand bills.
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
METHODS = frozenset(falcon.HTTP_METHODS)

REQUESTS = Histogram(
    "tallystick_http_request_duration_seconds",
    "Requests by method, route (as /api/v1/invoices/{invoice_id}; empty where there is none) and status.",
    ("method", "route", "status"),
    buckets=BUCKETS_S,
)


def count(method: str, route: str | None, status: int, elapsed_s: float) -> None:
    """Counts one request. A method that HTTP does not know has no row of its own: clients may invent any number."""
    REQUESTS.labels(method if method in METHODS else "", route or "", status).observe(elapsed_s)


def text() -> bytes:
    """What all processes counted, in Prometheus' text format."""
    if DIRECTORY not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
