"""``python -m bench.dialects``: what creating an invoice costs through each dialect, beside the same done natively.

CPU time of this process for one request, without a network: the application over a fresh SQLite database, called in
turns, so that whatever else the machine does meets all of them. An API that issues as it creates is held against the
native calls that leave the same rows, ``POST /invoices`` and ``/mark-sent``; and, to see what issuing is, against the
create alone.
"""

import gc
import time
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from bench.load import Request
from bench.site import INVOICES, Site, opened
from tallystick.serve import SURFACES

ROUNDS: Final = 40
REQUESTS_A_ROUND: Final = 25
NUMBERS: Final = count(1)

Send = Callable[[], Any]


class Creation(NamedTuple):
    """How an API creates an invoice of one line: ``body`` of a request to ``path``, made anew for each."""

    path: str
    body: Callable[[], dict[str, Any]]


LINE: Final = {"description": "Consulting", "unit_price": 100}
NATIVE: Final = Creation(
    INVOICES,
    lambda: {"customer_id": 1, "issue_date": "2026-01-15", "due_date": "2026-02-15", "items": [LINE]},
)
DIALECTS: Final = {
    "invoice_ng": Creation(
        "/v1/invoice/add",
        lambda: {
            "client": "1",
            "invoice_no": f"NG-{next(NUMBERS)}",
            "payment_status": "Not Paid",
            "issue_date": "2026-01-15",
            "due_date": "2026-02-15",
            "items": [{"description": "Consulting", "quantity": 1, "rate": "100"}],
        },
    ),
    "billingdb": Creation(
        "/v1/invoices",
        lambda: {"customer_id": 1, "amount": 100, "date": "2026-01-15", "due_date": "2026-02-15"},
    ),
    "iqraa": Creation(
        "/api/v1/api/v1/invoices",
        lambda: {
            "amount": 10000,
            "currency": "USD",
            "description": "Consulting",
            "status": "FINALIZED",
            "components": {"customerDetails": {"customerEmail": "bills@example.com"}},
        },
    ),
}
"""By the name of its Surface; one that is not served is left out."""


def creating(site: Site, how: Creation) -> Send:
    """Creates an invoice."""
    return lambda: site.send(Request("POST", [how.path], msgspec.json.encode(how.body())))


def creating_and_issuing(site: Site) -> Send:
    """Creates an invoice natively, and issues it."""
    create = creating(site, NATIVE)
    return lambda: site.post(f"{INVOICES}/{create()['data']['id']}/mark-sent", {})


def cpu_us(send: Send) -> float:
    """The CPU time of one request, in microseconds, over a round of them."""
    began = time.process_time_ns()
    for _ in range(REQUESTS_A_ROUND):
        send()
    return (time.process_time_ns() - began) / 1000 / REQUESTS_A_ROUND


def measured(ways: dict[str, Send]) -> dict[str, float]:
    """The median CPU time of each way, in microseconds; all take turns."""
    for send in ways.values():
        cpu_us(send)
    gc.disable()
    rounds = [{name: cpu_us(send) for name, send in ways.items()} for _ in range(ROUNDS)]
    gc.enable()
    return {name: median(each[name] for each in rounds) for name in ways}


def main() -> None:
    """Prints what each way costs, and the rate at which it goes beside the native ones."""
    served = {surface.name for surface in SURFACES}
    with opened("sqlite") as site:
        ways = {"native create": creating(site, NATIVE), "native create, mark-sent": creating_and_issuing(site)}
        ways |= {name: creating(site, how) for name, how in DIALECTS.items() if name in served}
        found = measured(ways)
    draft_us, issued_us = list(found.values())[:2]
    shown = Table("create an invoice", "CPU µs", "of native create", "of native create, mark-sent")
    for name, spent_us in found.items():
        shown.add_row(name, f"{spent_us:,.0f}", f"{draft_us / spent_us:.2f}", f"{issued_us / spent_us:.2f}")
    Console().print(shown)


if __name__ == "__main__":
    main()
