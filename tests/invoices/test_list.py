"""Lists of invoices: filters, search, and the status that time gives."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api import Api, opened
from tests.clock import Clock

ITEMS = [{"description": "Work", "unit_price": 100}]


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-03-31T12:00:00Z")


@pytest.fixture
def timed(database_url: str, clock: Clock) -> Iterator[Api]:
    with opened(database_url, clock=clock) as api:
        api.post("/customers", {"name": "Ann ÖZIL"})
        api.post("/customers", {"name": "Bob 100%", "currency": "EUR"})
        yield api


def make(api: Api, verb: str = "", paid: int = 0, **fields: Any) -> int:
    invoice: int = Api.data(api.post("/invoices", {"customer_id": 1, "items": ITEMS, **fields}))["id"]
    if verb:
        api.post(f"/invoices/{invoice}/{verb}")
    if paid:
        api.post(f"/invoices/{invoice}/payments", {"amount": paid})
    return invoice


def shown(api: Api, **query: Any) -> list[int]:
    reply = api.get("/invoices", params={"order": "asc", **query})
    rows: list[int] = [row["id"] for row in Api.data(reply)]
    assert reply.json()["pagination"]["total"] == len(rows)
    return rows


@pytest.fixture
def six(timed: Api) -> Api:
    """One invoice in each status that an invoice takes by itself, ids 1 to 6; 5 and 6 were due yesterday."""
    make(timed)
    make(timed, "mark-sent", due_date="2026-03-31", issue_date="2026-03-31")
    make(timed, "publish", paid=40, customer_id=2)
    make(timed, "mark-paid")
    for paid in (0, 40):
        make(timed, "publish", paid, issue_date="2026-03-01", due_date="2026-03-30")
    return timed


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [1, 2, 3, 4, 5, 6]),
    ({"status": "draft"}, [1]),
    ({"status": "sent"}, [2]),
    ({"status": "partially_paid"}, [3]),
    ({"status": "paid"}, [4]),
    ({"status": "overdue"}, [5, 6]),
    ({"status": "voided"}, []),
    ({"status": "draft,paid"}, [1, 4]),
    ({"status": " overdue , sent"}, [2, 5, 6]),
    ({"status": ""}, [1, 2, 3, 4, 5, 6]),
    ({"customer_id": 2}, [3]),
    ({"customer_id": 7}, []),
    ({"currency": "EUR"}, [3]),
    ({"currency": "usd"}, [1, 2, 4, 5, 6]),
    ({"from_date": "2026-03-31"}, [1, 2, 3, 4]),
    ({"to_date": "2026-03-01"}, [5, 6]),
    ({"from": "2026-03-01", "to": "2026-03-30"}, [5, 6]),
    ({"from": "2026-03-02", "to": "2026-03-30"}, []),
    ({"status": "overdue", "customer_id": 1, "currency": "USD", "to": "2026-03-01"}, [5, 6]),
    ({"search": "özil"}, [1, 2, 4, 5, 6]),
    ({"search": "BOB"}, [3]),
    ({"search": "100%"}, [3]),
    ({"search": "inv-2026-0002"}, [3]),
    ({"search": "INV-2026-000_"}, []),
    ({"search": "00%"}, [3]),
    ({"search": "%"}, []),
    ({"search": "1"}, [3]),
    ({"search": "özil", "status": "paid"}, [4]),
]


def test_a_filter(six: Api, subtests: pytest.Subtests) -> None:
    for query, expected in FILTERS:
        with subtests.test(query=query, expected=expected):
            assert shown(six, **query) == expected


def test_the_list_and_the_invoice_show_the_same(six: Api) -> None:
    left_out = {"items", "customer", "payments", "credit_notes", "send_log"}
    for row in Api.data(six.get("/invoices")):
        whole = Api.data(six.get(f"/invoices/{row['id']}"))
        assert {name: whole[name] for name in whole.keys() - left_out} == row
        assert left_out <= whole.keys()


@pytest.mark.parametrize(
    ("timezone", "now", "status"),
    [
        ("UTC", "2026-03-31T23:59:59Z", "sent"),
        ("UTC", "2026-04-01T00:00:00Z", "overdue"),
        ("Pacific/Auckland", "2026-03-31T10:59:59Z", "sent"),
        ("Pacific/Auckland", "2026-03-31T11:00:00Z", "overdue"),
        ("America/Los_Angeles", "2026-04-01T06:59:59Z", "sent"),
        ("America/Los_Angeles", "2026-04-01T07:00:00Z", "overdue"),
    ],
)
def test_an_invoice_is_overdue_from_local_midnight_on(
    timed: Api, clock: Clock, timezone: str, now: str, status: str
) -> None:
    clock.set("2026-03-30T00:00:00Z")
    timed.put("/settings", {"timezone": timezone})
    invoice = make(timed, "publish", due_date="2026-03-31")
    clock.set(now)
    assert Api.data(timed.get(f"/invoices/{invoice}"))["status"] == status
    assert shown(timed, status=status) == [invoice]
    assert shown(timed, status={"sent": "overdue", "overdue": "sent"}[status]) == []


def test_being_overdue_changes_nothing_that_is_stored(timed: Api, clock: Clock) -> None:
    invoice = make(timed, "publish", due_date="2026-03-31")
    before = Api.data(timed.get(f"/invoices/{invoice}"))
    clock.set("2026-05-01T00:00:00Z")
    after = Api.data(timed.get(f"/invoices/{invoice}"))
    assert (before["status"], after["status"]) == ("sent", "overdue")
    assert after | {"status": "sent"} == before
    assert Api.data(timed.post(f"/invoices/{invoice}/mark-paid"))["status"] == "paid"
    assert shown(timed, status="overdue") == []
