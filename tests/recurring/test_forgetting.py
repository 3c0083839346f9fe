"""Usage events are forgotten once they are billed; what they came to is kept."""

from typing import Any

import pytest
from sqlalchemy import func, inspect, select

from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.recurring import forgetting
from tallystick.store.usage_tables import usage_events
from tests.api import Api
from tests.bills import a_customer
from tests.clock import Clock
from tests.recurring.schedules import a_schedule, process
from tests.recurring.test_usage import TIERS, a_meter, a_rate, bill, metered, use

REPORT = "/usage/report?from=2026-01-01&to=2026-02-28&group_by=month,customer,meter"


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-01-01T12:00:00Z")


def forget(api: Api, day: str) -> int:
    """How many events are gone, of those before a day."""
    first = Clock(f"{day}T00:00:00Z")().date()
    return sum(forgetting.forget(api.database, "tests", api.account, first))


def stored(api: Api) -> int:
    count = select(func.count()).select_from(usage_events).where(usage_events.c.account_id == api.account.id)
    with api.database.usage.read() as tx:
        return tx.one(count, int)


def rows(api: Api, path: str = REPORT) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in api.data(api.get(path))["rows"]]


@pytest.fixture
def january(api: Api, clock: Clock) -> int:
    """A customer whose January is billed, by tiers, and who used something in February."""
    ann = a_customer(api)
    calls, seats = a_meter(api, "calls", group_by=["region"]), a_meter(api, "seats", "max")
    a_rate(api, meter=calls, model="graduated", tiers=TIERS)
    a_rate(api, meter=seats, unit_price=3)
    metered(api, ann, calls, seats)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, calls, "2026-01-05", "2026-01-31", quantity=6, region="eu")
    use(api, clock, ann, seats, "2026-01-07", quantity="2.5")
    assert [line[3] for line in bill(api, clock, "2026-02-01")] == ["115", "7.5"]
    use(api, clock, ann, calls, "2026-02-01", quantity=4)
    return ann


def test_what_the_months_came_to_is_kept(api: Api, january: int) -> None:
    before = rows(api)
    assert before == [
        ("2026-01", january, "calls", 12, 115),
        ("2026-01", january, "seats", 2.5, 7.5),
        ("2026-02", january, "calls", 4, 42),
    ]
    assert api.data(api.get(REPORT))["forgotten_until"] is None
    assert forget(api, "2026-02-01") == 3
    assert (rows(api), stored(api)) == (before, 1)
    report = api.data(api.get(REPORT))
    assert (report["forgotten_until"], report["total_cost"]) == ("2026-01-31", 164.5)
    of_calls = "/usage/report?from=2026-01-01&to=2026-01-31&group_by=meter&meter=calls"
    assert rows(api, of_calls) == [("calls", 12, 115)]
    assert api.data(api.get(of_calls))["forgotten_until"] == "2026-01-31"
    february = api.data(api.get("/usage/report?from=2026-02-01&to=2026-02-28&group_by=day"))
    assert (len(february["rows"]), february["forgotten_until"]) == (1, None)
    assert forget(api, "2026-02-01") == 0
    assert api.differences() == []


def test_an_invoice_says_which_events_are_forgotten(api: Api, clock: Clock, january: int) -> None:
    forget(api, "2026-02-01")
    bill(api, clock, "2026-03-01")
    shown = [api.data(api.get(f"/invoices/{number}/usage"))["lines"] for number in (2, 3)]
    assert [[(line["count"], line["forgotten"], len(line["events"])) for line in lines] for lines in shown] == [
        [(2, True, 0), (1, True, 0)],
        [(1, False, 1)],
    ]
    assert [line["amount"] for line in shown[0]] == [115, 7.5]


@pytest.mark.parametrize(
    "path",
    [
        "/usage/report?from=2026-01-01&to=2026-02-28&group_by=day",
        "/usage/report?from=2026-01-01&to=2026-02-28&region=eu",
        "/usage/report?from=2026-01-02&to=2026-02-28",
        "/usage/report?from=2026-01-01&to=2026-01-30",
    ],
)
def test_what_only_the_events_could_tell_is_refused(api: Api, january: int, path: str) -> None:
    forget(api, "2026-02-01")
    refused = api.get(path)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["from"])


