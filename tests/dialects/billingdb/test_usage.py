"""The usage report of seeds/billingdb.txt, to the letter, and what its document leaves open."""

from typing import Any

import pytest

from tallystick.accounts.types import Scope
from tallystick.core.errors import ValidationFailed
from tallystick.dialects.billingdb.usage import ServiceEvents
from tests.api import Api
from tests.bills import a_customer
from tests.dialects import seeds
from tests.dialects.billingdb.invoices import refused
from tests.dialects.callers import DialectCaller, exact

SEED = "billingdb"
REQUEST = seeds.example(SEED, "usage reporting API", "JSON Request")
REPLY = seeds.example(SEED, "usage reporting API", "JSON Response")
DAYS = {"start_date": "2022-01-01", "end_date": "2022-01-31"}


def event(name: str, start: str = "2022-01-01T00:00:00Z", **fields: Any) -> dict[str, Any]:
    return {"event_id": name, "service": "EC2", "start_time": start, "end_time": start, **fields}


def take(billingdb: DialectCaller, *events: dict[str, Any]) -> None:
    assert exact(billingdb.post("/usage/events", list(events)))["accepted"] == len(events)


def report(billingdb: DialectCaller, **fields: Any) -> Any:
    return exact(billingdb.post("/usage/report", {**DAYS, **fields}))


def costs(shown: Any) -> list[str]:
    return [str(row["cost"]) for row in shown["usage"]]


def take_the_seeds(billingdb: DialectCaller) -> None:
    rows = [{name: value for name, value in row.items() if name != "duration"} for row in REPLY["usage"]]
    take(billingdb, *({**row, "event_id": row["resource_id"], "cost": str(row["cost"])} for row in rows))


def test_the_report_of_the_document(billingdb: DialectCaller) -> None:
    """Its two rows are of two services, so the printed reply is that of the request without its ``service``."""
    take_the_seeds(billingdb)
    filters = {"region": REQUEST["filters"]["region"]}
    shown = exact(billingdb.post("/usage/report", {**REQUEST, "filters": filters}))
    assert seeds.shape({**shown, "filters": REPLY["filters"]}) == seeds.shape(REPLY)
    assert shown == {**REPLY, "filters": filters}
    assert [*costs(shown), str(shown["total_cost"])] == ["0.50", "1.00", "1.50"]


def test_the_request_of_the_document_is_answered_by_its_filters(billingdb: DialectCaller) -> None:
    take_the_seeds(billingdb)
    shown = exact(billingdb.post("/usage/report", REQUEST))
    assert shown["filters"] == REQUEST["filters"]
    assert shown["usage"] == [row for row in REPLY["usage"] if row["service"] == "EC2"]
    assert str(shown["total_cost"]) == "0.50"


def test_without_events_there_are_no_rows(billingdb: DialectCaller) -> None:
    response = billingdb.post("/usage/report", {**DAYS, "end_date": "2022-01-01"})
    expected = b'{"start_date":"2022-01-01","end_date":"2022-01-01","filters":{},"usage":[],"total_cost":0.00}'
    assert (response.content, response.headers["Content-Type"]) == (expected, "application/json")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"resource_id": "b"}, ["b"]),
        ({"team": "red"}, ["a"]),
        ({"size": 1.5}, ["a", "c"]),
        ({"size": "1.5"}, ["a", "c"]),
        ({"spot": True}, ["c"]),
        ({"team": "blue", "spot": True}, ["c"]),
        ({"team": "red", "spot": True}, []),
        ({"none": "x"}, []),
    ],
)
def test_filters_are_of_columns_and_of_properties(
    billingdb: DialectCaller, filters: dict[str, Any], expected: list[str]
) -> None:
    take(
        billingdb,
        event("3", "2022-01-03T00:00:00Z", resource_id="c", properties={"team": "blue", "size": 1.5, "spot": True}),
        event("1", resource_id="a", properties={"team": "red", "size": 1.5}),
        event("2", "2022-01-02T00:00:00Z", resource_id="b"),
    )
    assert [row["resource_id"] for row in report(billingdb, filters=filters)["usage"]] == expected


