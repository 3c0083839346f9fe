"""Invoices that bill usage: in arrears, exactly once, late events too."""

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count
from random import Random
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import bindparam, func, select

from tallystick.core.events import Event
from tallystick.recurring import thresholds
from tallystick.store.tables import events
from tallystick.worker import CHORES, Worker
from tests.api import Api
from tests.bills import a_customer
from tests.clock import Clock
from tests.recurring.schedules import a_schedule, bills, now, process

TIERS = [
    {"up_to": 10, "unit_price": 10, "flat": 2},
    {"up_to": 20, "unit_price": 5, "flat": 3},
    {"unit_price": 5, "flat": 3},
]
_numbers = count(1)


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-01-01T12:00:00Z")


def a_meter(api: Api, key: str, aggregation: str = "sum", **fields: Any) -> str:
    api.data(api.post("/usage/meters", {"key": key, "aggregation": aggregation, **fields}))
    return key


def a_rate(api: Api, **fields: Any) -> None:
    api.data(api.post("/usage/rates", {"model": "per_unit", **fields}))


def use(api: Api, clock: Clock, customer: int, meter: str, *days: str, **fields: Any) -> None:
    """Sends an event of noon of each day, in the evening of the last one at the earliest."""
    if f"{clock():%Y-%m-%d}" < max(days):
        clock.set(f"{max(days)}T20:00:00Z")
    events = [
        {"id": f"e-{next(_numbers)}", "customer_id": customer, "meter": meter, "at": f"{day}T12:00:00Z", **fields}
        for day in days
    ]
    assert api.data(api.post("/usage/events", events))["accepted"] == len(days)


def metered(api: Api, customer: int, *meters: str, **fields: Any) -> Any:
    return a_schedule(api, customer_id=customer, start_date="2026-01-01", meters=list(meters), **fields)


def lines(api: Api, invoice: int) -> list[tuple[str, str, str, str]]:
    """The lines of an invoice that are of usage: what each says, and its quantity, price and amount."""
    items = api.data(api.get(f"/invoices/{invoice}"))["items"]
    return [
        (
            item["description"],
            *(f"{Decimal(item[name]).normalize():f}" for name in ("quantity", "unit_price", "line_total")),
        )
        for item in items
        if item["description"] != "Retainer"
    ]


def explained(api: Api, invoice: int) -> list[list[str]]:
    """Of each line of usage of an invoice the events that it bills; the CSV must have the same."""
    shown = api.data(api.get(f"/invoices/{invoice}/usage"))["lines"]
    assert [line["count"] for line in shown] == [len(line["events"]) for line in shown]
    found = [[event["id"] for event in line["events"]] for line in shown]
    csv = api.get(f"/invoices/{invoice}/usage/csv").text.splitlines()[1:]
    assert sorted(event for line in found for event in line) == sorted(_event_of(row) for row in csv)
    first = min((int(event[2:]) for line in found for event in line), default=1)
    return [[f"e-{int(event[2:]) - first + 1}" for event in line] for line in found]


def _event_of(row: str) -> str:
    found = re.search(r",(e-\d+),", row)
    assert found
    return found[1]


def bill(api: Api, clock: Clock, day: str) -> list[tuple[str, str, str, str]]:
    """The lines of usage of the one invoice that a run makes on a day."""
    clock.set(f"{day}T12:00:00Z")
    (invoice,) = process(api)["invoices"]
    return lines(api, invoice)


