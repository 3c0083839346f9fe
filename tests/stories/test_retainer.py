"""A year of a monthly retainer with a pause, told month by month."""

from collections.abc import Iterator
from typing import Any

import pytest

from tallystick.worker import Worker
from tests.api import Api, opened
from tests.bills import pay
from tests.clock import Clock
from tests.recurring.schedules import a_schedule, bills, differences, now


@pytest.fixture
def clock() -> Clock:
    return Clock("2025-01-31T09:00:00+01:00")


@pytest.fixture
def api(database_url: str, clock: Clock) -> Iterator[Api]:
    with opened(database_url, clock=clock) as client:
        client.put("/settings", {"timezone": "Europe/Berlin", "payment_terms_days": 14, "currency": "EUR"})
        client.post("/taxes", {"name": "VAT", "rate": 19, "is_default": True})
        yield client


def pass_by(api: Api, clock: Clock, day: str) -> None:
    """Lets the worker do what is due on this day at nine o'clock in the morning."""
    clock.set(f"{day}T08:00:00Z")
    assert Worker(api.database).work()


# By hand: 19 % of 1200 is 228, and of 1300 is 247; due 14 days later; nothing for April, May and June.
BILLED = [
    ("0001", "2025-01-31", "2025-02-14", "1428.00"),
    ("0002", "2025-02-28", "2025-03-14", "1428.00"),
    ("0003", "2025-03-31", "2025-04-14", "1428.00"),
    ("0004", "2025-07-31", "2025-08-14", "1428.00"),
    ("0005", "2025-08-31", "2025-09-14", "1428.00"),
    ("0006", "2025-09-30", "2025-10-14", "1547.00"),
    ("0007", "2025-10-31", "2025-11-14", "1547.00"),
    ("0008", "2025-11-30", "2025-12-14", "1547.00"),
    ("0009", "2025-12-31", "2026-01-14", "1547.00"),
]


def test_a_year_of_a_retainer(api: Api, clock: Clock) -> None:
    retainer = a_schedule(api, amount=1200, description="Retainer, up to 10 hours", start_date="2025-01-31")
    spring(api, clock, retainer)
    pause(api, clock, retainer)
    autumn(api, clock, retainer)
    shown = ("invoice_number", "issue_date", "due_date", "total")
    billed = [tuple(str(bill[name]) for name in shown) for bill in bills(api, retainer)]
    assert billed == [(f"INV-2025-{number}", *rest) for number, *rest in BILLED]
    ended = now(api, retainer)
    assert (ended["active"], ended["next_billing_date"], ended["occurrences"]) == (False, None, 9)
    with api.database.read() as tx:
        assert differences(tx, api) == []


def spring(api: Api, clock: Clock, retainer: Any) -> None:
    """Three months; the customer pays two of them, and is late with the third."""
    for day in ("2025-01-31", "2025-02-28", "2025-03-30", "2025-03-31"):
        pass_by(api, clock, day)
    for bill in bills(api, retainer)[:2]:
        assert pay(api, bill, bill["balance_due"]).status_code == 201
    pass_by(api, clock, "2025-04-15")
    assert [bill["status"] for bill in bills(api, retainer)] == ["paid", "paid", "overdue"]


def pause(api: Api, clock: Clock, retainer: Any) -> None:
    """Switched off in April, and on again in July."""
    api.data(api.post(f"/recurring-billing/{retainer['id']}/toggle"))
    for day in ("2025-04-30", "2025-05-31", "2025-06-30"):
        pass_by(api, clock, day)
    clock.set("2025-07-10T08:00:00Z")
    assert api.data(api.post(f"/recurring-billing/{retainer['id']}/toggle"))["next_billing_date"] == "2025-07-31"


def autumn(api: Api, clock: Clock, retainer: Any) -> None:
    """A higher price from September on; the server is down from October to December; the year is the end."""
    for day in ("2025-07-31", "2025-08-31"):
        pass_by(api, clock, day)
    api.data(api.put(f"/recurring-billing/{retainer['id']}", {"amount": 1300, "end_date": "2025-12-31"}))
    for day in ("2025-09-30", "2025-12-15", "2025-12-31", "2026-01-31"):
        pass_by(api, clock, day)