def test_who_asks_for_forgotten_events_is_told(api: Api, january: int) -> None:
    forget(api, "2026-02-01")
    tried = {"key": "calls", "aggregation": "count", "from": "2026-01-31", "to": "2026-02-28"}
    refused = api.post("/usage/meters/preview", tried)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["from"])
    late = {"id": "late", "customer_id": january, "meter": "calls", "at": "2026-01-31T23:59:59Z"}
    refused = api.post("/usage/events", late)
    assert refused.json()["errors"]["at"] == ["Must not be before 2026-02-01: what was used before is forgotten."]
    api.data(api.post("/usage/events", {**late, "at": "2026-02-01T00:00:00Z"}))
    headers = {"Authorization": f"Bearer {api.key}"}
    body = {"start_date": "2026-01-31", "end_date": "2026-02-28"}
    assert api.client.post("/v1/usage/report", json=body, headers=headers).status_code == 400


def test_a_customer_of_whom_totals_are_kept_stays(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    use(api, clock, ann, a_meter(api, "calls"), "2026-01-05")
    clock.set("2026-02-01T12:00:00Z")
    assert (forget(api, "2026-02-01"), stored(api)) == (1, 0)
    assert api.delete(f"/customers/{ann}").status_code == 409


def test_what_is_not_billed_yet_is_not_forgotten(api: Api, clock: Clock, january: int) -> None:
    clock.set("2026-03-02T12:00:00Z")
    with pytest.raises(Conflict, match="schedule 1 has not billed its usage from 2026-02-01 on"):
        forget(api, "2026-03-01")
    process(api)
    use(api, clock, january, "calls", "2026-02-02", quantity=20)
    with pytest.raises(Conflict, match="the schedule 1 billed, some came late"):
        forget(api, "2026-03-01")
    assert bill(api, clock, "2026-04-01")[-1][3] == "136"
    assert forget(api, "2026-03-01") == 5


def test_what_comes_late_of_a_meter_that_no_schedule_bills_is_forgotten(api: Api, clock: Clock, january: int) -> None:
    bill(api, clock, "2026-03-01")
    use(api, clock, january, a_meter(api, "visits"), "2026-02-02")
    assert forget(api, "2026-03-01") == 5


def test_events_that_wait_are_forgotten_by_their_own_days(api: Api, clock: Clock) -> None:
    api.data(api.put("/settings", {"usage_keep_rejected": True}))
    clock.set("2026-02-01T00:00:00Z")
    known = {"customer_id": a_customer(api), "meter": "calls"}
    spans = {"start_time": "2026-01-31T23:00:00Z", "end_time": "2026-02-01T00:00:00Z"}
    # Only the first came in before February, and it is of February.
    with_days = [{"at": "2026-02-01T00:00:00Z"}, {"at": "2026-01-31T23:59:59Z"}, spans]
    for number, when in enumerate(with_days):
        clock.set(f"2026-{'01-31' if number == 0 else '02-05'}T20:00:00Z")
        api.data(api.post("/usage/events", {"id": f"e-{number}", **known, **when}))
    assert forget(api, "2026-02-01") == 0
    assert [each["id"] for each in api.data(api.get("/usage/rejected"))] == ["e-0"]


def test_days_that_are_billed_together_stay_together(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "calls"), model="graduated", tiers=TIERS)
    a_schedule(api, customer_id=ann, start_date="2026-01-15", meters=["calls"])
    bill(api, clock, "2026-01-15")
    use(api, clock, ann, "calls", "2026-01-14", "2026-01-20", "2026-02-10", quantity=5)
    assert [line[3] for line in bill(api, clock, "2026-02-15")] == ["102"]
    assert (forget(api, "2026-02-01"), stored(api)) == (1, 2)
    assert rows(api) == [("2026-01", ann, "calls", 10, 102), ("2026-02", ann, "calls", 5, 52)]
    shown = api.data(api.get("/invoices/2/usage"))["lines"]
    assert [(line["forgotten"], len(line["events"])) for line in shown] == [(False, 2)]
    use(api, clock, ann, "calls", "2026-02-14", quantity=1)
    assert bill(api, clock, "2026-03-15")[-1][3] == "8"
    assert api.differences() == []


@pytest.mark.database("postgresql")
def test_a_partition_without_events_is_dropped(api: Api, clock: Clock, january: int) -> None:
    def months() -> set[str]:
        with api.database.read() as tx:
            return {name for name in inspect(tx.connection).get_table_names() if name.startswith("usage_events_2026")}

    assert {"usage_events_2026_01", "usage_events_2026_02"} <= months()
    forget(api, "2026-02-01")
    assert "usage_events_2026_01" not in months()
    assert "usage_events_2026_02" in months()


@pytest.mark.parametrize("day", ["2026-01-02", "2026-03-01"])
def test_only_months_that_have_begun_are_forgotten(day: str) -> None:
    now = Clock("2026-02-01T12:00:00Z")().date()
    with pytest.raises(ValidationFailed):
        forgetting.check_day(Clock(f"{day}T00:00:00Z")().date(), now)