def test_a_period_bills_what_was_used_in_the_one_before_it(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    calls, vm = a_meter(api, "calls", name="Calls", group_by=["region"]), a_meter(api, "vm", name="Machines")
    a_rate(api, meter=calls, model="graduated", tiers=TIERS)
    a_rate(api, meter=vm, unit="hour", unit_price="0.5")
    schedule = metered(api, ann, calls, vm)
    assert bill(api, clock, "2026-01-01") == []
    use(api, clock, ann, calls, "2026-01-01", quantity=11, region="eu")
    use(api, clock, ann, calls, "2026-01-31", "2026-02-01", region="us")
    use(api, clock, ann, vm, "2026-01-10", quantity=37800)
    assert bill(api, clock, "2026-02-01") == [
        ("Calls, eu, 2026-01-01 to 2026-01-31: 11 units", "1", "110", "110"),
        ("Calls, us, 2026-01-01 to 2026-01-31: 1 units", "1", "12", "12"),
        ("Machines, 2026-01-01 to 2026-01-31", "10.5", "0.5", "5.25"),
    ]
    assert process(api)["created"] == 0
    assert explained(api, 2) == [["e-1"], ["e-2"], ["e-4"]]
    assert bill(api, clock, "2026-03-01") == [("Calls, us, 2026-02-01 to 2026-02-28: 1 units", "1", "12", "12")]
    assert now(api, schedule)["usage_from"] == "2026-03-01"
    assert [invoice["total"] for invoice in bills(api, schedule)] == [100, 227.25, 112]


def test_what_is_used_so_far_is_what_will_be_billed(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    calls, disk = a_meter(api, "calls", group_by=["region"]), a_meter(api, "disk")
    a_rate(api, meter=calls, model="graduated", tiers=TIERS)
    schedule = metered(api, ann, calls, disk)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, calls, "2026-01-05", quantity=11, region="eu")
    use(api, clock, ann, disk, "2026-01-06", "2026-01-07")
    shown = api.data(api.get(f"/customers/{ann}/usage"))
    assert (shown["from"], shown["to"], shown["currency"]) == ("2026-01-01", "2026-01-07", "USD")
    assert (shown["total_cost"], shown["unrated"]) == (110, 2)
    own = {"recurring_id": schedule["id"], "first_day": "2026-01-01", "last_day": "2026-01-07"}
    assert shown["rows"] == [
        {**own, "meter": "calls", "group": {"region": "eu"}, "quantity": 11, "events": 1, "cost": 110},
        {**own, "meter": "disk", "group": {}, "quantity": 2, "events": 2, "cost": 0},
    ]
    of_bob = api.data(api.get(f"/customers/{a_customer(api)}/usage"))
    assert (of_bob["from"], of_bob["total_cost"]) == ("2026-01-01", 2)
    assert {row["recurring_id"] for row in of_bob["rows"]} == {None}


def test_what_is_used_in_several_periods_is_priced_by_each(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), model="graduated", tiers=TIERS, free_if_unused=True)
    schedule = metered(api, ann, "vm", max_occurrences=3)
    use(api, clock, ann, "vm", "2026-01-05", quantity=11)
    use(api, clock, ann, "vm", "2026-02-05", "2026-03-05", quantity=10)
    shown = api.data(api.get(f"/customers/{ann}/usage"))
    assert (shown["from"], shown["to"], shown["total_cost"]) == ("2026-01-01", "2026-03-05", 110 + 102 + 102)
    assert [(row["first_day"], row["last_day"], row["cost"]) for row in shown["rows"]] == [
        ("2026-01-01", "2026-01-31", 110),
        ("2026-02-01", "2026-02-28", 102),
        ("2026-03-01", "2026-03-05", 102),
    ]
    # March is the last month: what is used later is billed to nobody.
    use(api, clock, ann, "vm", "2026-04-05", quantity=10)
    assert [row["cost"] for row in used_so_far(api, ann)] == [110, 102, 102]
    process(api)
    assert sum(invoice["total"] for invoice in bills(api, schedule)) == 300 + 110 + 102 + 102


def test_the_quantity_that_is_used_is_the_meters_and_not_the_rates(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), unit="hour", unit_price="0.5")
    metered(api, ann, "vm")
    use(api, clock, ann, "vm", "2026-01-10", quantity=37800)
    assert [(row["quantity"], row["cost"]) for row in used_so_far(api, ann)] == [(37800, 5.25)]


