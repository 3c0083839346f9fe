"""Billing what is due: every period exactly once, and as the same invoice made by hand would be."""

from typing import Any

import pytest
from sqlalchemy import update

from tallystick.core.events import Event
from tallystick.store.tables import recurring
from tallystick.worker import Worker
from tests.api import Api, opened
from tests.bills import a_customer, an_invoice
from tests.clock import Clock
from tests.recorded import names, recorded
from tests.recurring.schedules import a_schedule, bills, days, differences, now, process


@pytest.mark.parametrize(
    ("timezone", "expected"), [("Pacific/Auckland", 1), ("America/Los_Angeles", 0), ("UTC", 0), ("Asia/Tokyo", 0)]
)
def test_today_is_the_accounts(api: Api, clock: Clock, timezone: str, expected: int) -> None:
    """R8: at half past midnight of April 1 in Auckland it is still March 31 elsewhere."""
    clock.set("2026-03-31T12:30:00Z")
    api.put("/settings", {"timezone": timezone})
    made = a_schedule(api, start_date="2026-04-01")
    assert process(api)["created"] == expected
    assert len(bills(api, made)) == expected


def test_ten_times_on_one_day(api: Api) -> None:
    """R4."""
    made = a_schedule(api, start_date="2026-06-15")
    assert [process(api)["created"] for _ in range(10)] == [1, *[0] * 9]
    assert days(api, made) == ["26-06-15"]


def test_down_for_three_periods(api: Api) -> None:
    """R5: three invoices, each with its own period's dates and numbers in their order."""
    made = a_schedule(api, start_date="2026-03-31", due_days=10)
    done = process(api)
    assert (done["processed"], done["created"], done["invoices"]) == (1, 3, [1, 2, 3])
    shown = ("invoice_number", "status", "issue_date", "due_date", "period_start", "period_end")
    assert [[bill[name] for name in shown] for bill in bills(api, made)] == [
        ["INV-2026-0001", "overdue", "2026-03-31", "2026-04-10", "2026-03-31", "2026-04-29"],
        ["INV-2026-0002", "overdue", "2026-04-30", "2026-05-10", "2026-04-30", "2026-05-30"],
        ["INV-2026-0003", "overdue", "2026-05-31", "2026-06-10", "2026-05-31", "2026-06-29"],
    ]
    billed = now(api, made)
    assert (billed["last_billed_date"], billed["next_billing_date"], billed["occurrences"]) == (
        "2026-05-31",
        "2026-06-30",
        3,
    )


def test_numbers_follow_the_periods_of_all(api: Api) -> None:
    first = a_schedule(api, start_date="2025-12-15", end_date="2026-01-15")
    second = a_schedule(api, start_date="2025-12-01", end_date="2026-01-01")
    process(api)
    numbers = {bill["issue_date"]: bill["invoice_number"] for each in (first, second) for bill in bills(api, each)}
    assert dict(sorted(numbers.items())) == {
        "2025-12-01": "INV-2025-0001",
        "2025-12-15": "INV-2025-0002",
        "2026-01-01": "INV-2026-0001",
        "2026-01-15": "INV-2026-0002",
    }


def test_numbers_step_over_those_that_clients_gave(api: Api) -> None:
    given = [an_invoice(api, 1, invoice_number=f"INV-2026-000{n}")["id"] for n in (2, 3, 6)]
    made = a_schedule(api)
    process(api)
    numbers = [bill["invoice_number"][-1] for bill in bills(api, made)]
    assert numbers == ["1", "4", "5", "7", "8"]
    assert api.data(api.get(f"/invoices/{given[0]}"))["invoice_number"] == "INV-2026-0002"
    assert api.data(api.get("/invoices/next-number")) == {"number": "INV-2026-0009"}


CONTENT: dict[str, Any] = {
    "items": [
        {"product_id": 1, "quantity": "2.5"},
        {"description": "Work", "unit_price": "33.333", "discount_type": "percentage", "discount_value": 10},
        {"description": "Rebate", "unit_price": -1, "tax_rate": 0},
    ],
    "discount_type": "amount",
    "discount_value": "5.55",
    "currency": "EUR",
    "notes": "Danke schön",
    "payment_terms": "Net 7",
    "template_id": "plain",
}
DIFFERING = {"id", "invoice_number", "recurring_id", "version"} | {
    f"{of}_{day}" for of in ("period", "service") for day in ("start", "end")
}


