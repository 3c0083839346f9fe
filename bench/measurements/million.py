"""Statistics and the ends of a list among 1,000,000 invoices, asked one request at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, cast, literal, select

from bench.figures import Effort, Found, alone
from bench.load import Request
from bench.site import INVOICES, Site
from tallystick.store.db import Tx
from tallystick.store.tables import invoices

MODELS: Final = 1_000
COPIES: Final = 1_000
DAYS: Final = 3 * 365
LIMIT: Final = 50
PAGES: Final = 1_000
SUFFIXED: Final = ("number", "number_key", "number_order", "share_token")
STATS: Final = "/api/v1/stats"
CURRENCIES: Final = ("EUR", "EUR", "USD", "EUR", "GBP", "EUR", "JPY")
EVERY: Final = {"draft": 50, "voided": 40, "unpaid": 12, "half paid": 25}
"""One of so many invoices is a draft, and so on; the others are paid."""


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """GET /api/v1/stats, and pages of GET /api/v1/invoices."""
    fill(site)
    thousandth = _after(site, PAGES - 1)
    for title, path in (
        ("stats of a million", STATS),
        ("page 1 by cursor", f"{INVOICES}?limit={LIMIT}&after="),
        (f"page {PAGES:,} by cursor", f"{INVOICES}?limit={LIMIT}&after={thousandth}"),
        ("page 1 by number", f"{INVOICES}?limit={LIMIT}"),
    ):
        yield alone(site, title, Request(repeat(f"GET {path}")), effort, connections=1)


def fill(site: Site) -> None:
    """Makes MODELS invoices of three years, oldest first, and COPIES of each but for its lines, which no list reads."""
    for number in range(MODELS):
        _make(site, number)
    site.transact(_copy)
    site.vacuum()


def _make(site: Site, number: int) -> None:
    day = datetime.now(UTC).date() - timedelta(days=DAYS - number * DAYS // MODELS)
    invoice = {
        "customer_id": 1,
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
    rows = select(*values.values()).select_from(invoices.join(copies, literal(1) == 1))
    tx.connection.execute(invoices.insert().from_select(list(values), rows.order_by(invoices.c.id, copies.c.copy)))


def _after(site: Site, pages: int) -> str:
    """The cursor behind so many pages."""
    cursor = ""
    for _ in range(pages):
        cursor = site.get(f"{INVOICES}?limit={LIMIT}&after={cursor}")["pagination"]["next"]
    return cursor
