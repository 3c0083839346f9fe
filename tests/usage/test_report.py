"""The report, over HTTP: what was used, grouped and filtered, and what it costs."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer

MARCH = "from=2026-03-01&to=2026-03-31"
GRADUATED = {"model": "graduated", "tiers": [{"up_to": 10, "unit_price": 10, "flat": 2}, {"unit_price": 5, "flat": 3}]}


@pytest.fixture
def customer(api: Api) -> int:
    return a_customer(api)


def meter(api: Api, key: str, aggregation: str = "sum", **fields: Any) -> None:
    api.data(api.post("/usage/meters", {"key": key, "aggregation": aggregation, **fields}))


def rate(api: Api, **fields: Any) -> None:
    price = {"model": "per_unit"} if "model" not in fields else {}
    api.data(api.post("/usage/rates", {**price, **fields}))


def take(api: Api, customer: int, *events: dict[str, Any]) -> None:
    whole = [{"id": f"e{place}", "customer_id": customer, **each} for place, each in enumerate(events)]
    assert api.data(api.post("/usage/events", whole))["accepted"] == len(events)


def report(api: Api, query: str = "", days: str = MARCH) -> Any:
    return api.data(api.get(f"/usage/report?{days}&{query}"))


def rows(shown: Any) -> list[tuple[str, ...]]:
    return [tuple(str(value) for value in row.values()) for row in shown["rows"]]


def some_usage(api: Api, customer: int) -> None:
    """Calls at 0.10, of which one brings its own cost; disks at 2.00 in Europe and without a rate elsewhere."""
    meter(api, "calls")
    meter(api, "disk")
    rate(api, meter="calls", unit_price="0.10")
    rate(api, meter="disk", unit_price=2, region="eu")
    red, blue = {"color": "red", "size": 1}, {"color": "blue", "size": 1}
    take(
        api,
        customer,
        {"meter": "calls", "at": "2026-03-01T00:00:00Z", "quantity": 3, "properties": red, "resource_id": "a"},
        {"meter": "calls", "at": "2026-03-01T23:59:59Z", "quantity": 4, "properties": blue, "region": "us"},
        {"meter": "calls", "at": "2026-03-31T23:59:59Z", "quantity": 5, "cost": "9.005", "properties": red},
        {"meter": "disk", "at": "2026-03-31T12:00:00Z", "quantity": "0.5", "region": "eu", "service": "S3"},
        {"meter": "disk", "at": "2026-03-31T12:00:00Z", "quantity": 8, "region": "us", "service": "S3"},
        {"meter": "disk", "at": "2026-04-01T00:00:00Z", "quantity": 16, "region": "eu", "service": "S3"},
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [("20.5", "10.705")]),
        ("group_by=month", [("2026-03", "20.5", "10.705")]),
        ("group_by=day", [("2026-03-01", "7", "0.70"), ("2026-03-31", "13.5", "10.005")]),
        ("group_by=meter", [("calls", "12", "9.705"), ("disk", "8.5", "1.00")]),
        ("group_by=service", [("None", "12", "9.705"), ("S3", "8.5", "1.00")]),
        ("group_by=region", [("None", "8", "9.305"), ("eu", "0.5", "1.00"), ("us", "12", "0.40")]),
        ("group_by=resource", [("None", "17.5", "10.405"), ("a", "3", "0.30")]),
        ("group_by=color", [("None", "8.5", "1.00"), ("blue", "4", "0.40"), ("red", "8", "9.305")]),
        ("group_by=size&meter=calls", [("1", "12", "9.705")]),
        ("group_by=day,meter&region=us", [("2026-03-01", "calls", "4", "0.40"), ("2026-03-31", "disk", "8", "0.00")]),
        ("meter=calls&property=color:red", [("8", "9.305")]),
        ("property=color:red,color:blue,size:1", [("12", "9.705")]),
        ("resource_id=a", [("3", "0.30")]),
        ("service=S3&group_by=meter", [("disk", "8.5", "1.00")]),
        ("meter=none", []),
    ],
)
def test_usage_is_grouped_and_filtered(api: Api, customer: int, query: str, expected: list[Any]) -> None:
    some_usage(api, customer)
    assert rows(report(api, query)) == expected


def test_the_report_is_rounded_once_and_counts_what_no_rate_fits(api: Api, customer: int) -> None:
    """9.005 + 0.30 + 0.40 + 1.00 = 10.705, half up 10.71; the 8 of a disk in the US have no rate."""
    some_usage(api, customer)
    shown = report(api, "group_by=customer")
    assert {**shown, "total_cost": str(shown["total_cost"])} == {
        "from": "2026-03-01",
        "to": "2026-03-31",
        "rows": shown["rows"],
        "total_cost": "10.71",
        "currency": "USD",
        "unrated": 1,
        "forgotten_until": None,
    }
    assert rows(shown) == [(str(customer), "20.5", "10.705")]


def test_it_is_a_table_too(api: Api, customer: int) -> None:
    some_usage(api, customer)
    response = api.get(f"/usage/report/csv?{MARCH}&group_by=day,meter,color&region=us")
    assert response.text == (
        "Day,Meter,Color,Quantity,Cost\r\n2026-03-01,calls,blue,4,0.40\r\n2026-03-31,disk,,8,0.00\r\n"
    )
    assert 'filename="usage.csv"' in response.headers["Content-Disposition"]


def test_without_days_it_is_of_this_month(api: Api, customer: int) -> None:
    meter(api, "calls")
    with api.database.read() as tx:
        today = api.account.today(tx.now)
        take(api, customer, {"meter": "calls", "at": tx.now.isoformat(), "cost": 1})
    shown = api.data(api.get("/usage/report"))
    assert (shown["from"], shown["to"]) == (str(today.replace(day=1)), str(today))
    assert rows(shown) == [("1", "1.00")]


def test_tiers_are_of_a_customers_month_and_shared_by_quantity(api: Api, customer: int) -> None:
    """12 units in March cost 102 + 13 = 115, of which 3 bear a quarter; 3 in April cost 32; another's 12 cost 115."""
    meter(api, "calls")
    rate(api, meter="calls", **GRADUATED)
    calls = {"meter": "calls", "quantity": 3}
    days = ("2026-03-01", "2026-03-10", "2026-03-10", "2026-03-31", "2026-04-01")
    take(api, customer, *({**calls, "at": f"{day}T12:00:00Z", "region": "eu"} for day in days))
    take(api, a_customer(api), {**calls, "id": "other", "at": "2026-03-05T00:00:00Z", "quantity": 12})
    own = f"customer_id={customer}&group_by=day"
    by_day = [("2026-03-01", "3", "28.75"), ("2026-03-10", "6", "57.50"), ("2026-03-31", "3", "28.75")]
    assert rows(report(api, own)) == by_day
    assert rows(report(api, own, "from=2026-03-02&to=2026-03-30")) == by_day[1:2]
    assert rows(report(api, "group_by=region")) == [("None", "12", "115.00"), ("eu", "12", "115.00")]
    assert str(report(api, days="from=2026-03-01&to=2026-04-30")["total_cost"]) == "262.00"