def test_an_invoice_is_as_if_made_by_hand(api: Api, clock: Clock) -> None:
    clock.set("2026-01-31T12:00:00Z")
    api.put("/settings", {"payment_terms_days": 9, "country": "DE", "iban": "DE89370400440532013000"})
    api.post("/taxes", {"name": "VAT", "rate": 19, "is_default": True})
    api.post("/products", {"name": "Hour", "unit_price": "80.125", "unit": "h"})
    ann = a_customer(api, country="FR", email="ann@example.com", tax_id="FR1")
    by_hand = an_invoice(api, customer_id=ann, **CONTENT)
    api.post(f"/invoices/{by_hand['id']}/unpublish")
    api.post(f"/invoices/{by_hand['id']}/mark-sent")
    made = a_schedule(api, customer_id=ann, **CONTENT)
    (bill,) = process(api)["invoices"]
    expected, billed = (api.data(api.get(f"/invoices/{each}")) for each in (by_hand["id"], bill))
    assert {name for name in expected if expected[name] != billed[name]} == DIFFERING | {"items"}
    assert _without_ids(billed) == _without_ids(expected)
    assert (billed["recurring_id"], billed["period_start"], billed["period_end"]) == (
        made["id"],
        "2026-01-31",
        "2026-02-27",
    )
    summary = api.data(api.get(f"/customers/{ann}"))["summary"]["EUR"]
    assert summary["outstanding"] == 2 * expected["total"]
    assert [each["type"] for each in api.data(api.get(f"/invoices/{bill}/activity"))] == [
        "invoice.created",
        "invoice.issued",
    ]
    with api.database.read() as tx:
        assert differences(tx, api) == []


def _without_ids(bill: Any) -> list[Any]:
    return [{name: value for name, value in item.items() if name != "id"} for item in bill["items"]]


def test_drafts(api: Api) -> None:
    made = a_schedule(api, auto_issue=False, start_date="2026-05-31")
    process(api)
    (draft,) = bills(api, made)
    assert (draft["status"], draft["invoice_number"], draft["issued_at"]) == ("draft", f"DRAFT-{draft['id']}", None)
    issued = api.data(api.post(f"/invoices/{draft['id']}/publish"))
    assert (issued["invoice_number"], issued["issue_date"]) == ("INV-2026-0001", "2026-05-31")


def test_a_draft_that_was_thrown_away_is_not_billed_again(api: Api) -> None:
    made = a_schedule(api, auto_issue=False, start_date="2026-05-31")
    (draft,) = process(api)["invoices"]
    api.delete(f"/invoices/{draft}")
    api.post("/invoices/trash/batch", {"action": "permanent-delete", "ids": [draft]})
    assert process(api)["created"] == 0
    assert now(api, made)["occurrences"] == 1


def test_a_schedule_that_sends_from_before_keeps_billing(api: Api) -> None:
    sends = a_schedule(api, start_date="2026-06-15")
    with api.database.transaction("tests") as tx:
        tx.connection.execute(update(recurring).where(recurring.c.id == sends["id"]).values(auto_send=True))
    assert api.data(api.put(f"/recurring-billing/{sends['id']}", {"notes": "Thanks"}))["auto_send"] is True
    a_schedule(api, start_date="2026-06-15")
    for bill, is_to_be_sent in zip(process(api)["invoices"], [True, False], strict=True):
        created, issued = recorded(api, f"invoice:{bill}")
        assert (created.type, issued.type) == (Event.INVOICE_CREATED, Event.INVOICE_ISSUED)
        assert (issued.data or {})["auto_send"] is is_to_be_sent


def test_prices_and_taxes_are_those_of_the_day(api: Api) -> None:
    api.post("/taxes", {"name": "VAT", "rate": 10, "is_default": True})
    api.post("/products", {"name": "Plan", "unit_price": 50})
    made = a_schedule(api, items=[{"product_id": 1}])
    process(api, "2026-01-31")
    api.put("/products/1", {"unit_price": 60})
    api.put("/taxes/1", {"rate": 20})
    process(api, "2026-02-28")
    assert [str(bill["total"]) for bill in bills(api, made)] == ["55.00", "72.00"]
    assert str(now(api, made)["total"]) == "72.00"


def _break_by_product(api: Api) -> None:
    api.delete("/products/1")


def _break_by_price(api: Api) -> None:
    api.put("/products/1", {"unit_price": -1000})


