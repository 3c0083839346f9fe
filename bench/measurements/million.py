"""Statistics, lists and searches among 1,000,000 invoices, asked one request at a time, each beside its limit in ms."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, cast, literal, select

from bench.figures import Effort, Figure, Found, Limit
from bench.load import Request
from bench.site import INVOICES, Site
from tallystick.store.db import Tx
from tallystick.store.tables import invoices

MODELS: Final = 1_000
COPIES: Final = 1_000
DAYS: Final = 3 * 365
LIMIT: Final = 50
PAGES: Final = 1_000
CUSTOMERS: Final = 100
SUFFIXED: Final = ("number", "number_key", "number_order", "share_token")
STATS: Final = "/api/v1/stats"
SORTS: Final = ("created_at", "issue_date", "due_date", "total", "number")
STATUSES: Final = ("draft", "sent", "partially_paid", "paid", "overdue", "voided")
TERMS: Final = {
    "of all": "customer",
    "of 1 %": "017",
    "of one": "0123-456",
    "of none": "nobody",
    "two letters": "cu",
    "one letter of none": "q",
}
BY_CURSOR_MS: Final = 10
BY_PAGE_MS: Final = 20
SEARCH_MS: Final = 60
STATS_MS: Final = 100
CURRENCIES: Final = ("EUR", "EUR", "USD", "EUR", "GBP", "EUR", "JPY")
EVERY: Final = {"draft": 50, "voided": 40, "unpaid": 12, "half paid": 25}
"""One of so many invoices is a draft, and so on; the others are paid."""


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """GET /api/v1/stats, and pages of GET /api/v1/invoices."""
    fill(site)
    asked = list(requests(site))
    with site.served() as server:
        for title, path, limit_ms in asked:
            request = Request(repeat(f"GET {path}"))
            loads = [server.load(request, effort.seconds, connections=1) for _ in range(effort.rounds)]
            yield Figure.of(title, site.kind, loads, [Limit(1000 / limit_ms, 1000 * limit_ms)])


def requests(site: Site) -> Iterator[tuple[str, str, int]]:
    """What is asked for, and how many milliseconds it may take."""
    page = f"{INVOICES}?limit={LIMIT}"
    yield "stats of a million", STATS, STATS_MS
    for sort in SORTS:
        yield f"by {sort}, by cursor", f"{page}&after=&sort={sort}", BY_CURSOR_MS
    yield f"page {PAGES:,} by cursor", f"{page}&after={_after(site, PAGES - 1)}", BY_CURSOR_MS
    yield "page 1 by number", page, BY_PAGE_MS
    for status in STATUSES:
        yield f"page 1 of {status}", f"{page}&status={status}", BY_PAGE_MS
    for name, value in (("customer_id", "17"), ("currency", "JPY"), ("from", "2026-01-01"), ("to", "2025-01-01")):
        yield f"page 1 by {name}", f"{page}&{name}={value}", BY_PAGE_MS
    yield "the least currency, by total", f"{page}&after=&currency=JPY&sort=total", BY_PAGE_MS
    for title, term in TERMS.items():
        yield f"search {title}", f"{page}&search={term}", SEARCH_MS
        yield f"search {title}, by total", f"{page}&search={term}&sort=total", SEARCH_MS


def fill(site: Site) -> None:
    """Makes MODELS invoices of three years, oldest first, and COPIES of each but for its lines, which no list reads."""
    for number in range(CUSTOMERS):
        site.post("/api/v1/customers", {"name": f"Customer {number:03}"})
    for number in range(MODELS):
        _make(site, number)
    site.transact(_copy)
    site.vacuum()
    site.let_a_worker_catch_up()


def _make(site: Site, number: int) -> None:
    day = datetime.now(UTC).date() - timedelta(days=DAYS - number * DAYS // MODELS)
    invoice = {
        "customer_id": 2 + number % CUSTOMERS,
        "items": [{"description": "Consulting", "quantity": 2, "unit_price": 100 + number, "tax_rate": 20}],
        "currency": CURRENCIES[number % len(CURRENCIES)],
        "issue_date": str(day),
        "due_date": str(day + timedelta(days=14 + number % 31)),
    }
    path = f"{INVOICES}/{site.post(INVOICES, invoice)['id']}"
    kinds = {name: number % every == 0 for name, every in EVERY.items()}
    if kinds["draft"]:
        return
    site.post(f"{path}/publish", {})
    if kinds["voided"]:
        site.post(f"{path}/void", {})
    elif kinds["half paid"]:
        site.post(f"{path}/payments", {"amount": 100 + number})
    elif not kinds["unpaid"]:
        site.post(f"{path}/mark-paid", {})


def _copy(tx: Tx) -> None:
    """Copies every invoice, each beside its copies, under numbers and share tokens of their own."""
    copies = select(literal(2).label("copy")).cte("copies", recursive=True)
    copies = copies.union_all(select(copies.c.copy + 1).where(copies.c.copy < COPIES))
    suffix = literal("-") + cast(cast(copies.c.copy, Integer), invoices.c.number.type)
    values: dict[str, ColumnElement[Any]] = {
        column.name: column for column in invoices.c if column is not invoices.c.id
    }
    values |= {name: invoices.c[name] + suffix for name in SUFFIXED}
    values["search"] = invoices.c.search + suffix
    rows = select(*values.values()).select_from(invoices.join(copies, literal(1) == 1))
    tx.connection.execute(invoices.insert().from_select(list(values), rows.order_by(invoices.c.id, copies.c.copy)))


def _after(site: Site, pages: int) -> str:
    """The cursor behind so many pages."""
    cursor = ""
    for _ in range(pages):
        cursor = site.get(f"{INVOICES}?limit={LIMIT}&after={cursor}")["pagination"]["next"]
    return cursor
