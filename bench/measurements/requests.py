"""The requests of a day, each beside its limit."""

from collections.abc import Iterator
from itertools import chain, cycle, islice, repeat
from typing import Final

import msgspec

from bench import bare, minimum
from bench.figures import WARM_UP_S, Effort, Found, compare
from bench.load import MOST_A_SECOND, Request
from bench.minimum import PAGE, PAID, READS_A_WRITE, SEARCHED
from bench.site import BATCH, INVOICE, INVOICES, Site

READ: Final = 10_000
PAYMENT: Final = msgspec.json.encode({"amount": "0.01"})


class Stock:
    """The invoices of a site: drafts that are only read, issued ones to pay, and drafts that are issued once each."""

    def __init__(self, site: Site, effort: Effort, *, read: int = READ, issued: int = BATCH) -> None:
        once = MOST_A_SECOND * (WARM_UP_S + effort.whole_s) + bare.MOST_A_SECOND * effort.whole_s
        ids = iter(site.fill(PAID + read + issued + 2 * once))
        *_models, paid = islice(ids, PAID)
        site.post(f"{INVOICES}/{paid}/mark-paid", {})
        self.read = list(islice(ids, read))
        self.issued = list(islice(ids, issued))
        site.post(f"{INVOICES}/batch", {"action": "mark-sent", "ids": self.issued})
        self.drafts = ids


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """GET and POST /api/v1/invoices, and the verbs of one."""
    stock = Stock(site, effort)
    read, issued = cycle(stock.read), cycle(stock.issued)
    get, create = cycle([f"GET {INVOICES}/{each}" for each in stock.read]), repeat(f"POST {INVOICES}")
    search = f"{INVOICES}?limit={PAGE}&after=&search={SEARCHED}"
    mixed = chain.from_iterable(zip(*[get] * READS_A_WRITE, create, strict=False))
    for title, request, make, ids in (
        ("get an invoice", Request(get), minimum.get, read),
        (f"list {PAGE} by cursor", Request(cycle(list(_by_cursor(site)))), minimum.page, read),
        (f"search, the newest {PAGE}", Request(repeat(f"GET {search}")), minimum.search, read),
        ("create an invoice", Request(create, INVOICE), minimum.create, read),
        ("publish", Request(_each(stock.drafts, "publish")), minimum.publish, stock.drafts),
        ("record a payment", Request(_each(issued, "payments"), PAYMENT), minimum.pay, issued),
        ("mark as paid", Request(_each(stock.drafts, "mark-paid")), minimum.mark_paid, stock.drafts),
        ("mixed, 90 % reads", Request(mixed, INVOICE), minimum.mixed, read),
    ):
        yield compare(site, title, request, make, ids, effort)


def _each(ids: Iterator[int], verb: str) -> Iterator[str]:
    return (f"POST {INVOICES}/{each}/{verb}" for each in ids)


def _by_cursor(site: Site) -> Iterator[str]:
    """The first hundred pages of the list."""
    cursor = ""
    for _ in range(100):
        path = f"{INVOICES}?limit={PAGE}&after={cursor}"
        yield f"GET {path}"
        cursor = site.get(path)["pagination"]["next"]
