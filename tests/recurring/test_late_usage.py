"""What comes late is set against its days' minimum, may take back what was billed, and is billed after the end, too."""

import pytest

from tests.api import Api
from tests.bills import a_customer
from tests.clock import Clock
from tests.recurring.schedules import bills, process
from tests.recurring.test_usage import TIERS, a_meter, a_rate, bill, explained, metered, use


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-01-01T12:00:00Z")


def test_late_usage_is_first_set_against_the_minimum_of_its_days(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm")
    a_rate(api, meter=vm, unit_price="0.5")
    metered(api, ann, vm, usage_minimum=10)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-15", quantity=15)
    assert [line[3] for line in bill(api, clock, "2026-02-01")] == ["7.5", "2.5"]
    use(api, clock, ann, vm, "2026-01-20", quantity=2)
    use(api, clock, ann, vm, "2026-02-15", quantity=20)
    assert bill(api, clock, "2026-03-01") == [
        ("vm, 2026-02-01 to 2026-02-28", "20", "0.5", "10"),
        ("vm, 2026-01-01 to 2026-01-31, late", "2", "0.5", "1"),
        ("Minimum for usage, 2026-01-01 to 2026-01-31, late", "1", "-1", "-1"),
    ]
    use(api, clock, ann, vm, "2026-01-21", quantity=10)
    # With all of January's 27 units it is 13.50, of which 10.00 was billed.
    assert [line[3] for line in bill(api, clock, "2026-04-01")] == ["10", "5", "-1.5"]
    use(api, clock, ann, vm, "2026-01-22", quantity=2)
    assert [line[3] for line in bill(api, clock, "2026-05-01")] == ["10", "1"]


def test_what_comes_after_a_period_without_any_event_is_late(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm, calls = a_meter(api, "vm"), a_meter(api, "calls")
    a_rate(api, meter=vm, unit_price=1)
    a_rate(api, meter=calls, model="graduated", tiers=TIERS)
    metered(api, ann, vm, calls, usage_minimum=10)
    bill(api, clock, "2026-01-01")
    assert [line[0] for line in bill(api, clock, "2026-02-01")] == [
        "calls, 2026-01-01 to 2026-01-31: 0 units",
        "Minimum for usage, 2026-01-01 to 2026-01-31",
    ]
    use(api, clock, ann, vm, "2026-01-20", quantity=3)
    use(api, clock, ann, calls, "2026-02-20")
    assert [line[0] for line in bill(api, clock, "2026-03-01")] == [
        "calls, 2026-02-01 to 2026-02-28: 1 units",
        "vm, 2026-01-01 to 2026-01-31, late",
        "Minimum for usage, 2026-01-01 to 2026-01-31, late",
    ]
    shown = [api.data(api.get(f"/invoices/{number}/usage"))["lines"] for number in (2, 3)]
    assert [[line["is_late"] for line in lines] for lines in shown] == [[False, False], [False, True, True]]


def test_what_late_events_take_back_has_a_negative_price(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    seats = a_meter(api, "seats", "last")
    a_rate(api, meter=seats, unit_price=3)
    metered(api, ann, seats)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, seats, "2026-01-05", quantity=10)
    assert bill(api, clock, "2026-02-01") == [("seats, 2026-01-01 to 2026-01-31", "10", "3", "30")]
    use(api, clock, ann, seats, "2026-01-20", quantity=4)
    assert bill(api, clock, "2026-03-01") == [("seats, 2026-01-01 to 2026-01-31, late", "6", "-3", "-18")]


def test_late_events_take_nothing_back_below_the_minimum(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    seats = a_meter(api, "seats", "last")
    a_rate(api, meter=seats, unit_price=3)
    metered(api, ann, seats, usage_minimum=10)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, seats, "2026-01-05", quantity=6)
    use(api, clock, ann, seats, "2026-02-05", quantity=4)
    assert [line[3] for line in bill(api, clock, "2026-02-01")] == ["18"]
    use(api, clock, ann, seats, "2026-01-20", quantity=2)
    assert bill(api, clock, "2026-03-01") == [
        ("seats, 2026-02-01 to 2026-02-28", "4", "3", "12"),
        ("seats, 2026-01-01 to 2026-01-31, late", "4", "-3", "-12"),
        ("Minimum for usage, 2026-01-01 to 2026-01-31, late", "1", "4", "4"),
    ]
    use(api, clock, ann, seats, "2026-01-21", quantity=1)
    # January lies at 3.00, for which 10.00 is billed still.
    assert [line[3] for line in bill(api, clock, "2026-04-01")] == ["10", "-3", "3"]


def test_what_takes_back_more_than_there_is_to_bill_waits(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    seats = a_meter(api, "seats", "last")
    a_rate(api, meter=seats, unit_price=3)
    schedule = metered(api, ann, seats, amount=5)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, seats, "2026-01-05", quantity=10)
    assert [line[3] for line in bill(api, clock, "2026-02-01")] == ["30"]
    use(api, clock, ann, seats, "2026-01-20", quantity=4)
    use(api, clock, ann, seats, "2026-02-05", quantity=2)
    # It takes back 18.00, and there are 5.00 and 6.00 to bill.
    assert [line[3] for line in bill(api, clock, "2026-03-01")] == ["6"]
    use(api, clock, ann, seats, "2026-02-06", quantity=3)
    use(api, clock, ann, seats, "2026-03-05", quantity=9)
    assert bill(api, clock, "2026-04-01") == [
        ("seats, 2026-03-01 to 2026-03-31", "9", "3", "27"),
        ("seats, 2026-01-01 to 2026-01-31, late", "6", "-3", "-18"),
        ("seats, 2026-02-01 to 2026-02-28, late", "1", "3", "3"),
    ]
    assert bill(api, clock, "2026-05-01") == []
    assert sum(invoice["total"] - 5 for invoice in bills(api, schedule)) == 3 * (4 + 3 + 9)
    assert api.differences() == []


def test_of_a_schedule_that_ends_what_is_taken_back_waits_too(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    seats = a_meter(api, "seats", "last")
    a_rate(api, meter=seats, unit_price=3)
    metered(api, ann, seats, max_occurrences=2)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, seats, "2026-01-05", quantity=10)
    bill(api, clock, "2026-02-01")
    use(api, clock, ann, seats, "2026-01-20", quantity=4)
    use(api, clock, ann, seats, "2026-02-05", quantity=2)
    assert [line[3] for line in bill(api, clock, "2026-03-01")] == ["6"]
    # Alone it is no bill: who looks at the run finds that a credit note is due.
    clock.set("2026-04-01T12:00:00Z")
    assert [error["reason"] for error in process(api)["errors"]] == ["items: A bill cannot go below zero."]
    use(api, clock, ann, seats, "2026-02-06", quantity=10)
    assert [line[3] for line in bill(api, clock, "2026-04-02")] == ["-18", "24"]


def test_what_comes_late_for_a_schedule_that_has_ended_is_billed_once_a_period(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm")
    a_rate(api, meter=vm, model="graduated", tiers=TIERS)
    schedule = metered(api, ann, vm, max_occurrences=1)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-05", quantity=10)
    assert bill(api, clock, "2026-02-01") == [("vm, 2026-01-01 to 2026-01-31: 10 units", "1", "102", "102")]
    use(api, clock, ann, vm, "2026-01-06", "2026-01-07", "2026-02-01")
    clock.set("2026-02-28T12:00:00Z")
    assert process(api, as_of="2026-05-01")["created"] == 0
    assert bill(api, clock, "2026-03-01") == [("vm, 2026-01-01 to 2026-01-31, late: 2 units", "1", "13", "13")]
    assert explained(api, 3) == [["e-1", "e-2"]]
    late = bills(api, schedule)[-1]
    assert (late["issue_date"], late["service_start"], late["service_end"]) == (
        "2026-03-01",
        "2026-01-01",
        "2026-01-31",
    )
    clock.set("2026-06-15T12:00:00Z")
    assert process(api)["created"] == 0
    use(api, clock, ann, vm, "2026-01-08")
    assert bill(api, clock, "2026-07-01") == [("vm, 2026-01-01 to 2026-01-31, late: 1 units", "1", "5", "5")]
    assert api.differences() == []


def test_late_events_of_a_schedule_that_was_closed_and_goes_on_are_on_its_next_invoice(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), unit_price=2)
    schedule = metered(api, ann, "vm")
    bill(api, clock, "2026-01-01")
    api.data(api.post(f"/recurring-billing/{schedule['id']}/toggle"))
    use(api, clock, ann, "vm", "2026-01-01", quantity=4)
    assert bill(api, clock, "2026-01-02") == [("vm, 2026-01-01 to 2026-01-01", "4", "2", "8")]
    use(api, clock, ann, "vm", "2026-01-01", "2026-01-15", "2026-01-20")
    api.data(api.post(f"/recurring-billing/{schedule['id']}/toggle"))
    assert bill(api, clock, "2026-02-01") == [
        ("vm, 2026-01-20 to 2026-01-31", "1", "2", "2"),
        ("vm, 2026-01-01 to 2026-01-01, late", "1", "2", "2"),
    ]
