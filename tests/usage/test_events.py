"""Events in, over HTTP: each id once, and whatever is wrong is told by its place and its field."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tallystick.core.rating import Aggregation
from tallystick.usage import amounts, store
from tallystick.usage.types import Selection, Span
from tests.api import Api
from tests.bills import a_customer

AT = "2026-03-01T12:00:00Z"
ALL = Selection(Aggregation.SUM, group=("meter", "service", "region"))


@pytest.fixture
def customer(api: Api) -> int:
    api.data(api.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    api.data(api.post("/usage/meters", {"key": "traffic", "aggregation": "sum", "of": "bytes"}))
    return a_customer(api)


def event(customer: int, **fields: Any) -> dict[str, Any]:
    return {"id": "e-1", "customer_id": customer, "meter": "calls", "at": AT, **fields}


def sums(api: Api, customer: int) -> list[tuple[Any, ...]]:
    """What is stored: of each meter, service and region the events, their quantity and their own costs."""
    with api.database.usage.read() as tx:
        found = store.aggregate(tx, api.account, [customer], [Span(0, 2**60)], ALL)
    return [(*each.group, each.events, amounts.written(each.quantity), amounts.written(each.costs)) for each in found]


def test_an_event_is_taken_once(api: Api, customer: int) -> None:
    first = api.data(api.post("/usage/events", event(customer, quantity="2.5")))
    assert first == {"accepted": 1, "duplicates": 0, "rejected": []}
    again = [event(customer, quantity=2.50), event(customer, id="e-2"), event(customer, id="e-2")]
    assert api.data(api.post("/usage/events", again)) == {"accepted": 1, "duplicates": 2, "rejected": []}
    assert sums(api, customer) == [("calls", None, None, 2, "3.5", "0")]


def test_the_same_id_with_another_content_is_refused(api: Api, customer: int) -> None:
    api.data(api.post("/usage/events", event(customer)))
    refused = api.post("/usage/events", [event(customer, id="e-2"), event(customer, quantity=7)])
    assert refused.status_code == 422
    assert refused.json()["errors"] == {"1.id": ["Is stored already, with another content."]}
    assert sums(api, customer) == [("calls", None, None, 1, "1", "0")]
    partly = api.data(api.post("/usage/events?partial=true", [event(customer, id="e-2"), event(customer, quantity=7)]))
    assert (partly["accepted"], partly["duplicates"]) == (1, 0)
    assert partly["rejected"] == [{"index": 1, "errors": {"id": ["Is stored already, with another content."]}}]


def test_a_time_is_measured_in_seconds(api: Api, customer: int) -> None:
    times = {"start_time": "2026-03-01T12:00:00+01:00", "end_time": "2026-03-01T11:30:00.5Z"}
    spans = {"id": "e-1", "customer_id": customer, "service": "vm", "region": "eu", **times}
    api.data(api.post("/usage/events", spans))
    assert sums(api, customer) == [(None, "vm", "eu", 1, "1800.5", "0")]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"meter": "none"}, "meter"),
        ({"meter": None}, "meter"),
        ({"customer_id": 999}, "customer_id"),
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": "x"}, "customer_id"),
        ({"quantity": True}, "quantity"),
        ({"cost": [1]}, "cost"),
        ({"at": None}, "at"),
        ({"at": "2026-03-01"}, "at"),
        ({"at": "1999-12-31T23:59:59Z"}, "at"),
        ({"start_time": AT, "end_time": AT}, "at"),
        ({"at": None, "start_time": AT}, "end_time"),
        ({"at": None, "start_time": AT, "end_time": "2026-03-01T11:59:59Z"}, "end_time"),
        ({"at": None, "start_time": AT, "end_time": "9999-12-31T23:59:59-10:00"}, "end_time"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": 10**15}, "quantity"),
        ({"quantity": "0.0000000000001"}, "quantity"),
        ({"cost": -1}, "cost"),
        ({"id": ""}, "id"),
        ({"id": "x" * 256}, "id"),
        ({"color": "red"}, "color"),
        ({"properties": {"a": []}}, "properties.a"),
        ({"properties": {'a"b': 1}}, "properties"),
        ({"properties": {str(number): 1 for number in range(51)}}, "properties"),
        ({"meter": "traffic"}, "properties.bytes"),
        ({"meter": "traffic", "properties": {"bytes": "many"}}, "properties.bytes"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(api: Api, customer: int, fields: dict[str, Any], wrong: str) -> None:
    refused = api.post("/usage/events", event(customer, **fields))
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [wrong])
    refused = api.post("/usage/events", [event(customer, id="good"), event(customer, **fields)])
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [f"1.{wrong}"])
    assert sums(api, customer) == []


def test_an_event_of_the_day_after_tomorrow_is_refused(api: Api, customer: int) -> None:
    with api.database.read() as tx:
        soon, late = (tx.now + timedelta(hours=hours) for hours in (23, 25))
    assert api.post("/usage/events", event(customer, at=soon.isoformat())).status_code == 200
    refused = api.post("/usage/events", event(customer, id="e-2", at=late.isoformat()))
    assert list(refused.json()["errors"]) == ["at"]


@pytest.mark.parametrize(("body", "code"), [("[1]", "VALIDATION_FAILED"), ("1", "MALFORMED"), ("{", "MALFORMED")])
def test_what_is_no_event_is_refused(api: Api, customer: int, body: str, code: str) -> None:
    refused = api.request("POST", "/usage/events", content=body, headers={"Content-Type": "application/json"})
    assert refused.json()["code"] == code


def test_ten_thousand_events_are_taken_and_no_more(api: Api, customer: int) -> None:
    events = [event(customer, id=f"e-{number}", at="2026-03-01T12:00:00.123456Z") for number in range(10_001)]
    assert api.post("/usage/events", events).status_code == 422
    assert api.data(api.post("/usage/events", events[1:]))["accepted"] == 10_000
    assert sums(api, customer) == [("calls", None, None, 10_000, "10000", "0")]


def test_cloud_events_are_taken(api: Api, customer: int) -> None:
    cloud = {
        "specversion": "1.0",
        "id": "1",
        "source": "/gateway",
        "type": "calls",
        "time": AT,
        "subject": str(customer),
        "datacontenttype": "application/json",
        "data": {"quantity": 3, "region": "eu", "path": "/x", "status": 200},
    }
    headers = {"Content-Type": "application/cloudevents+json"}
    batch = {"Content-Type": "application/cloudevents-batch+json"}
    assert api.data(api.request("POST", "/usage/events", json=cloud, headers=headers))["accepted"] == 1
    other = {**cloud, "source": "/other"}
    taken = api.data(api.request("POST", "/usage/events", json=[cloud, other], headers=batch))
    assert (taken["accepted"], taken["duplicates"]) == (1, 1)
    assert sums(api, customer) == [("calls", None, "eu", 2, "6", "0")]
    without_time = {name: value for name, value in cloud.items() if name != "time"}
    refused = api.request("POST", "/usage/events", json=without_time, headers=headers)
    assert refused.json()["errors"] == {"time": ["Is required of a CloudEvent."]}


def test_the_costs_of_events_are_exact(api: Api, customer: int) -> None:
    events = [event(customer, id=str(number), cost="0.1", quantity="0.3") for number in range(10)]
    api.data(api.post("/usage/events", events))
    assert sums(api, customer) == [("calls", None, None, 10, "3", "1")]


def test_a_number_of_a_property_is_measured_however_small_it_is(api: Api, customer: int) -> None:
    numbers = (1e-7, "0.0000001", 1e-12, 1e14)
    events = [
        event(customer, id=str(place), meter="traffic", properties={"bytes": number})
        for place, number in enumerate(numbers)
    ]
    api.data(api.post("/usage/events", events))
    found = api.data(api.get("/usage/report?from=2026-03-01&to=2026-03-31&group_by=bytes"))["rows"]
    assert {row["bytes"]: row["quantity"] for row in found} == {
        "0.000000000001": Decimal("0.000000000001"),
        "0.0000001": Decimal("0.0000002"),
        "100000000000000": 10**14,
    }


def test_a_key_that_only_reads_takes_no_events(api: Api, customer: int) -> None:
    key = api.new_key()
    refused = api.request("POST", "/usage/events", json=event(customer), headers={"X-API-Key": key})
    assert refused.status_code == 403