def test_a_flat_fee_without_quantity_is_shared_by_events(api: Api, customer: int) -> None:
    meter(api, "calls")
    rate(api, meter="calls", unit_price=1, flat=9)
    none = {"meter": "calls", "quantity": 0}
    take(api, customer, *({**none, "at": f"2026-03-{day:02}T12:00:00Z"} for day in (1, 2, 2)))
    assert rows(report(api, "group_by=day")) == [("2026-03-01", "0", "3.00"), ("2026-03-02", "0", "6.00")]


def test_what_does_not_add_up_is_priced_by_the_month_and_shared_by_events(api: Api, customer: int) -> None:
    """The most of March is 8 at 3.00: 24.00 for four events, of which one is of the 2nd and three of the 3rd."""
    meter(api, "disk", "max")
    rate(api, meter="disk", unit_price=3)
    take(
        api,
        customer,
        *(
            {"meter": "disk", "at": f"2026-03-{day:02}T{hour:02}:00:00Z", "quantity": size, "region": region}
            for day, hour, size, region in ((2, 0, 5, "eu"), (3, 0, 8, "eu"), (3, 1, 2, "us"), (3, 2, 1, "us"))
        ),
    )
    assert rows(report(api)) == [("8", "24.00")]
    assert rows(report(api, "group_by=day")) == [("2026-03-02", "5", "6.00"), ("2026-03-03", "8", "18.00")]
    assert rows(report(api, "group_by=region")) == [("eu", "8", "12.00"), ("us", "2", "12.00")]
    assert rows(report(api, "region=us")) == [("2", "12.00")]