def _break_by_currency(api: Api) -> None:
    api.put("/products/1", {"currency": "JPY"})


@pytest.mark.parametrize(
    ("breaks", "field"),
    [
        (_break_by_product, "items.0.product_id"),
        (_break_by_price, "items"),
        (_break_by_currency, "items.0.unit_price"),
    ],
)
def test_one_broken_schedule_stops_no_other(api: Api, breaks: Any, field: str) -> None:
    api.post("/products", {"name": "Plan", "unit_price": 50})
    before = a_schedule(api, start_date="2026-06-15")
    broken = a_schedule(api, start_date="2026-06-15", items=[{"product_id": 1}])
    after = a_schedule(api, start_date="2026-06-15")
    breaks(api)
    done = process(api)
    assert (done["processed"], done["created"], done["failed"]) == (3, 2, 1)
    (error,) = done["errors"]
    assert (error["id"], error["code"]) == (broken["id"], "VALIDATION_FAILED")
    assert error["reason"].startswith(f"{field}: ")
    assert [days(api, each) for each in (before, broken, after)] == [["26-06-15"], [], ["26-06-15"]]
    assert now(api, broken)["last_error"] == {"code": error["code"], "reason": error["reason"]}
    assert process(api)["failed"] == 1
    assert names(recorded(api, f"recurring:{broken['id']}")) == ["recurring.created", "recurring.failed"]


def test_once_it_is_mended_it_bills_what_it_missed(api: Api) -> None:
    api.post("/products", {"name": "Plan", "unit_price": 50})
    made = a_schedule(api, items=[{"product_id": 1}])
    api.delete("/products/1")
    process(api, "2026-03-31")
    api.post("/products/1/reactivate")
    process(api, "2026-03-31")
    assert days(api, made) == ["26-01-31", "26-02-28", "26-03-31"]
    assert now(api, made)["last_error"] is None


def test_a_dry_run_stores_nothing(api: Api) -> None:
    api.post("/products", {"name": "Plan", "unit_price": 50})
    made = a_schedule(api, start_date="2026-05-31", due_days=5)
    broken = a_schedule(api, start_date="2026-06-01", items=[{"product_id": 1}])
    api.delete("/products/1")
    shown = process(api, "2026-06-30", dry_run=True)
    assert (shown["processed"], shown["created"], shown["failed"], shown["invoices"]) == (2, 2, 1, [])
    assert [error["id"] for error in shown["errors"]] == [broken["id"]]
    assert [
        [str(bill[name]) for name in ("recurring_id", "issue_date", "due_date", "period_end", "total")]
        for bill in shown["preview"]
    ] == [
        ["1", "2026-05-31", "2026-06-05", "2026-06-29", "100.00"],
        ["1", "2026-06-30", "2026-07-05", "2026-07-30", "100.00"],
    ]
    assert bills(api, made) == []
    assert now(api, made) == made
    assert now(api, broken)["last_error"] is None
    assert process(api, "2026-06-30")["created"] == 2


@pytest.mark.slow
def test_a_dry_run_counts_what_the_run_does(api: Api) -> None:
    """Also far beyond what it shows; 3,652 days there are from June 16, 2016 to June 15, 2026."""
    api.post("/products", {"name": "Plan", "unit_price": 50})
    daily = a_schedule(api, frequency="daily", start_date="2016-06-16")
    broken = a_schedule(api, items=[{"product_id": 1}])
    later = a_schedule(api, start_date="2026-07-15")
    small = a_schedule(api)
    ids = [each["id"] for each in (daily, broken, later, small)]
    api.delete("/products/1")
    shown = process(api, ids=ids, dry_run=True)
    assert [shown[name] for name in COUNTERS] == [4, 3652 + 5, 1, 1]
    assert [error["id"] for error in shown["errors"]] == [broken["id"]]
    assert len(shown["preview"]) == 1000
    ticket = process(api, ids=ids)
    Worker(api.database).work()
    run = api.data(api.get(f"/recurring-billing/runs/{ticket['run_id']}"))
    assert [run[name] for name in COUNTERS] == [shown[name] for name in COUNTERS]


COUNTERS = ("processed", "created", "skipped", "failed")


