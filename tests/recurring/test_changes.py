"""A change of a schedule loses no day, and bills none twice."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import refused
from tests.recorded import recorded
from tests.recurring.schedules import a_schedule, bills, days, now, process

ITEM = {"description": "Hosting", "unit_price": 10}


@pytest.fixture
def billed(api: Api) -> Any:
    """Monthly from January 7, billed through March 6."""
    made = a_schedule(api, start_date="2026-01-07")
    process(api, "2026-03-01")
    return made


def put(api: Api, schedule: Any, **fields: Any) -> Any:
    return api.put(f"/recurring-billing/{schedule['id']}", fields)


@pytest.mark.parametrize(
    ("fields", "following", "expected"),
    [
        ({"frequency": "yearly"}, "2026-03-07", ["26-03-07", "27-03-07"]),
        ({"frequency": "quarterly", "start_date": "2026-01-07"}, "2026-03-07", ["26-03-07", "26-06-07", "26-09-07"]),
        ({"interval": 6}, "2026-03-07", ["26-03-07", "26-09-07", "27-03-07"]),
        ({"start_date": "2025-12-07", "interval": 3}, "2026-03-07", ["26-03-07", "26-06-07", "26-09-07"]),
    ],
)
def test_the_new_rhythm_begins_where_the_billed_days_end(
    api: Api, billed: Any, fields: dict[str, Any], following: str, expected: list[str]
) -> None:
    response = put(api, billed, **fields)
    changed = api.data(response)
    assert changed["next_billing_date"] == following
    assert response.json()["message"] == f"The schedule bills its next period on {following}."
    process(api, "2027-03-07")
    assert days(api, billed)[:2] == ["26-01-07", "26-02-07"]
    assert days(api, billed)[2:][:3] == expected
    periods = [(bill["period_start"], bill["period_end"]) for bill in bills(api, billed)]
    assert periods[1][1] == "2026-03-06"


def test_the_anchor_is_shown_and_the_start_date_stays(api: Api, billed: Any) -> None:
    assert (billed["start_date"], billed["anchor_date"]) == ("2026-01-07", "2026-01-07")
    changed = api.data(put(api, billed, frequency="yearly"))
    assert (changed["start_date"], changed["anchor_date"]) == ("2026-01-07", "2026-03-07")
    # A client that sends back the whole schedule that it wants changes nothing by the start date that it always had.
    again = api.data(put(api, billed, frequency="yearly", start_date="2026-01-07"))
    assert (again["anchor_date"], again["next_billing_date"]) == ("2026-03-07", "2026-03-07")
    moved = api.data(put(api, billed, start_date="2026-03-07"))
    assert (moved["start_date"], moved["anchor_date"]) == ("2026-03-07", "2026-03-07")


def test_the_end_of_the_month_outlives_a_change_and_its_return(api: Api) -> None:
    """R1, with a change in February."""
    made = a_schedule(api, start_date="2026-01-31")
    process(api, "2026-02-01")
    put(api, made, frequency="quarterly")
    put(api, made, frequency="monthly")
    process(api, "2026-05-31")
    assert days(api, made) == ["26-01-31", "26-02-28", "26-03-31", "26-04-30", "26-05-31"]


@pytest.mark.parametrize(
    ("fields", "unbilled"),
    [
        ({"start_date": "2026-02-05"}, "2026-03-07 to 2026-04-04"),
        ({"start_date": "2026-03-08"}, "2026-03-07"),
        ({"start_date": "2026-09-01", "frequency": "yearly"}, "2026-03-07 to 2026-08-31"),
    ],
)
def test_days_are_left_unbilled_only_if_that_is_wanted(
    api: Api, billed: Any, fields: dict[str, Any], unbilled: str
) -> None:
    before = now(api, billed)
    response = put(api, billed, **fields)
    assert refused(response) == (409, "CONFLICT")
    assert response.json()["error"] == (
        f"This start_date leaves days that nothing would bill: {unbilled}. "
        'Give the start_date 2026-03-07, where the billed days end, or say "skip_unbilled": true.'
    )
    assert now(api, billed) == before
    response = put(api, billed, **fields, skip_unbilled=True)
    following = api.data(response)["next_billing_date"]
    assert response.json()["message"] == (
        f"The schedule bills its next period on {following}. These days are not billed: {unbilled}."
    )
    first, _, last = unbilled.partition(" to ")
    told = recorded(api, f"recurring:{billed['id']}")[-1]
    assert (told.type, told.data) == (
        "recurring.updated",
        {"unbilled_from": first, "unbilled_to": last or first},
    )


def test_a_schedule_that_has_nothing_due_may_start_later(api: Api) -> None:
    made = a_schedule(api, start_date="2026-08-01")
    assert api.data(put(api, made, start_date="2026-09-01"))["next_billing_date"] == "2026-09-01"


def test_a_schedule_whose_first_period_is_due_does_not_lose_it_unseen(api: Api) -> None:
    made = a_schedule(api, start_date="2026-05-01")
    assert put(api, made, start_date="2026-06-01").status_code == 409
    changed = put(api, made, start_date="2026-06-01", skip_unbilled=True)
    assert api.data(changed)["next_billing_date"] == "2026-06-01"
    assert "These days are not billed: 2026-05-01 to 2026-05-31." in changed.json()["message"]


def test_switching_on_says_what_it_leaves_out(api: Api, billed: Any) -> None:
    path = f"/recurring-billing/{billed['id']}/toggle"
    assert api.post(path).json()["message"] == "The schedule is switched off."
    assert api.post(path).json()["message"] == (
        "The schedule is switched on. These days are not billed: 2026-03-07 to 2026-07-06."
    )
    api.post(path)
    # Said once: nothing more is left out.
    assert api.post(path, {"catch_up": True}).json()["message"] == "The schedule is switched on."


def test_skip_unbilled_is_for_a_change(api: Api) -> None:
    body = {"customer_id": 1, "frequency": "monthly", "items": [ITEM], "skip_unbilled": True}
    assert sorted(api.post("/recurring-billing", body).json()["errors"]) == ["skip_unbilled"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        (
            {"amount": "0.001", "end_date": "2020-01-01", "customer_id": 77, "discount_type": "amount", "tax_id": 9},
            ["amount", "customer_id", "discount_value", "end_date", "tax_id"],
        ),
        (
            {"items": [{**ITEM, "product_id": 5}, {}], "tax_id": 9, "tax_rate": 1},
            [
                "items.0.product_id",
                "items.1.description",
                "items.1.unit_price",
                "tax_id",
                "tax_rate",
            ],
        ),
        ({"frequency": "never", "interval": 0, "skip_unbilled": 1}, ["frequency", "interval", "skip_unbilled"]),
    ],
)
def test_a_refused_change_names_every_field(api: Api, billed: Any, fields: dict[str, Any], wrong: list[str]) -> None:
    before = now(api, billed)
    response = put(api, billed, **fields)
    assert refused(response) == (422, "VALIDATION_FAILED")
    assert sorted(response.json()["errors"]) == wrong
    assert now(api, billed) == before


def test_a_refused_schedule_names_every_field(api: Api) -> None:
    body = {"customer_id": 77, "frequency": "monthly", "amount": "0.001", "description": "A", "end_date": "2020-01-01"}
    response = api.post("/recurring-billing", body)
    assert sorted(response.json()["errors"]) == ["amount", "customer_id", "end_date"]