@pytest.mark.parametrize(
    ("start", "month"),
    [
        # Summer time begins on March 29 and ends on October 25: midnight in Berlin is at 22 or at 23 of UTC.
        ("2026-02-28T22:59:59.999999Z", "2026-02"),
        ("2026-02-28T23:00:00Z", "2026-03"),
        ("2026-03-31T21:59:59.999999Z", "2026-03"),
        ("2026-03-31T22:00:00Z", "2026-04"),
        ("2026-10-31T22:59:59.999999Z", "2026-10"),
        ("2026-10-31T23:00:00Z", "2026-11"),
    ],
)
def test_days_are_whole_in_the_accounts_time_zone(api: Api, billingdb: DialectCaller, start: str, month: str) -> None:
    api.put("/settings", {"timezone": "Europe/Berlin"})
    take(billingdb, event("1", start, end_time="2026-12-01T00:00:00Z", cost=1))
    months = {"2026-02": 28, "2026-03": 31, "2026-04": 30, "2026-10": 31, "2026-11": 30}
    found = [
        each
        for each, days in months.items()
        if report(billingdb, start_date=f"{each}-01", end_date=f"{each}-{days}")["usage"]
    ]
    assert found == [month]


def test_an_hour_is_priced_by_the_rate_of_its_service_and_region(api: Api, billingdb: DialectCaller) -> None:
    """90 minutes at 0.25 an hour are 0.375, in Europe at 0.30 they are 0.45: 0.825 in all, rounded once."""
    hourly = {"service": "EC2", "unit": "hour", "model": "per_unit"}
    api.data(api.post("/usage/rates", {**hourly, "unit_price": "0.25"}))
    api.data(api.post("/usage/rates", {**hourly, "unit_price": "0.30", "region": "eu"}))
    times = {"end_time": "2022-01-01T01:30:00Z"}
    take(
        billingdb,
        event("1", **times, region="us"),
        event("2", **times, region="eu"),
        event("3", **times, service="S3"),
        event("4", **times, cost=0),
    )
    shown = report(billingdb)
    assert costs(shown) == ["0.375", "0.45", "0.00", "0.00"]
    assert str(shown["total_cost"]) == "0.83"
    assert [row["duration"] for row in shown["usage"]] == [5400] * 4


def test_the_tiers_of_a_month_are_shared_by_quantity(api: Api, billingdb: DialectCaller) -> None:
    """Two customers: 12 units cost 10 x 10 + 2 and 2 x 5 + 3, which is 115; 4 units cost 42."""
    api.data(
        api.post("/usage/meters", {"key": "units", "aggregation": "sum", "of": "n", "filters": {"service": ["EC2"]}})
    )
    tiers = [{"up_to": 10, "unit_price": 10, "flat": 2}, {"unit_price": 5, "flat": 3}]
    api.data(api.post("/usage/rates", {"meter": "units", "model": "graduated", "tiers": tiers}))
    first, second = a_customer(api), a_customer(api)
    take(
        billingdb,
        event("1", "2022-01-01T00:00:00Z", properties={"customer_id": first, "n": 8}),
        event("2", "2022-01-20T00:00:00Z", properties={"customer_id": first, "n": 4}),
        event("3", "2022-01-20T00:00:01Z", properties={"customer_id": str(second), "n": 4}),
    )
    whole = report(billingdb)
    assert costs(whole) == ["76.666666666667", "38.333333333333", "42.00"]
    assert str(whole["total_cost"]) == "157.00"
    part = report(billingdb, start_date="2022-01-20", filters={"customer_id": second})
    assert (costs(part), str(part["total_cost"])) == (["42.00"], "42.00")


def test_ids_are_one_space_with_those_of_native_events(api: Api, billingdb: DialectCaller) -> None:
    ann = a_customer(api)
    api.data(api.post("/usage/meters", {"key": "disk", "aggregation": "sum"}))
    take(billingdb, event("1", properties={"customer_id": str(ann)}))
    native = {"customer_id": ann, "service": "EC2", "at": "2022-01-01T00:00:00Z"}
    refused = api.post("/usage/events", {"id": "1", **native})
    assert refused.json()["errors"] == {"id": ["Is stored already, with another content."]}
    api.data(api.post("/usage/events", {"id": "2", **native}))
    assert billingdb.post("/usage/events", event("2")).status_code == 400
    assert exact(billingdb.post("/usage/events", event("1", properties={"customer_id": str(ann)}))) == {
        "accepted": 0,
        "duplicates": 1,
        "waiting": [],
    }


def test_an_array_has_at_most_ten_thousand_events() -> None:
    raw = f"[{','.join(['{}'] * 10_001)}]".encode()
    with pytest.raises(ValidationFailed) as refused:
        ServiceEvents.read(raw, is_strict=True)
    assert list(refused.value.errors) == ["events"]