def test_costs_in_another_currency_are_not_added(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm", thresholds=[{"cost": 400}]), unit_price=300, currency="JPY")
    metered(api, ann, "vm", currency="JPY")
    use(api, clock, ann, "vm", "2026-01-10")
    use(api, clock, ann, "vm", "2026-01-11", cost=150)
    shown = api.data(api.get(f"/customers/{ann}/usage"))
    assert (shown["total_cost"], shown["currency"], shown["unrated"]) == (300, "JPY", 1)
    assert told(api) == []


def test_what_several_schedules_will_bill_is_shown_in_one_currency_at_a_time(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm, disk = a_meter(api, "vm"), a_meter(api, "disk")
    for currency, price in (("USD", 2), ("JPY", 300)):
        a_rate(api, meter=vm, unit_price=price, currency=currency)
    a_rate(api, meter=disk, unit_price=7)
    schedules = [metered(api, ann, vm, currency="JPY"), metered(api, ann, vm), metered(api, ann, disk)]
    of_yen, of_vm, of_disk = (schedule["id"] for schedule in schedules)
    clock.set("2026-01-01T12:00:00Z")
    process(api)
    use(api, clock, ann, vm, "2026-01-05")
    use(api, clock, ann, disk, "2026-01-06")

    def costs(**query: str) -> tuple[list[tuple[int, float]], float, str]:
        shown = api.data(api.get(f"/customers/{ann}/usage", params=query))
        return [(row["recurring_id"], row["cost"]) for row in shown["rows"]], shown["total_cost"], shown["currency"]

    assert costs() == ([(of_vm, 2), (of_disk, 7)], 9, "USD")
    assert costs(currency="JPY") == ([(of_yen, 300)], 300, "JPY")
    assert costs(currency="EUR") == ([], 0, "EUR")


def test_a_threshold_is_told_once_a_period(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm", thresholds=[{"quantity": 10}, {"quantity": 20}, {"cost": "7.5"}])
    a_rate(api, meter=vm, unit_price="0.5")
    metered(api, ann, vm)
    bill(api, clock, "2026-01-01")
    assert told(api) == []
    use(api, clock, ann, vm, "2026-01-05", quantity=15)
    assert told(api) == [("quantity", "10", "15"), ("cost", "7.5", "7.5")]
    use(api, clock, ann, vm, "2026-01-06", quantity=1)
    assert told(api) == []
    bill(api, clock, "2026-02-01")
    use(api, clock, ann, vm, "2026-02-06", quantity=10)
    assert told(api) == [("quantity", "10", "10")]


def test_a_threshold_is_told_once_for_each_period_that_is_not_billed_yet(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    metered(api, ann, a_meter(api, "vm", thresholds=[{"quantity": 10}, {"quantity": 10}]))
    use(api, clock, ann, "vm", "2026-01-05", "2026-02-05", quantity=6)
    assert told(api) == []
    use(api, clock, ann, "vm", "2026-01-06", "2026-02-06", quantity=5)
    assert told(api) == [("quantity", "10", "11"), ("quantity", "10", "11")]
    process(api)
    assert told(api) == []


def test_late_events_reach_a_threshold_of_the_period_that_was_billed_last(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm, calls = a_meter(api, "vm", thresholds=[{"quantity": 10}]), a_meter(api, "calls")
    metered(api, ann, vm, calls)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-31", quantity=10)
    # The worker comes to it only after the run, on the day after.
    bill(api, clock, "2026-02-01")
    assert told(api) == [("quantity", "10", "10")]
    use(api, clock, ann, vm, "2026-02-20", quantity=9)
    use(api, clock, ann, vm, "2026-01-07", quantity=5)
    bill(api, clock, "2026-03-01")
    clock.set("2026-03-10T12:00:00Z")
    assert told(api) == []
    use(api, clock, ann, vm, "2026-02-21", quantity=1)
    assert told(api) == [("quantity", "10", "10")]
    assert told(api) == []


def test_thresholds_that_are_new_are_not_told_of_what_was_billed(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    metered(api, ann, a_meter(api, "vm"))
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, "vm", "2026-01-05", quantity=10)
    bill(api, clock, "2026-02-01")
    clock.set("2026-02-10T12:00:00Z")
    api.data(api.put("/usage/meters/vm", {"thresholds": [{"quantity": 10}]}))
    assert told(api) == []


def test_two_workers_tell_of_a_threshold_once(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    metered(api, ann, a_meter(api, "vm", thresholds=[{"quantity": 1}, {"quantity": 2}]))
    use(api, clock, ann, "vm", "2026-01-05", quantity=2)
    with api.database.read() as tx:
        found = thresholds.untold(tx, api.account)
    assert len(found) == 2
    start = Barrier(4)

    def tell(_worker: int) -> None:
        start.wait()
        api.database.transact("worker", lambda tx: thresholds.tell(tx, api.account, found))

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(tell, range(4)))
    with api.database.read() as tx:
        assert tx.one(REACHED, int, account=api.account.id) == 2


REACHED = (
    select(func.count())
    .select_from(events)
    .where(events.c.account_id == bindparam("account"), events.c.type == Event.USAGE_THRESHOLD_REACHED)
)


def told(api: Api) -> list[tuple[str, str, str]]:
    """The thresholds that the worker tells of now, with their values and what was reached."""
    newest = select(func.max(events.c.id)).where(events.c.account_id == api.account.id)
    with api.database.read() as tx:
        before = tx.one(newest, int)
    assert Worker(api.database, [chore for chore in CHORES if chore.name == "thresholds"]).work()
    reached = select(events.c.data).where(
        events.c.account_id == api.account.id,
        events.c.type == Event.USAGE_THRESHOLD_REACHED,
        events.c.id > before,
    )
    with api.database.read() as tx:
        found: list[dict[str, str]] = tx.rows(reached.order_by(events.c.id), dict)
    return [(facts["threshold"], facts["value"], facts["reached"]) for facts in found]


def test_late_events_are_billed_by_the_difference_that_they_make(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    calls, vm, most = a_meter(api, "calls"), a_meter(api, "vm"), a_meter(api, "most", "max")
    a_rate(api, meter=calls, model="graduated", tiers=TIERS, free_if_unused=True)
    a_rate(api, meter=vm, unit="hour", unit_price="0.5")
    a_rate(api, meter=most, model="volume", tiers=[{"unit_price": 1}])
    metered(api, ann, calls, vm, most)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, calls, "2026-01-05", quantity=11)
    use(api, clock, ann, most, "2026-01-05", quantity=7)
    assert [line[3] for line in bill(api, clock, "2026-02-01")] == ["110", "7"]
    use(api, clock, ann, calls, "2026-01-06", "2026-02-06")
    use(api, clock, ann, vm, "2026-01-06", quantity=3600)
    use(api, clock, ann, most, "2026-01-06", quantity=6)
    use(api, clock, ann, most, "2026-01-07", quantity=9)
    assert bill(api, clock, "2026-03-01") == [
        ("calls, 2026-02-01 to 2026-02-28: 1 units", "1", "12", "12"),
        ("calls, 2026-01-01 to 2026-01-31, late: 1 units", "1", "5", "5"),
        ("vm, 2026-01-01 to 2026-01-31, late", "1", "0.5", "0.5"),
        ("most, 2026-01-01 to 2026-01-31, late: 2 units", "1", "2", "2"),
    ]
    assert explained(api, 3) == [["e-2"], ["e-1"], ["e-3"], ["e-4", "e-5"]]
    use(api, clock, ann, calls, "2026-01-08", quantity=9)
    assert bill(api, clock, "2026-04-01") == [("calls, 2026-01-01 to 2026-01-31, late: 9 units", "1", "48", "48")]


def test_each_region_and_each_day_has_its_rate(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm")
    a_rate(api, meter=vm, unit_price=1)
    a_rate(api, meter=vm, unit_price=2, region="eu")
    a_rate(api, meter=vm, unit_price=3, valid_from="2026-01-16")
    a_rate(api, meter=vm, unit_price=100, customer_id=a_customer(api))
    metered(api, ann, vm)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-15", "2026-01-16")
    use(api, clock, ann, vm, "2026-01-15", "2026-01-16", region="eu")
    found = bill(api, clock, "2026-02-01")
    assert sorted(line[1:] for line in found) == [("1", "1", "1"), ("1", "3", "3"), ("2", "2", "4")]
    assert sorted(explained(api, 2)) == [["e-1"], ["e-2"], ["e-3", "e-4"]]


def test_what_has_no_rate_is_billed_to_nobody_and_a_cost_of_its_own_wins(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm, disk = a_meter(api, "vm"), a_meter(api, "disk")
    a_rate(api, meter=vm, unit_price=1)
    metered(api, ann, vm, disk)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-15", "2026-01-16", cost="0.005")
    use(api, clock, ann, vm, "2026-01-17", quantity=3)
    use(api, clock, ann, disk, "2026-01-17", quantity=3)
    assert bill(api, clock, "2026-02-01") == [
        ("vm, 2026-01-01 to 2026-01-31", "3", "1", "3"),
        ("vm, 2026-01-01 to 2026-01-31: 2 events at their own costs", "1", "0.01", "0.01"),
    ]


def test_a_line_has_the_tax_of_its_rate_or_else_of_the_schedule(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    low = api.data(api.post("/taxes", {"name": "Low", "rate": 7}))["id"]
    high = api.data(api.post("/taxes", {"name": "High", "rate": 19}))["id"]
    books, vm = a_meter(api, "books"), a_meter(api, "vm")
    a_rate(api, meter=books, unit_price=10, tax_id=low)
    a_rate(api, meter=vm, unit_price=10)
    metered(api, ann, books, vm, tax_id=high)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, books, "2026-01-05", quantity=10)
    use(api, clock, ann, vm, "2026-01-05", quantity=10)
    clock.set("2026-02-01T12:00:00Z")
    (invoice,) = process(api)["invoices"]
    made = api.data(api.get(f"/invoices/{invoice}"))
    # The retainer's 100.00 at 19 %, as the machines' 100.00, and the books' 100.00 at 7 %.
    assert (made["subtotal"], made["tax_total"]) == (300, Decimal("45.00"))


def test_a_group_of_a_small_number_is_explained(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm", group_by=["size"]), unit_price=1)
    metered(api, ann, "vm")
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, "vm", "2026-01-15", properties={"size": 1e-7})
    assert bill(api, clock, "2026-02-01") == [("vm, 0.0000001, 2026-01-01 to 2026-01-31", "1", "1", "1")]
    assert explained(api, 2) == [["e-1"]]


def test_a_voided_invoice_keeps_what_it_billed_and_its_duplicate_bills_the_same_again(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), model="graduated", tiers=TIERS, free_if_unused=True)
    metered(api, ann, "vm")
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, "vm", "2026-01-15", quantity=10)
    billed = bill(api, clock, "2026-02-01")
    assert [line[3] for line in billed] == ["102"]
    api.data(api.post("/invoices/2/void"))
    assert process(api)["created"] == 0
    copy = api.data(api.post("/invoices/2/duplicate"))["id"]
    api.data(api.post(f"/invoices/{copy}/publish"))
    assert lines(api, copy) == billed
    assert explained(api, copy) == explained(api, 2) == [["e-1"]]
    use(api, clock, ann, "vm", "2026-01-16")
    assert [line[3] for line in bill(api, clock, "2026-03-01")] == ["8"]
    assert api.differences() == []


def test_a_duplicate_of_a_closing_invoice_is_explained_by_the_voided_one(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), unit_price=2)
    schedule = metered(api, ann, "vm")
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, "vm", "2026-01-15", quantity=10)
    api.data(api.post(f"/recurring-billing/{schedule['id']}/toggle"))
    billed = bill(api, clock, "2026-01-16")
    api.data(api.post("/invoices/2/void"))
    copy = api.data(api.post("/invoices/2/duplicate"))["id"]
    assert lines(api, copy) == billed == [("vm, 2026-01-01 to 2026-01-15", "10", "2", "20")]
    assert explained(api, copy) == [["e-1"]]


def test_costs_in_another_currency_than_the_schedules_are_told(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    schedule = metered(api, ann, a_meter(api, "vm"), currency="JPY")
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, "vm", "2026-01-15", cost=1)
    clock.set("2026-02-01T12:00:00Z")
    (error,) = process(api)["errors"]
    assert (error["id"], error["code"]) == (schedule["id"], "CONFLICT")
    assert "in USD; the schedule bills in JPY" in error["reason"]


def test_usage_is_lifted_to_the_minimum(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm")
    a_rate(api, meter=vm, unit_price="0.5")
    metered(api, ann, vm, usage_minimum=10)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-15", quantity=15)
    assert [line[3] for line in bill(api, clock, "2026-02-01")] == ["7.5", "2.5"]
    use(api, clock, ann, vm, "2026-02-15", quantity=20)
    assert [line[3] for line in bill(api, clock, "2026-03-01")] == ["10"]
    assert bill(api, clock, "2026-04-01") == [("Minimum for usage, 2026-03-01 to 2026-03-31", "1", "10", "10")]


def test_what_sums_to_less_than_nothing_costs_nothing(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    traffic = a_meter(api, "traffic", of="bytes")
    a_rate(api, meter=traffic, unit_price=1)
    metered(api, ann, traffic)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, traffic, "2026-01-05", properties={"bytes": -5})
    assert bill(api, clock, "2026-02-01") == [("traffic, 2026-01-01 to 2026-01-31: -5 units", "1", "0", "0")]


def test_the_day_after_a_schedule_is_switched_off_its_last_usage_is_billed(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm")
    a_rate(api, meter=vm, unit_price=1)
    schedule = metered(api, ann, vm)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-05", "2026-01-10")
    api.data(api.post(f"/recurring-billing/{schedule['id']}/toggle"))
    assert process(api)["created"] == 0
    assert bill(api, clock, "2026-01-11") == [("vm, 2026-01-01 to 2026-01-10", "2", "1", "2")]
    closing = bills(api, schedule)[-1]
    assert (closing["issue_date"], closing["service_start"], closing["service_end"], closing["total"]) == (
        "2026-01-11",
        "2026-01-01",
        "2026-01-10",
        2,
    )
    assert process(api)["created"] == 0
    clock.set("2026-01-20T12:00:00Z")
    api.data(api.post(f"/recurring-billing/{schedule['id']}/toggle"))
    use(api, clock, ann, vm, "2026-01-15", "2026-01-25")
    assert bill(api, clock, "2026-02-01") == [("vm, 2026-01-20 to 2026-01-31", "1", "1", "1")]


def test_the_day_after_a_schedule_ends_its_last_usage_is_billed(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm")
    a_rate(api, meter=vm, unit_price=1)
    schedule = metered(api, ann, vm, max_occurrences=1)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, vm, "2026-01-05")
    clock.set("2026-01-31T12:00:00Z")
    assert process(api)["created"] == 0
    assert bill(api, clock, "2026-02-01") == [("vm, 2026-01-01 to 2026-01-31", "1", "1", "1")]
    assert now(api, schedule)["usage_from"] == "2026-02-01"
    assert process(api)["created"] == 0


def test_a_schedule_that_a_change_ends_bills_its_last_usage(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), unit_price=1)
    schedule = metered(api, ann, "vm")
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, "vm", "2026-01-05")
    api.data(api.put(f"/recurring-billing/{schedule['id']}", {"end_date": "2026-01-20"}))
    use(api, clock, ann, "vm", "2026-01-31", quantity=2)
    assert process(api)["created"] == 0
    assert bill(api, clock, "2026-02-01") == [("vm, 2026-01-01 to 2026-01-31", "3", "1", "3")]
    assert process(api)["created"] == 0


def test_what_is_used_after_a_schedule_has_ended_is_reported_and_billed_to_nobody(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), unit_price=2)
    schedule = metered(api, ann, "vm", max_occurrences=1)
    bill(api, clock, "2026-01-01")
    use(api, clock, ann, "vm", "2026-01-31", "2026-02-01", "2026-02-02")
    assert [(row["recurring_id"], row["cost"]) for row in used_so_far(api, ann)] == [(schedule["id"], 2)]
    assert bill(api, clock, "2026-02-01") == [("vm, 2026-01-01 to 2026-01-31", "1", "2", "2")]
    clock.set("2026-02-02T20:00:00Z")
    assert [(row["recurring_id"], row["cost"]) for row in used_so_far(api, ann)] == [(None, 4)]
    report = api.data(api.get("/usage/report?from=2026-01-01&to=2026-02-28&group_by=month"))
    assert [(row["month"], row["cost"]) for row in report["rows"]] == [("2026-01", 2), ("2026-02", 4)]


def used_so_far(api: Api, customer: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.data(api.get(f"/customers/{customer}/usage"))["rows"]
    return rows


def test_periods_that_were_missed_bill_each_its_own_usage(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    vm = a_meter(api, "vm")
    a_rate(api, meter=vm, unit_price=1)
    schedule = metered(api, ann, vm)
    clock.set("2026-03-15T12:00:00Z")
    use(api, clock, ann, vm, "2026-01-05", "2026-02-05", "2026-02-06", "2026-03-01")
    shown = process(api, dry_run=True)
    assert [each["total"] for each in shown["preview"]] == [100, 101, 102]
    process(api)
    assert [invoice["total"] for invoice in bills(api, schedule)] == [100, 101, 102]


def test_a_month_is_the_months_of_the_account_over_both_changes_of_the_clock(api: Api, clock: Clock) -> None:
    api.data(api.put("/settings", {"timezone": "Europe/Berlin"}))
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm", "count"), unit_price=1)
    schedule = a_schedule(api, customer_id=ann, start_date="2026-03-01", meters=["vm"])
    clock.set("2026-12-15T12:00:00Z")
    times = ("2026-02-28T22:59:59Z", "2026-02-28T23:00:00Z", "2026-03-31T21:59:59Z", "2026-03-31T22:00:00Z")
    autumn = ("2026-09-30T22:00:00Z", "2026-10-31T22:59:59Z", "2026-10-31T23:00:00Z")
    events = [{"id": at, "customer_id": ann, "meter": "vm", "at": at} for at in (*times, *autumn)]
    api.data(api.post("/usage/events", events))
    process(api)
    totals = {invoice["issue_date"][5:7]: invoice["total"] for invoice in bills(api, schedule)}
    assert totals == {
        "03": 100,
        "04": 102,
        "05": 101,
        **dict.fromkeys(("06", "07", "08", "09", "10"), 100),
        "11": 102,
        "12": 101,
    }


def test_a_meter_that_is_not_there_is_refused(api: Api) -> None:
    body = {"customer_id": a_customer(api), "frequency": "monthly", "amount": 1, "description": "x", "meters": ["vm"]}
    refused = api.post("/recurring-billing", body)
    assert (refused.status_code, refused.json()["errors"]) == (422, {"meters.0": ["There is no meter vm."]})


def test_a_meter_that_is_given_later_bills_from_that_day_on(api: Api, clock: Clock) -> None:
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), unit_price=1)
    schedule = a_schedule(api, customer_id=ann, start_date="2026-01-01")
    bill(api, clock, "2026-01-01")
    clock.set("2026-01-20T12:00:00Z")
    use(api, clock, ann, "vm", "2026-01-19", "2026-01-20")
    api.data(api.put(f"/recurring-billing/{schedule['id']}", {"meters": ["vm"]}))
    assert bill(api, clock, "2026-02-01") == [("vm, 2026-01-20 to 2026-01-31", "1", "1", "1")]


def graduated(quantity: int) -> int:
    """What the tiers of ``TIERS`` make of a whole quantity."""
    if quantity == 0:
        return 0
    return min(quantity, 10) * 10 + max(quantity - 10, 0) * 5 + 2 + 3 * (quantity > 10) + 3 * (quantity > 20)


@pytest.mark.parametrize("seed", range(4))
def test_however_events_arrive_between_runs_the_same_is_billed(api: Api, clock: Clock, seed: int) -> None:
    random = Random(seed)
    ann = a_customer(api)
    a_rate(api, meter=a_meter(api, "vm"), model="graduated", tiers=TIERS, free_if_unused=True)
    schedule = metered(api, ann, "vm")
    waiting = [(f"2026-{random.randint(1, 3):02}-{random.randint(1, 28):02}", random.randint(1, 9)) for _ in range(12)]
    used = {month: sum(quantity for day, quantity in waiting if day[5:7] == month) for month in ("01", "02", "03")}
    for today in ("2026-01-31", "2026-02-01", "2026-02-15", "2026-03-01", "2026-03-31", "2026-04-01", "2026-05-01"):
        clock.set(f"{today}T12:00:00Z")
        come = [event for event in waiting if event[0] <= today and (random.random() < 0.4 or today > "2026-04")]
        waiting = [event for event in waiting if event not in come]
        for day, quantity in come:
            use(api, clock, ann, "vm", day, quantity=quantity)
        process(api)
    assert waiting == []
    billed = sum(invoice["total"] - 100 for invoice in bills(api, schedule))
    assert billed == sum(map(graduated, used.values()))
