"""Looking at the events that came in, and at what a meter would make of them."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer
from tests.usage.test_report import meter, report, rows, take

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.fixture
def customer(api: Api) -> int:
    return a_customer(api)


def three_events(api: Api, customer: int) -> None:
    meter(api, "calls")
    take(
        api,
        customer,
        {"meter": "calls", "at": "2026-03-03T00:00:00Z", "quantity": "2.50", "properties": {"color": "red", "n": 1.5}},
        {"service": "EC2", "region": "eu", "start_time": "2026-03-01T00:00:00Z", "end_time": "2026-03-01T00:01:00Z"},
        {"meter": "calls", "at": "2026-03-02T00:00:00Z", "cost": 1, "resource_id": "a", "resource_name": "A"},
    )


def ids(api: Api, query: str) -> list[str]:
    return [event["id"] for event in api.data(api.get(f"/usage/events?{query}"))]


def test_an_event_is_shown_as_it_was_taken(api: Api, customer: int) -> None:
    three_events(api, customer)
    response = api.get("/usage/events").json()
    shown = [{name: value for name, value in event.items() if name != "seq"} for event in response["data"]]
    none = dict.fromkeys(("meter", "service", "region", "end_time", "cost", "resource_id", "resource_name"))
    expected: list[dict[str, Any]] = [
        {"id": "e2", "meter": "calls", "start_time": "2026-03-02T00:00:00Z", "quantity": 1, "cost": 1.0}
        | {"resource_id": "a", "resource_name": "A"},
        {"id": "e1", "service": "EC2", "region": "eu", "start_time": "2026-03-01T00:00:00Z", "quantity": 60}
        | {"end_time": "2026-03-01T00:01:00Z"},
        {"id": "e0", "meter": "calls", "start_time": "2026-03-03T00:00:00Z", "quantity": 2.5}
        | {"properties": {"color": "red", "n": 1.5}},
    ]
    assert shown == [{"customer_id": customer, "properties": {}, **none, **each} for each in expected]
    assert response["pagination"] == {"limit": 20, "next": None}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("meter=calls", ["e2", "e0"]),
        ("service=EC2", ["e1"]),
        ("region=eu", ["e1"]),
        ("resource_id=a", ["e2"]),
        ("property=color:red", ["e0"]),
        ("property=n:1.5", ["e0"]),
        ("from=2026-03-02", ["e2", "e0"]),
        ("to=2026-03-02", ["e2", "e1"]),
        ("from=2026-03-02&to=2026-03-02", ["e2"]),
        ("customer_id=1&meter=calls", ["e2", "e0"]),
        ("customer_id=99", []),
    ],
)
def test_events_are_chosen(api: Api, customer: int, query: str, expected: list[str]) -> None:
    three_events(api, customer)
    assert ids(api, query) == expected
    assert Api(api.database).get(f"/usage/events?{query}").json()["data"] == []


def test_events_are_walked_by_cursor(api: Api, customer: int) -> None:
    three_events(api, customer)
    seen, query = [], "limit=1"
    while True:
        page = api.get(f"/usage/events?{query}").json()
        seen += [event["id"] for event in page["data"]]
        if page["pagination"]["next"] is None:
            break
        query = f"limit=1&after={page['pagination']['next']}"
    assert seen == ["e2", "e1", "e0"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=x", "after"),
        ("limit=101", "limit"),
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("property=red", "property"),
    ],
)
def test_what_is_wrong_is_told(api: Api, query: str, field: str) -> None:
    refused = api.get(f"/usage/events?{query}")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])


def test_a_meter_is_tried_before_it_is_made(api: Api, customer: int) -> None:
    """Of 3 events with a size in March, two are small: 1.5 + 2 = 3.5; what has another service is not measured."""
    sizes = [("s", "1.5", "EC2"), ("s", "2", "EC2"), ("l", "7", "EC2"), ("s", "100", "S3")]
    take(
        api,
        customer,
        *(
            {"service": service, "at": "2026-03-10T00:00:00Z", "properties": {"size": size, "hours": hours}}
            for size, hours, service in sizes
        ),
    )
    made = {"key": "vm", "aggregation": "sum", "of": "hours", "filters": {"service": ["EC2"]}, "group_by": ["size"]}
    shown = api.data(api.post("/usage/meters/preview", {**made, **MARCH}))
    own = {"month": "2026-03", "customer_id": customer}
    assert shown == {
        **MARCH,
        "events": 3,
        "rows": [
            {**own, "group": {"size": "l"}, "events": 1, "quantity": 7},
            {**own, "group": {"size": "s"}, "events": 2, "quantity": 3.5},
        ],
    }
    assert api.data(api.get("/usage/meters")) == []
    assert api.data(api.post("/usage/meters/preview", {**made, **MARCH, "customer_id": 99}))["rows"] == []
    api.data(api.post("/usage/meters", made))
    assert rows(report(api, "group_by=meter,size")) == [
        ("None", "s", "1", "0.00"),
        ("vm", "l", "7", "0.00"),
        ("vm", "s", "3.5", "0.00"),
    ]


def test_a_preview_is_of_this_month_and_refuses_what_a_meter_would(api: Api, customer: int) -> None:
    made = {"key": "calls", "aggregation": "sum"}
    with api.database.read() as tx:
        today = api.account.today(tx.now)
    shown = api.data(api.post("/usage/meters/preview", made))
    assert shown == {"from": str(today.replace(day=1)), "to": str(today), "events": 0, "rows": []}
    refused = api.post("/usage/meters/preview", {**made, "aggregation": "mean"})
    assert list(refused.json()["errors"]) == ["aggregation"]
    refused = api.post("/usage/meters", {**made, "key": "preview"})
    assert list(refused.json()["errors"]) == ["key"]