def test_an_event_that_waits_for_its_customer_is_told(api: Api, billingdb: DialectCaller) -> None:
    api.data(api.put("/settings", {"usage_keep_rejected": True}))
    events = [event("1"), event("2", properties={"customer_id": 77})]
    waiting = [{"event_id": "2", "error": "customer_id: There is no such customer."}]
    assert exact(billingdb.post("/usage/events", events)) == {"accepted": 1, "duplicates": 0, "waiting": waiting}
    assert [each["id"] for each in api.data(api.get("/usage/rejected"))] == ["2"]


def test_only_the_events_of_a_customer_are_billed(api: Api, billingdb: DialectCaller) -> None:
    ann = a_customer(api)
    filters = {"service": ["EC2"]}
    api.data(api.post("/usage/meters", {"key": "vm", "name": "VM", "aggregation": "count", "filters": filters}))
    api.data(api.post("/usage/rates", {"meter": "vm", "model": "per_unit", "unit_price": 5}))
    schedule = {"customer_id": ann, "frequency": "monthly", "start_date": "2022-01-01", "max_occurrences": 2}
    api.data(api.post("/recurring-billing", {**schedule, "amount": 1, "description": "Base", "meters": ["vm"]}))
    take(billingdb, event("1", properties={"customer_id": ann}), event("2"))
    invoices = api.data(api.post("/recurring-billing/process"))["invoices"]
    billed = [line["events"] for number in invoices for line in api.data(api.get(f"/invoices/{number}/usage"))["lines"]]
    assert [[each["id"] for each in events] for events in billed] == [["1"]]


def test_native_events_are_in_it_too(api: Api, billingdb: DialectCaller) -> None:
    api.data(api.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    api.data(api.post("/usage/rates", {"meter": "calls", "model": "per_unit", "unit_price": "0.001"}))
    at = "2022-01-31T23:59:59.500000Z"
    native = {
        "id": "1",
        "customer_id": a_customer(api),
        "meter": "calls",
        "at": "2022-01-31T23:59:59.5Z",
        "quantity": 7,
    }
    api.data(api.post("/usage/events", native))
    shown = report(billingdb)
    times = {"start_time": at, "end_time": at}
    names = dict.fromkeys(("resource_id", "resource_name", "service", "region"), "")
    (row,) = shown["usage"]
    assert {**row, "cost": str(row["cost"])} == {**names, **times, "duration": 0, "cost": "0.007"}


def test_a_yen_has_no_digits(api: Api, billingdb: DialectCaller) -> None:
    api.put("/settings", {"currency": "JPY"})
    take(billingdb, event("1", cost=2), event("2", cost="0.5"))
    shown = report(billingdb)
    assert (costs(shown), str(shown["total_cost"])) == (["2", "0.5"], "3")


def test_another_accounts_usage_is_not_in_it(api: Api, billingdb: DialectCaller) -> None:
    take(billingdb, event("1", cost=2))
    theirs = {"Authorization": f"Bearer {Api(api.database).key}"}
    assert exact(billingdb.post("/usage/report", DAYS, headers=theirs))["usage"] == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "start_date: Is required. end_date: Is required."),
        ({**DAYS, "end_date": "2021-12-31"}, "end_date: Must not be before the first day."),
        ({**DAYS, "end_date": "2025-01-03"}, "end_date: Must be less than 1,098 days after the first day."),
        ({**DAYS, "start_date": "January"}, "start_date: Must be a date, as 2026-03-31."),
        ({**DAYS, "filters": []}, "filters: Must be an object"),
        ({**DAYS, "filters": {"team": ["red"]}}, "filters.team: Must be a text, a number or a truth value."),
        ({**DAYS, "filters": {"team": None}}, "filters.team: Must be a text, a number or a truth value."),
        ({**DAYS, "filters": {'a"b': "x"}}, "filters: Must name properties of 1 to 40 characters"),
        ({**DAYS, "filters": {"a": "x\0"}}, "filters"),
    ],
)
def test_what_is_wrong_is_named(billingdb: DialectCaller, body: Any, sentence: str) -> None:
    status, said = refused(billingdb.post("/usage/report", body))
    assert (status, said[: len(sentence)]) == (400, sentence)


def test_a_report_needs_a_key_that_may_write_as_every_post_does(api: Api, billingdb: DialectCaller) -> None:
    reader = {"Authorization": f"Bearer {api.new_key(Scope.READ)}"}
    assert refused(billingdb.post("/usage/report", DAYS, headers=reader))[0] == 403
