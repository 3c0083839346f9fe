"""Making, changing, switching and deleting schedules."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer, refused
from tests.clock import Clock
from tests.recurring.schedules import IHS, a_schedule, bills, days, now, process

ITEM = {"description": "Hosting", "unit_price": 10}


def test_the_documented_body(api: Api) -> None:
    a_customer(api)
    response = api.post("/recurring-billing", IHS)
    made = api.data(response)
    assert response.status_code == 201
    assert {name: str(made[name]) for name in ("id", *IHS, "active", "next_billing_date", "occurrences", "total")} == {
        "id": "1",
        "customer_id": "1",
        "frequency": "monthly",
        "amount": "15000.00",
        "description": "Monthly Subscription Fee",
        "start_date": "2026-03-01",
        "active": "True",
        "next_billing_date": "2026-03-01",
        "occurrences": "0",
        "total": "15000.00",
    }
    assert (made["interval"], made["auto_issue"], made["auto_send"], made["last_billed_date"]) == (1, True, False, None)
    assert made["invoices_url"].endswith("/api/v1/invoices?recurring_id=1")
    assert now(api, made) == made
    assert api.data(api.get("/recurring-billing")) == [made]


def test_it_starts_today_unless_told_otherwise(api: Api) -> None:
    body = {name: value for name, value in IHS.items() if name != "start_date"}
    a_customer(api)
    assert api.data(api.post("/recurring-billing", body))["start_date"] == "2026-06-15"


def test_what_a_period_comes_to(api: Api) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 20, "is_default": True})
    api.post("/products", {"name": "Hour", "unit_price": "80.125"})
    items = [{"product_id": 1, "quantity": 2}, {"description": "Rebate", "unit_price": -10, "tax_rate": 0}]
    made = a_schedule(api, items=items, discount_type="amount", discount_value=15.03, notes="Thanks")
    # 160.25 - 10.00 = 150.25; 15.03 is off what is above 0; 20 % of 145.22 is 29.044.
    shown = [str(made[name]) for name in ("amount", "discount_amount", "tax_total", "total")]
    assert shown == ["150.25", "15.03", "29.04", "164.26"]
    assert [(item["unit_price"], item["tax_rate"]) for item in made["items"]] == [(None, None), (-10, 0)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tax_rate": 10}, ["10.00", "110.00"]),
        ({"tax_id": 1}, ["20.00", "120.00"]),
        ({}, ["5.00", "105.00"]),
        ({"tax_rate": 0}, ["0.00", "100.00"]),
        (
            {"items": [{**ITEM, "unit_price": 50}, {**ITEM, "unit_price": 50, "tax_rate": 0}], "tax_rate": 10},
            ["5.00", "105.00"],
        ),
        ({"tax_id": 1, "prices_include_tax": True}, ["16.67", "100.00"]),
    ],
)
def test_the_tax_is_the_items_then_the_schedules_then_the_default(
    api: Api, fields: dict[str, Any], expected: list[str]
) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 20})
    api.post("/taxes", {"name": "Reduced", "rate": 5, "is_default": True})
    made = a_schedule(api, **fields)
    assert [str(made["tax_total"]), str(made["total"])] == expected
    (billed,) = bills(api, made) if process(api, "2026-01-31")["created"] else []
    assert [str(billed["tax_total"]), str(billed["total"])] == expected


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"customer_id": 99}, ["customer_id"]),
        ({"customer_id": None}, ["customer_id"]),
        ({"frequency": "fortnightly"}, ["frequency"]),
        ({"frequency": None}, ["frequency"]),
        ({"interval": 0}, ["interval"]),
        ({"interval": 1001}, ["interval"]),
        ({"amount": -1}, ["amount"]),
        ({"amount": "1.001"}, ["amount"]),
        ({"amount": None}, ["amount"]),
        ({"amount": "NaN"}, ["amount"]),
        ({"amount": "1e400"}, ["amount"]),
        ({"description": ""}, ["description"]),
        ({"items": [ITEM]}, ["amount", "description"]),
        ({"items": []}, ["items"]),
        ({"start_date": None}, ["start_date"]),
        ({"start_date": "2026-02-30"}, ["start_date"]),
        ({"end_date": "2026-02-28"}, ["end_date"]),
        ({"max_occurrences": 0}, ["max_occurrences"]),
        ({"due_days": -1}, ["due_days"]),
        ({"auto_issue": False, "auto_send": True}, ["auto_send"]),
        ({"tax_id": 99}, ["tax_id"]),
        ({"tax_rate": 101}, ["tax_rate"]),
        ({"discount_type": "percentage"}, ["discount_value"]),
        ({"currency": "XXX"}, ["currency"]),
        ({"amout": 1}, ["amout"]),
        ({"issue_date": "2026-01-01"}, ["issue_date"]),
    ],
)
def test_a_body_that_is_no_schedule(api: Api, fields: dict[str, Any], wrong: list[str]) -> None:
    a_customer(api)
    response = api.post("/recurring-billing", {**IHS, **fields})
    assert refused(response) == (422, "VALIDATION_FAILED")
    assert sorted(response.json()["errors"]) == wrong
    assert api.data(api.get("/recurring-billing")) == []


def test_an_amount_needs_its_description(api: Api) -> None:
    a_customer(api)
    response = api.post("/recurring-billing", {"customer_id": 1, "frequency": "monthly"})
    assert sorted(response.json()["errors"]) == ["amount", "description"]


@pytest.mark.parametrize(
    ("currency", "amount", "expected"), [("JPY", "1", "1"), ("BHD", "1.001", "1.001"), ("USD", "1.10", "1.10")]
)
def test_an_amount_has_its_currencys_digits(api: Api, currency: str, amount: str, expected: str) -> None:
    made = a_schedule(api, currency=currency, amount=amount)
    assert [str(made["amount"]), made["currency"]] == [expected, currency]


def test_the_lists_filters(api: Api) -> None:
    ann, bob = a_customer(api, name="Ann Özil"), a_customer(api, name="Bob")
    first = a_schedule(api, customer_id=ann)
    second = a_schedule(api, customer_id=bob, description="Hosting")
    third = a_schedule(api, customer_id=bob, items=[ITEM], end_date="2026-01-31")
    api.post(f"/recurring-billing/{second['id']}/toggle")

    def listed(**params: Any) -> list[int]:
        return [row["id"] for row in api.data(api.get("/recurring-billing", params=params))]

    assert listed() == [third["id"], second["id"], first["id"]]
    assert listed(customer_id=bob) == [third["id"], second["id"]]
    assert listed(active_only="true") == [third["id"], first["id"]]
    assert listed(search="özil") == [first["id"]]
    assert listed(search="HOST") == [third["id"], second["id"]]
    assert listed(limit=1, order="asc") == [first["id"]]
    process(api, "2026-01-31")
    assert listed(active_only="true") == [first["id"]]


def test_another_accounts_schedule_is_not_there(api: Api) -> None:
    made = a_schedule(api)
    theirs = Api(api.database)
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/toggle")):
        assert theirs.request(method, f"/recurring-billing/{made['id']}{path}", json={}).status_code == 404
    assert refused(theirs.post("/recurring-billing/process", {"ids": [made["id"]]})) == (422, "VALIDATION_FAILED")
    assert process(theirs)["processed"] == 0
    assert theirs.data(theirs.get("/recurring-billing")) == []


def test_a_change_is_for_the_periods_to_come(api: Api) -> None:
    made = a_schedule(api)
    process(api, "2026-02-28")
    changed = api.data(api.put(f"/recurring-billing/{made['id']}", {"amount": "250.5"}))
    assert (str(changed["amount"]), changed["description"], changed["version"]) == ("250.50", "Retainer", 2)
    process(api, "2026-03-31")
    assert [str(bill["total"]) for bill in bills(api, made)] == ["100.00", "100.00", "250.50"]


def test_a_change_names_only_what_it_changes(api: Api) -> None:
    made = a_schedule(api, tax_rate=10, due_days=7, notes="A", discount_type="percentage", discount_value=50)
    changed = api.data(api.put(f"/recurring-billing/{made['id']}", {"notes": "B"}))
    differing = {name for name in made if made[name] != changed[name]}
    assert differing - {"updated_at"} == {"notes", "version"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"items": [ITEM, ITEM]}, [None, "20.00"]),
        ({"items": [ITEM], "tax_rate": 10}, ["10", "11.00"]),
        ({"discount_type": "fixed", "discount_value": 1}, [None, "99.00"]),
        ({"tax_rate": 10}, ["10", "110.00"]),
        ({"tax_rate": None}, [None, "100.00"]),
        ({"currency": "JPY"}, [None, "100"]),
        ({"description": "Other"}, [None, "100.00"]),
    ],
)
def test_what_can_change(api: Api, change: dict[str, Any], expected: list[str | None]) -> None:
    made = a_schedule(api)
    changed = api.data(api.put(f"/recurring-billing/{made['id']}", change))
    assert [changed["tax_rate"] and str(changed["tax_rate"]), str(changed["total"])] == expected


@pytest.mark.parametrize(
    ("change", "status", "wrong"),
    [
        ({"amount": "0.001"}, 422, ["amount"]),
        ({"discount_type": "amount"}, 422, ["discount_value"]),
        ({"end_date": "2020-01-01"}, 422, ["end_date"]),
        ({"customer_id": 77}, 422, ["customer_id"]),
        ({"version": 2}, 409, []),
    ],
)
def test_a_refused_change_changes_nothing(api: Api, change: dict[str, Any], status: int, wrong: list[str]) -> None:
    made = a_schedule(api)
    response = api.put(f"/recurring-billing/{made['id']}", change)
    assert response.status_code == status
    assert sorted(response.json().get("errors", {})) == wrong
    assert now(api, made) == made


def test_an_amount_does_not_replace_items(api: Api) -> None:
    made = a_schedule(api, items=[ITEM, ITEM])
    response = api.put(f"/recurring-billing/{made['id']}", {"amount": 5, "description": "x"})
    assert sorted(response.json()["errors"]) == ["amount", "description"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # Billed up to April 29; none that begins before April 30 is billed again.
        (
            {"start_date": "2026-01-15", "skip_unbilled": True},
            ["26-01-31", "26-02-28", "26-03-31", "26-05-15"],
        ),
        ({"start_date": "2026-04-30"}, ["26-01-31", "26-02-28", "26-03-31", "26-04-30", "26-05-30"]),
        ({"frequency": "quarterly"}, ["26-01-31", "26-02-28", "26-03-31", "26-04-30"]),
        ({"interval": 2}, ["26-01-31", "26-02-28", "26-03-31", "26-04-30"]),
        ({"start_date": "2026-01-31"}, ["26-01-31", "26-02-28", "26-03-31", "26-04-30", "26-05-31"]),
        ({"end_date": "2026-05-30"}, ["26-01-31", "26-02-28", "26-03-31", "26-04-30"]),
        ({"max_occurrences": 3}, ["26-01-31", "26-02-28", "26-03-31"]),
        ({"max_occurrences": 4}, ["26-01-31", "26-02-28", "26-03-31", "26-04-30"]),
    ],
)
def test_a_new_anchor_bills_no_period_twice(api: Api, change: dict[str, Any], expected: list[str]) -> None:
    made = a_schedule(api)
    process(api, "2026-03-31")
    api.data(api.put(f"/recurring-billing/{made['id']}", change))
    process(api, "2026-06-01")
    assert days(api, made) == expected


def test_a_schedule_that_has_billed_nothing_may_move_back(api: Api) -> None:
    made = a_schedule(api, start_date="2026-05-01")
    assert (
        api.data(api.put(f"/recurring-billing/{made['id']}", {"start_date": "2026-04-01"}))["next_billing_date"]
        == "2026-04-01"
    )


@pytest.mark.parametrize(("method", "fields"), [("POST", IHS), ("PUT", {}), ("PUT", {"notes": "Thanks"})])
def test_nothing_is_sent_without_a_way_to_send(api: Api, method: str, fields: dict[str, Any]) -> None:
    made = a_schedule(api)
    path = "/recurring-billing" if method == "POST" else f"/recurring-billing/{made['id']}"
    response = api.request(method, path, json={**fields, "auto_send": True})
    assert refused(response) == (409, "EMAIL_NOT_CONFIGURED")
    assert response.json()["error"].startswith("This server has no SMTP settings, so auto_send cannot be on.")
    assert api.data(api.get("/recurring-billing")) == [made]


def test_switched_off_it_bills_nothing(api: Api) -> None:
    made = a_schedule(api)
    process(api, "2026-02-28")
    off = api.data(api.post(f"/recurring-billing/{made['id']}/toggle"))
    assert (off["active"], off["next_billing_date"]) == (False, None)
    assert process(api) == {"processed": 0, "created": 0, "skipped": 0, "failed": 0, "invoices": [], "errors": []}
    assert process(api, ids=[made["id"]])["skipped"] == 1
    assert days(api, made) == ["26-01-31", "26-02-28"]


@pytest.mark.parametrize(
    ("body", "following", "expected"),
    [
        ({}, "2026-06-30", ["26-01-31", "26-06-30"]),
        ({"catch_up": False}, "2026-06-30", ["26-01-31", "26-06-30"]),
        (
            {"catch_up": True},
            "2026-02-28",
            ["26-01-31", "26-02-28", "26-03-31", "26-04-30", "26-05-31", "26-06-30"],
        ),
    ],
)
def test_switched_on_again(api: Api, clock: Clock, body: dict[str, bool], following: str, expected: list[str]) -> None:
    made = a_schedule(api)
    process(api, "2026-01-31")
    api.post(f"/recurring-billing/{made['id']}/toggle")
    on = api.data(api.post(f"/recurring-billing/{made['id']}/toggle", body))
    assert (on["active"], on["next_billing_date"]) == (True, following)
    clock.set("2026-06-30T12:00:00Z")
    process(api)
    assert days(api, made) == expected


def test_toggled_on_the_day_that_it_billed_it_bills_that_day_once(api: Api) -> None:
    made = a_schedule(api, start_date="2026-06-15")
    process(api)
    for _ in range(2):
        api.post(f"/recurring-billing/{made['id']}/toggle")
    process(api)
    assert days(api, made) == ["26-06-15"]


def test_what_has_ended_is_not_switched_on(api: Api) -> None:
    made = a_schedule(api, max_occurrences=1)
    process(api)
    ended = now(api, made)
    assert (ended["active"], ended["next_billing_date"], ended["occurrences"]) == (False, None, 1)
    assert refused(api.post(f"/recurring-billing/{made['id']}/toggle")) == (409, "CONFLICT")
    api.data(api.put(f"/recurring-billing/{made['id']}", {"max_occurrences": 2}))
    assert api.data(api.post(f"/recurring-billing/{made['id']}/toggle"))["next_billing_date"] == "2026-06-30"


def test_deleting_leaves_the_invoices(api: Api) -> None:
    billed, fresh = a_schedule(api), a_schedule(api)
    process(api, "2026-02-28", ids=[billed["id"]])
    for schedule in (billed, fresh):
        assert api.data(api.delete(f"/recurring-billing/{schedule['id']}")) == {"id": schedule["id"]}
        assert api.get(f"/recurring-billing/{schedule['id']}").status_code == 404
        assert api.delete(f"/recurring-billing/{schedule['id']}").status_code == 404
    assert process(api)["created"] == 0
    assert days(api, billed) == ["26-01-31", "26-02-28"]
    assert api.data(api.get("/recurring-billing")) == []
    assert refused(api.delete(f"/customers/{billed['customer_id']}")) == (409, "CONFLICT")
    assert api.delete(f"/customers/{fresh['customer_id']}").status_code == 200


def test_what_a_schedule_names_stays(api: Api) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 20})
    api.post("/products", {"name": "Hour", "unit_price": 80})
    made = a_schedule(api, items=[{"product_id": 1}], tax_id=1)
    assert refused(api.delete("/taxes/1")) == (409, "CONFLICT")
    assert refused(api.delete(f"/customers/{made['customer_id']}")) == (409, "CONFLICT")
    assert api.data(api.delete("/products/1"))["is_active"] is False
