"""A new schedule with more than 12 periods due waits: the worker leaves it alone until somebody says it is meant."""

from datetime import date
from typing import Any

import pytest

from tallystick.recurring import store
from tallystick.recurring.types import RunRequest
from tallystick.worker import Worker
from testing.caller import Caller
from tests.api import Api
from tests.bills import a_customer
from tests.clock import Clock
from tests.program import run
from tests.recurring.schedules import a_schedule, days, now, process

pytestmark = pytest.mark.slow

SLIP = {"frequency": "monthly", "start_date": "2016-01-07", "amount": 100, "description": "Retainer"}


def made(api: Caller, **fields: Any) -> Any:
    return api.post("/recurring-billing", {**SLIP, "customer_id": a_customer(api), **fields})


def work(api: Api) -> None:
    assert Worker(api.database).work()


def test_it_is_made_and_waits_and_says_how_many_and_since_when(api: Api) -> None:
    """From January 2016 to June 7, 2026 there are 126 months."""
    response = made(api)
    assert response.status_code == 201
    assert api.data(response)["waits_for_catch_up"] is True
    assert api.data(response)["active"] is True
    assert response.json()["message"] == (
        "The schedule waits: 126 of its periods are due already, since 2016-01-07. If that is meant, PUT "
        '{"catch_up": true}, or bill it with POST /recurring-billing/process. If it is not, PUT another start_date.'
    )
    work(api)
    assert days(api, api.data(response)) == []


def test_twelve_are_billed_without_a_question(api: Api) -> None:
    response = made(api, start_date="2025-07-07")
    assert response.json()["message"] == "The schedule bills its next period on 2025-07-07."
    work(api)
    assert len(days(api, api.data(response))) == 12


def put_catch_up(api: Api, schedule: Any) -> None:
    assert api.data(api.put(f"/recurring-billing/{schedule['id']}", {"catch_up": True}))["waits_for_catch_up"] is False


def toggle_with_catch_up(api: Api, schedule: Any) -> None:
    toggled = api.data(api.post(f"/recurring-billing/{schedule['id']}/toggle", {"catch_up": True}))
    assert (toggled["active"], toggled["waits_for_catch_up"]) == (True, False)


def toggle_twice(api: Api, schedule: Any) -> None:
    api.post(f"/recurring-billing/{schedule['id']}/toggle")
    toggle_with_catch_up(api, schedule)


def ask_for_a_part(api: Api, schedule: Any) -> None:
    assert process(api, "2016-02-07", ids=[schedule["id"]])["created"] == 2


@pytest.mark.parametrize("releases", [put_catch_up, toggle_with_catch_up, toggle_twice, ask_for_a_part])
def test_what_lets_it_go(api: Api, releases: Any) -> None:
    schedule = api.data(made(api))
    releases(api, schedule)
    work(api)
    billed = now(api, schedule)
    assert (billed["occurrences"], billed["waits_for_catch_up"], billed["next_billing_date"]) == (
        126,
        False,
        "2026-07-07",
    )


def test_asked_for_at_once_it_never_waits(api: Api) -> None:
    response = made(api, catch_up=True)
    assert api.data(response)["waits_for_catch_up"] is False
    work(api)
    assert now(api, api.data(response))["occurrences"] == 126


def test_process_bills_it_at_once(api: Api) -> None:
    schedule = api.data(made(api))
    assert process(api, dry_run=True)["created"] == 126
    assert process(api)["created"] == 126
    assert now(api, schedule)["waits_for_catch_up"] is False


def test_a_ticket_bills_it_too(api: Api) -> None:
    """A run that somebody asked for, though a worker does it."""
    schedule = api.data(made(api, frequency="daily", start_date="2023-01-01"))
    ticket = process(api)
    work(api)
    assert api.data(api.get(f"/recurring-billing/runs/{ticket['run_id']}"))["status"] == "finished"
    assert now(api, schedule)["occurrences"] == 1262


def test_the_program_bills_it_at_once(api: Api, database_url: str) -> None:
    schedule = api.data(made(api))
    assert run("process", "--as-of", "2026-06-15", database_url=database_url).returncode == 0
    assert now(api, schedule)["occurrences"] == 126


def test_a_slip_is_mended_by_another_start_date(api: Api) -> None:
    schedule = api.data(made(api))
    response = api.put(f"/recurring-billing/{schedule['id']}", {"start_date": "2026-06-07"})
    assert (api.data(response)["waits_for_catch_up"], api.data(response)["start_date"]) == (False, "2026-06-07")
    work(api)
    assert days(api, schedule) == ["26-06-07"]


def test_a_slip_in_a_change_waits_as_well(api: Api) -> None:
    schedule = a_schedule(api, start_date="2026-06-07")
    response = api.put(f"/recurring-billing/{schedule['id']}", {"start_date": "2016-06-07"})
    assert api.data(response)["waits_for_catch_up"] is True
    assert "121 of its periods are due already, since 2016-06-07" in response.json()["message"]
    work(api)
    assert days(api, schedule) == []


def test_switched_on_without_catch_up_it_bills_from_now_on(api: Api) -> None:
    schedule = api.data(made(api))
    for _ in range(2):
        api.post(f"/recurring-billing/{schedule['id']}/toggle")
    standing = now(api, schedule)
    assert (standing["waits_for_catch_up"], standing["next_billing_date"]) == (False, "2026-07-07")


def test_what_only_fell_behind_does_not_wait(api: Api, clock: Clock) -> None:
    """No worker for a year: all of it was due after the schedule was made."""
    schedule = a_schedule(api, start_date="2026-06-20", frequency="weekly")
    clock.set("2027-06-20T12:00:00Z")
    api.put(f"/recurring-billing/{schedule['id']}", {"notes": "Thanks"})
    work(api)
    assert now(api, schedule)["occurrences"] == 53


def test_the_worker_finds_nothing_to_do(api: Api) -> None:
    api.data(made(api))
    with api.database.read() as tx:
        assert not store.has_due(tx, api.account, RunRequest(date(2026, 6, 15), unasked=True))
        assert store.has_due(tx, api.account, RunRequest(date(2026, 6, 15)))