def test_a_dry_run_of_many_schedules_counts_them_all(api: Api) -> None:
    customer = a_customer(api)
    for _ in range(7):
        a_schedule(api, customer_id=customer, frequency="daily", start_date="2025-12-01")
    shown = process(api, dry_run=True)
    # 197 days from December 1 to June 15: the first 5 schedules fill what is shown, and 15 days of the 6th.
    assert [shown[name] for name in COUNTERS] == [7, 7 * 197, 0, 0]
    assert len(shown["preview"]) == 1000


def test_only_some(api: Api) -> None:
    one, two, three = (a_schedule(api, start_date="2026-06-15") for _ in range(3))
    later = a_schedule(api, start_date="2026-07-15")
    done = process(api, ids=[str(two["id"]), later["id"], two["id"]])
    assert (done["processed"], done["created"], done["skipped"]) == (2, 1, 1)
    assert [len(bills(api, each)) for each in (one, two, three, later)] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"as_of": "2027-06-17"}, ["as_of"]),
        ({"as_of": "soon"}, ["as_of"]),
        ({"ids": []}, ["ids"]),
        ({"ids": [99]}, ["ids"]),
        ({"ids": [1] * 1001}, ["ids"]),
        ({"dry_run": 1}, ["dry_run"]),
        ({"dryrun": True}, ["dryrun"]),
    ],
)
def test_a_run_that_is_none(api: Api, body: dict[str, Any], wrong: list[str]) -> None:
    response = api.post("/recurring-billing/process", body)
    assert response.status_code == 422
    assert sorted(response.json()["errors"]) == wrong


def test_billing_ahead(api: Api) -> None:
    made = a_schedule(api, start_date="2026-06-15", frequency="yearly")
    assert process(api, "2027-06-16")["created"] == 2
    assert days(api, made) == ["26-06-15", "27-06-15"]


def test_a_retry_is_answered_the_same(api: Api) -> None:
    a_schedule(api)
    key = {"Idempotency-Key": "june"}
    first = api.post("/recurring-billing/process", {}, headers=key)
    again = api.post("/recurring-billing/process", {}, headers=key)
    assert (first.json()["data"]["created"], again.content) == (5, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_much_is_left_to_a_worker(api: Api) -> None:
    made = a_schedule(api, frequency="daily", start_date="2023-09-19")
    small = a_schedule(api)
    assert process(api, "2026-06-15", ids=[small["id"]])["created"] == 5
    response = api.post("/recurring-billing/process", {"ids": [made["id"], small["id"]]})
    assert response.status_code == 202
    ticket = api.data(response)
    assert ticket["status"] == "queued"
    run = api.data(api.get(f"/recurring-billing/runs/{ticket['run_id']}"))
    counters = [run[name] for name in ("status", "processed", "created", "skipped", "failed", "errors")]
    assert counters == ["queued", 1, 0, 1, 0, []]
    assert bills(api, made) == []
    assert Api(api.database).get(f"/recurring-billing/runs/{ticket['run_id']}").status_code == 404


def test_exactly_as_much_as_a_request_does(api: Api) -> None:
    a_schedule(api, frequency="daily", start_date="2023-09-20")  # 1,000 days up to 2026-06-15
    assert len(process(api, "2026-06-15", dry_run=True)["preview"]) == 1000
    assert process(api, "2026-06-15")["created"] == 1000


def test_many_schedules_in_several_batches(api: Api) -> None:
    customer = a_customer(api)
    made = [a_schedule(api, customer_id=customer, start_date="2026-06-15") for _ in range(5)]
    daily = a_schedule(api, customer_id=customer, frequency="daily", start_date="2024-12-01")
    done = process(api)
    assert (done["processed"], done["created"]) == (6, 5 + 562)
    assert all(days(api, each) == ["26-06-15"] for each in made)
    assert now(api, daily)["next_billing_date"] == "2026-06-16"
    with api.database.read() as tx:
        assert differences(tx, api) == []


def test_a_broken_schedule_among_batches_fails_once(database_url: str) -> None:
    with opened(database_url, clock=Clock("2026-06-15T12:00:00Z")) as api:
        api.post("/products", {"name": "Plan", "unit_price": 50})
        broken = a_schedule(api, start_date="2024-06-01", items=[{"product_id": 1}])
        daily = a_schedule(api, frequency="daily", start_date="2024-06-01")
        api.delete("/products/1")
        done = process(api)
        assert [error["id"] for error in done["errors"]] == [broken["id"]]
        assert (done["processed"], done["created"]) == (2, 745)
        assert now(api, daily)["occurrences"] == 745
