"""``python -m bench.dialects``: what creating an invoice costs through each dialect, beside the same done natively.

CPU time of this process for one request, without a network: the application over a fresh SQLite database, called in
turns, so that whatever else the machine does meets all of them. Each way is held against the native calls that leave
the same rows: a draft against ``POST /invoices``, what is issued at once against that and ``/mark-sent``.
"""

import gc
import time
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from bench.site import INVOICES, Site, opened

ROUNDS: Final = 40
REQUESTS_A_ROUND: Final = 25
NUMBERS: Final = count(1)

Send = Callable[[], Any]
DRAFT: Final = "native create"
ISSUED: Final = "native create, mark-sent"


class Creation(NamedTuple):
    """How an API creates an invoice of one line: ``body`` of a request to ``path``, made anew for each.

    ``limit`` names the native way that leaves the same rows.
    """

    path: str
    body: Callable[[], dict[str, Any]]
    limit: str


LINE: Final = {"description": "Consulting", "unit_price": 100}
NATIVE: Final = Creation(
    INVOICES,
    lambda: {"customer_id": 1, "issue_date": "2026-01-15", "due_date": "2026-02-15", "items": [LINE]},
    DRAFT,
)
IQRAA: Final = {
    "amount": 10000,
    "currency": "USD",
    "description": "Consulting",
    "components": {"customerDetails": {"customerEmail": "bills@example.com"}},
}
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
        ISSUED,
    ),
    "billingdb": Creation(
        "/v1/invoices",
        lambda: {"customer_id": 1, "amount": 100, "date": "2026-01-15", "due_date": "2026-02-15"},
        ISSUED,
    ),
    "iqraa, DRAFT": Creation("/api/v1/api/v1/invoices", lambda: {**IQRAA, "status": "DRAFT"}, DRAFT),
    "iqraa, FINALIZED": Creation("/api/v1/api/v1/invoices", lambda: {**IQRAA, "status": "FINALIZED"}, ISSUED),
}


def creating(site: Site, how: Creation) -> Send:
    """Creates an invoice."""
    return lambda: site.post(how.path, how.body())


def creating_and_issuing(site: Site) -> Send:
    """Creates an invoice natively, and issues it."""
    create = creating(site, NATIVE)
    return lambda: site.post(f"{INVOICES}/{create()['id']}/mark-sent", {})


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
    """Prints what each way costs, and the rate at which it goes beside its limit."""
    with opened("sqlite") as site:
        ways = {DRAFT: creating(site, NATIVE), ISSUED: creating_and_issuing(site)}
        found_us = measured(ways | {name: creating(site, how) for name, how in DIALECTS.items()})
    shown = Table("create an invoice", "CPU µs", "limit", "of its limit")
    for name, spent_us in found_us.items():
        limit = DIALECTS[name].limit if name in DIALECTS else name
        shown.add_row(name, f"{spent_us:,.0f}", limit, f"{found_us[limit] / spent_us:.2f}")
    Console().print(shown)


if __name__ == "__main__":
    main()