def test_meters_measure_as_they_say(api: Api, customer: int) -> None:
    """``vm`` takes what names only its service, and of it the hours in Europe; each size is priced by itself."""
    hours: dict[str, Any] = {"of": "hours", "filters": {"service": ["EC2"], "region": ["eu"]}, "group_by": ["size"]}
    meter(api, "vm", **hours)
    meter(api, "requests", "count")
    meter(api, "users", "unique", of="user")
    rate(api, meter="vm", **GRADUATED)
    rate(api, meter="requests", unit_price="0.5")
    rate(api, meter="users", unit_price=1)
    at = {"at": "2026-03-10T00:00:00Z"}
    vm = {**at, "service": "EC2", "region": "eu"}
    take(
        api,
        customer,
        {**vm, "properties": {"hours": 10, "size": "s"}},
        {**vm, "properties": {"hours": 10, "size": "l"}},
        {**vm, "properties": {"hours": 2, "size": "l"}},
        {**vm, "region": "us", "properties": {"hours": 99}},
        *({**at, "meter": "requests", "quantity": 7, "region": region} for region in ("eu", "us")),
        *({**at, "meter": "users", "properties": {"user": user}} for user in ("ann", "bob", "ann")),
        {**at, "service": "S3", "quantity": 4},
    )
    shown = report(api, "group_by=meter")
    expected = [("None", "4", "0.00"), ("requests", "2", "1.00"), ("users", "2", "2.00"), ("vm", "22", "217.00")]
    assert (rows(shown), shown["unrated"]) == (expected, 1)
    assert rows(report(api, "meter=vm&group_by=size")) == [("l", "12", "115.00"), ("s", "10", "102.00")]
    assert rows(report(api, "meter=vm&region=us")) == []
    assert rows(report(api, "service=EC2&group_by=meter")) == [("vm", "22", "217.00")]


def test_the_rate_of_the_day_and_of_the_customer_is_taken(api: Api, customer: int) -> None:
    meter(api, "calls")
    rate(api, meter="calls", unit_price=1)
    rate(api, meter="calls", unit_price=2, valid_from="2026-03-10")
    rate(api, meter="calls", unit_price=7, customer_id=customer)
    rate(api, meter="calls", unit_price=100, currency="EUR")
    other = a_customer(api)
    for who in (customer, other):
        calls = {"customer_id": who, "meter": "calls"}
        take(api, who, *({**calls, "id": f"{who}-{day}", "at": f"2026-03-{day}T12:00:00Z"} for day in ("09", "10")))
    assert rows(report(api, "group_by=customer")) == [(str(customer), "2", "14.00"), (str(other), "2", "3.00")]


@pytest.mark.parametrize(
    ("at", "month"),
    [
        # In Berlin summer time begins on March 29 and ends on October 25.
        ("2026-02-28T22:59:59Z", "2026-02"),
        ("2026-02-28T23:00:00Z", "2026-03"),
        ("2026-03-31T21:59:59Z", "2026-03"),
        ("2026-03-31T22:00:00Z", "2026-04"),
        ("2026-10-31T22:59:59Z", "2026-10"),
        ("2026-10-31T23:00:00Z", "2026-11"),
    ],
)
def test_months_are_those_of_the_accounts_time_zone(api: Api, customer: int, at: str, month: str) -> None:
    api.put("/settings", {"timezone": "Europe/Berlin"})
    meter(api, "calls")
    take(api, customer, {"meter": "calls", "at": at})
    shown = report(api, "group_by=month", "from=2026-01-01&to=2026-12-31")
    assert [row["month"] for row in shown["rows"]] == [month]


def test_quantities_and_costs_beyond_all_bounds_are_shown_whole(api: Api, customer: int) -> None:
    """999,999,999,999,999.5 at as much: (10^15 - 0.5)^2 = 10^30 - 10^15 + 0.25."""
    meter(api, "calls")
    rate(api, meter="calls", unit_price="999999999999999.5")
    take(api, customer, {"meter": "calls", "at": "2026-03-01T00:00:00Z", "quantity": "999999999999999.5"})
    raw = api.get(f"/usage/report?{MARCH}").text
    assert '"quantity":999999999999999.5,"cost":999999999999999000000000000000.25}' in raw
    assert '"total_cost":999999999999999000000000000000.25' in raw


def test_two_accounts_never_meet(api: Api, customer: int) -> None:
    some_usage(api, customer)
    other = Api(api.database)
    assert report(other)["rows"] == []
    refused = other.get(f"/usage/report?customer_id={customer}")
    assert list(refused.json()["errors"]) == ["customer_id"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=2020-01-01&to=2026-03-01", "to"),
        ("customer_id=99", "customer_id"),
        ("group_by=quantity", "group_by"),
        ("group_by=cost", "group_by"),
        ("group_by=a,b,c,d,e,f", "group_by"),
        ('group_by=a"b', "group_by"),
        ("property=red", "property"),
        ("property=day:2026-03-01", "property"),
        ("property=region:eu", "property"),
        ("property=:x", "property"),
        ("colour=red", "colour"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(api: Api, query: str, field: str) -> None:
    refused = api.get(f"/usage/report?{query}")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
