"""The day of a payment: which days can be, and that two names for one day say the same."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api import Api, opened
from tests.bills import a_draft, an_invoice, pay
from tests.clock import Clock

# In Tokyo it is the 16th by then.
NOW, TOMORROW, AFTER = "2026-03-15T15:00:00Z", "2026-03-17", "2026-03-18"


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    with opened(database_url, clock=Clock(NOW)) as client:
        client.put("/settings", {"timezone": "Asia/Tokyo"})
        yield client


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"date": "1970-01-01"}, "1970-01-01"),
        ({"date": "1969-12-31"}, ["date"]),
        ({"date": TOMORROW}, TOMORROW),
        ({"date": AFTER}, ["date"]),
        ({"date": "2099-12-31"}, ["date"]),
        ({"date": "2026-03-17T14:59:59Z"}, TOMORROW),
        ({"date": "2026-03-17T15:00:00Z"}, ["date"]),
        ({"payment_date": TOMORROW}, TOMORROW),
        ({"payment_date": AFTER}, ["payment_date"]),
        ({"payment_date": "1969-12-31"}, ["payment_date"]),
        ({"date": "2026-03-01", "payment_date": "2026-03-01"}, "2026-03-01"),
        ({"date": "2026-03-01", "payment_date": "2026-03-02"}, ["payment_date"]),
        ({"date": "2026-03-17", "payment_date": "2026-03-16T23:00:00Z"}, TOMORROW),
        ({}, "2026-03-16"),
    ],
)
def test_the_day_of_a_payment(api: Api, dates: dict[str, str], expected: Any) -> None:
    invoice = an_invoice(api, 100)
    several = {"customer_id": invoice["customer_id"], "amount": 1, **dates}
    for reply in (pay(api, invoice, 1, **dates), api.post("/payments", several)):
        body = reply.json()
        assert (body["data"]["date"] if reply.is_success else list(body["errors"])) == expected
    draft = a_draft(api, 100)
    reply = api.post(f"/invoices/{draft['id']}/mark-paid", dates)
    body = reply.json()
    assert (body["data"]["payments"][0]["date"] if reply.is_success else list(body["errors"])) == expected
    assert api.data(api.get(f"/invoices/{draft['id']}"))["status"] == ("paid" if reply.is_success else "draft")


def test_a_refused_day_is_told_with_what_may_be(api: Api) -> None:
    errors = pay(api, an_invoice(api, 100), 1, date="2099-12-31").json()["errors"]
    assert errors == {"date": ["Must be a day from 1970-01-01 to tomorrow, and not 2099-12-31."]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=2026-03-02", [3, 2]),
        ("from_date=2026-03-02", [3, 2]),
        ("to=2026-03-02", [2, 1]),
        ("from=2026-03-02&to_date=2026-03-02", [2]),
        ("from=2026-03-02&from_date=2026-03-02", [3, 2]),
        ("from=2026-03-02&from_date=2026-03-01", ["from"]),
        ("to=2026-03-02&to_date=2026-03-01&from=2026-03-02&from_date=2026-03-01", ["from", "to"]),
    ],
)
def test_the_list_takes_either_name_of_a_day(api: Api, query: str, expected: list[Any]) -> None:
    invoice = an_invoice(api, 100)
    for day in (1, 2, 3):
        pay(api, invoice, day, date=f"2026-03-0{day}")
    for path in ("/payments", "/payments/export/csv"):
        reply = api.get(f"{path}?{query}")
        if reply.is_success and path == "/payments":
            assert [int(row["amount"]) for row in api.data(reply)] == expected
        elif not reply.is_success:
            assert list(reply.json()["errors"]) == expected
