"""A month of virtual machines, an event an hour in two regions: invoiced, and every cent explained."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer
from tests.clock import Clock
from tests.recurring.schedules import a_schedule, process

HOUR = timedelta(hours=1)
# March has 31 days, so 744 hours; the machine in the US runs on ten of them, 240 hours, of which the last five days are
# dearer: 744 x 0.035 = 26.04, 120 x 0.04 = 4.80 and 120 x 0.045 = 5.40.
RATES = (
    {"region": "eu", "unit_price": "0.035"},
    {"region": "us", "unit_price": "0.04"},
    {"region": "us", "unit_price": "0.045", "valid_from": "2026-03-16"},
)
LINES = [
    ("Machines, eu, 2026-03-01 to 2026-03-31", "744", "0.035", "26.04"),
    ("Machines, us, 2026-03-01 to 2026-03-31", "120", "0.04", "4.80"),
    ("Machines, us, 2026-03-01 to 2026-03-31", "120", "0.045", "5.40"),
]


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-03-01T12:00:00Z")


def hours(customer: int, region: str, first: datetime, count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{region}-{hour:04}",
            "customer_id": customer,
            "meter": "vm",
            "start_time": f"{first + hour * HOUR:%Y-%m-%dT%H:%M:%SZ}",
            "end_time": f"{first + (hour + 1) * HOUR:%Y-%m-%dT%H:%M:%SZ}",
            "region": region,
            "resource_id": f"vm-{region}",
        }
        for hour in range(count)
    ]


def price_of(event: dict[str, Any]) -> Fraction:
    if event["region"] == "eu":
        return Fraction("0.035")
    return Fraction("0.04") if event["at"] < "2026-03-16" else Fraction("0.045")


def test_every_cent_is_explained(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    api.data(api.post("/usage/meters", {"key": "vm", "name": "Machines", "aggregation": "sum", "group_by": ["region"]}))
    for rate in RATES:
        api.data(api.post("/usage/rates", {"meter": "vm", "model": "per_unit", "unit": "hour", **rate}))
    a_schedule(api, customer_id=ann, start_date="2026-03-01", meters=["vm"], amount=10, description="Support")
    process(api)
    clock.set("2026-04-01T12:00:00Z")
    eu = hours(ann, "eu", Clock("2026-03-01T00:00:00Z")(), 745)
    us = hours(ann, "us", Clock("2026-03-11T00:00:00Z")(), 240)
    api.data(api.post("/usage/events", [*us, *eu]))
    (invoice,) = process(api)["invoices"]

    made = api.data(api.get(f"/invoices/{invoice}"))
    items = [
        tuple(str(item[name]) for name in ("description", "quantity", "unit_price", "line_total"))
        for item in made["items"]
    ]
    assert items == [("Support", "1", "10.00", "10.00"), *LINES]
    assert made["total"] == Decimal("46.24")

    explained = api.data(api.get(f"/invoices/{invoice}/usage"))
    assert explained["more"] is False
    shown = [(line["count"], line["units"], line["amount"]) for line in explained["lines"]]
    assert shown == [(744, 744, Decimal("26.04")), (120, 120, Decimal("4.80")), (120, 120, Decimal("5.40"))]
    for line in explained["lines"]:
        cents = sum((Fraction(event["quantity"]) / 3600 * price_of(event) for event in line["events"]), Fraction(0))
        assert cents == Fraction(line["amount"])
    billed = sorted(event["id"] for line in explained["lines"] for event in line["events"])
    # The event of the first hour of April is of the next invoice.
    assert billed == sorted(event["id"] for event in (*us, *eu) if event["id"] != "eu-0744")

    path = "/usage/report?from=2026-03-01&to=2026-03-31"
    report = api.data(api.get(f"{path}&group_by=day,region"))
    days = {(row["day"], row["region"]): row["cost"] for row in report["rows"]}
    assert days["2026-03-01", "eu"] == Decimal("0.84")
    assert days["2026-03-15", "us"] == Decimal("0.96")
    assert days["2026-03-16", "us"] == Decimal("1.08")
    assert (len(days), report["total_cost"]) == (31 + 10, Decimal("36.24"))
    assert api.differences() == []
