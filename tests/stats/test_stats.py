"""Statistics: each figure by hand, to the currency's digits and the account's calendar."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tallystick.accounts.types import Scope
from tallystick.core.periods import Frequency
from tallystick.stats import rules
from tallystick.stats.types import Scheduled
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.clock import Clock
from tests.recurring.schedules import a_schedule, process

TODAY = date(2026, 3, 15)
MONTHS = [f"2025-{month:02}" for month in range(4, 13)] + ["2026-01", "2026-02", "2026-03"]


@pytest.fixture
def clock() -> Clock:
    return Clock(f"{TODAY}T12:00:00Z")


@pytest.fixture
def api(database_url: str, clock: Clock) -> Iterator[Api]:
    with opened(database_url, clock=clock) as client:
        yield client


def stats(api: Api, **query: str) -> Any:
    return api.data(api.get("/stats", params=query))


def shown(amounts: Any) -> dict[str, str]:
    """The amounts with their digits, those that are nothing left out."""
    return {name: str(amount) for name, amount in amounts.items() if amount}


def revenue(api: Api, currency: str = "USD", **query: str) -> dict[str, str]:
    return shown({each["month"]: each["amount"] for each in stats(api, **query)["revenue"][currency]})


def test_an_empty_account_shows_zeros_in_its_own_currency(api: Api) -> None:
    api.put("/settings", {"currency": "BHD"})
    zeros = (
        '{"invoiced":0.000,"paid":0.000,"credited":0.000,"outstanding":0.000,"overdue":0.000,'
        '"received":0.000,"credit_notes":0.000,"customer_credit":0.000}'
    )
    months = ",".join(f'{{"month":"{month}","amount":0.000}}' for month in MONTHS)
    assert api.get("/stats").text == (
        '{"success":true,"data":{"as_of":"2026-03-15","customers":0,'
        '"quotations":{"draft":0,"sent":0,"accepted":0,"rejected":0,"expired":0,"converted":0},'
        '"invoices":{"draft":0,"sent":0,"partially_paid":0,"paid":0,"overdue":0,"voided":0},'
        f'"amounts":{{"BHD":{zeros}}},'
        '"aging":{"BHD":{"current":0.000,"1_30":0.000,"31_60":0.000,"61_90":0.000,"over_90":0.000}},'
        f'"revenue":{{"BHD":[{months}]}},'
        '"recurring":{"active":0,"monthly_revenue":{"BHD":0.000}},"seal_head":null}}'
    )


def test_each_currency_has_its_own_digits_and_sums(api: Api) -> None:
    pay(api, an_invoice(api, "10.10", "0.05"), "4.15")
    pay(api, an_invoice(api, 1200, currency="JPY"), 200)
    an_invoice(api, "1.005", currency="BHD")
    an_invoice(api, "1.005", currency="BHD")
    assert {code: shown(amounts) for code, amounts in stats(api)["amounts"].items()} == {
        "BHD": {"invoiced": "2.010", "outstanding": "2.010"},
        "JPY": {"invoiced": "1200", "paid": "200", "outstanding": "1000", "received": "200"},
        "USD": {"invoiced": "10.15", "paid": "4.15", "outstanding": "6.00", "received": "4.15"},
    }


def test_a_sum_may_be_longer_than_any_amount(api: Api) -> None:
    for _ in range(3):
        an_invoice(api, items=[{"description": "Work", "quantity": 100, "unit_price": "900000000000.0001"}])
    found = stats(api)
    assert str(found["amounts"]["USD"]["outstanding"]) == "270000000000000.03"
    assert str(found["aging"]["USD"]["current"]) == "270000000000000.03"
    assert revenue(api) == {"2026-03": "270000000000000.03"}


def test_drafts_and_voided_invoices_are_in_no_amount_and_the_trash_is_nowhere(api: Api) -> None:
    an_invoice(api, 1)
    a_draft(api, 10)
    api.data(api.post(f"/invoices/{an_invoice(api, 100)['id']}/void"))
    trashed = a_draft(api, 1000)
    api.data(api.delete(f"/invoices/{trashed['id']}"))
    found = stats(api)
    assert {name: count for name, count in found["invoices"].items() if count} == {"draft": 1, "sent": 1, "voided": 1}
    assert shown(found["amounts"]["USD"]) == {"invoiced": "1.00", "outstanding": "1.00"}
    assert revenue(api) == {"2026-03": "1.00"}
    api.data(api.post(f"/invoices/{trashed['id']}/restore"))
    assert stats(api)["invoices"]["draft"] == 2


def test_paid_is_what_invoices_show_and_not_what_became_credit(api: Api) -> None:
    overpaid = an_invoice(api, 100)
    pay(api, overpaid, 130, excess="credit")
    pay(api, an_invoice(api, 50, customer_id=overpaid["customer_id"]), 20, method="credit")
    pay(api, an_invoice(api, 7), 7, status="failed")
    found = stats(api)
    assert shown(found["amounts"]["USD"]) == {
        "invoiced": "157.00",
        "paid": "120.00",
        "outstanding": "37.00",
        "received": "130.00",
        "customer_credit": "10.00",
    }
    assert found["invoices"] == {"draft": 0, "sent": 1, "partially_paid": 1, "paid": 1, "overdue": 0, "voided": 0}


def test_credit_notes_settle_and_take_back_revenue_without_tax(api: Api) -> None:
    items = [{"description": "Work", "quantity": 4, "unit_price": 25, "tax_rate": 20}]
    invoice = an_invoice(api, items=items, issue_date="2026-01-31", due_date="2026-03-31")
    credited = {"items": [{"item_id": invoice["items"][0]["id"], "quantity": 1}]}
    api.data(api.post(f"/invoices/{invoice['id']}/credit-note", credited))
    expected = {"invoiced": "120.00", "credited": "30.00", "outstanding": "90.00", "credit_notes": "30.00"}
    assert shown(stats(api)["amounts"]["USD"]) == expected
    assert revenue(api) == {"2026-01": "100.00", "2026-03": "-25.00"}


def test_each_word_of_the_amounts_says_one_thing(api: Api) -> None:
    """Finding 8: 100 is invoiced, paid and credited, and the credit pays a second 100: cash and notes are 100 each."""
    first = an_invoice(api, 100)
    second = an_invoice(api, 100, customer_id=first["customer_id"])
    cash = api.data(pay(api, first, 100, date="2026-03-10"))
    api.data(api.post(f"/invoices/{first['id']}/credit-note"))
    spent = api.data(pay(api, second, 100, method="credit"))
    settled = {"invoiced": "200.00", "paid": "200.00"}
    assert shown(stats(api)["amounts"]["USD"]) == {**settled, "received": "100.00", "credit_notes": "100.00"}
    api.data(api.delete(f"/payments/{spent['id']}"))
    assert shown(stats(api)["amounts"]["USD"]) == {
        "invoiced": "200.00",
        "paid": "100.00",
        "outstanding": "100.00",
        "received": "100.00",
        "credit_notes": "100.00",
        "customer_credit": "100.00",
    }
    api.data(api.delete(f"/payments/{cash['id']}"))
    assert shown(stats(api)["amounts"]["USD"]) == {
        "invoiced": "200.00",
        "credited": "100.00",
        "outstanding": "100.00",
        "credit_notes": "100.00",
    }


@pytest.mark.parametrize(
    ("query", "received"),
    [
        ({}, {"EUR": "4.00", "USD": "3.00"}),
        ({"from": "2026-03-02"}, {"EUR": "4.00", "USD": "2.00"}),
        ({"to": "2026-03-01"}, {"USD": "1.00"}),
        ({"currency": "EUR"}, {"EUR": "4.00"}),
    ],
)
def test_money_is_received_on_the_day_of_its_payment(api: Api, query: dict[str, str], received: dict[str, str]) -> None:
    invoice = an_invoice(api, 9, issue_date="2026-01-01")
    pay(api, invoice, 1, date="2026-03-01")
    pay(api, invoice, 2, date="2026-03-02")
    pay(api, an_invoice(api, 9, currency="EUR", issue_date="2026-01-01"), 4, date="2026-03-03")
    amounts = stats(api, **query)["amounts"]
    assert {code: str(each["received"]) for code, each in amounts.items() if each["received"]} == received


def test_a_void_takes_revenue_from_the_month_of_its_issue_and_a_credit_note_from_its_own(api: Api) -> None:
    first, second = (an_invoice(api, price, issue_date="2025-12-20") for price in (1, 2))
    api.data(api.post(f"/invoices/{first['id']}/void"))
    assert revenue(api) == {"2025-12": "2.00"}
    api.data(api.post(f"/invoices/{second['id']}/credit-note"))
    assert revenue(api) == {"2025-12": "2.00", "2026-03": "-2.00"}


@pytest.mark.parametrize(
    ("days_late", "age", "status"),
    [
        (-1, "current", "sent"),
        (0, "current", "sent"),
        (1, "1_30", "overdue"),
        (30, "1_30", "overdue"),
        (31, "31_60", "overdue"),
        (60, "31_60", "overdue"),
        (61, "61_90", "overdue"),
        (90, "61_90", "overdue"),
        (91, "over_90", "overdue"),
        (900, "over_90", "overdue"),
    ],
)
def test_the_age_of_what_is_owed(api: Api, days_late: int, age: str, status: str) -> None:
    dates: dict[str, Any] = {"issue_date": "2023-01-01", "due_date": str(TODAY - timedelta(days=days_late))}
    pay(api, an_invoice(api, 5, **dates), 5)
    an_invoice(api, "7.50", **dates)
    found = stats(api)
    assert shown(found["aging"]["USD"]) == {age: "7.50"}
    assert {name: count for name, count in found["invoices"].items() if count} == {status: 1, "paid": 1}
    assert str(found["amounts"]["USD"]["overdue"]) == ("7.50" if status == "overdue" else "0.00")


@pytest.mark.parametrize(
    ("timezone", "before", "after"),
    [
        ("UTC", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"),
        ("Asia/Tokyo", "2026-03-31T14:59:59Z", "2026-03-31T15:00:00Z"),
        ("America/New_York", "2026-04-01T03:59:59Z", "2026-04-01T04:00:00Z"),
    ],
)
def test_a_day_and_a_month_end_at_local_midnight(
    api: Api, clock: Clock, timezone: str, before: str, after: str
) -> None:
    api.put("/settings", {"timezone": timezone})
    pay(api, an_invoice(api, 10, issue_date="2026-03-01", due_date="2026-03-31"), 4)

    def seen() -> tuple[str, int, int, str, str]:
        found = stats(api)
        counts, amounts = found["invoices"], found["amounts"]["USD"]
        newest = found["revenue"]["USD"][-1]["month"]
        return found["as_of"], counts["partially_paid"], counts["overdue"], str(amounts["overdue"]), newest

    clock.set(before)
    assert seen() == ("2026-03-31", 1, 0, "0.00", "2026-03")
    clock.set(after)
    assert seen() == ("2026-04-01", 0, 1, "6.00", "2026-04")


@pytest.mark.parametrize(
    ("query", "counts", "invoiced"),
    [
        ({}, (2, 1, 1), {"EUR": "5.00", "USD": "3.00"}),
        ({"from": "2026-02-01"}, (2, 0, 1), {"EUR": "5.00", "USD": "2.00"}),
        ({"to": "2026-02-01"}, (1, 1, 0), {"USD": "3.00"}),
        ({"from": "2026-02-01", "to": "2026-02-01"}, (1, 0, 0), {"USD": "2.00"}),
        ({"from": "2026-02-02", "to": "2026-02-01"}, (0, 0, 0), {"USD": "0.00"}),
        ({"currency": "EUR"}, (1, 0, 1), {"EUR": "5.00"}),
        ({"currency": "eur", "to": "2026-02-01"}, (0, 0, 0), {"EUR": "0.00"}),
        ({"from": "2026-01-31T23:30:00-05:00"}, (2, 0, 1), {"EUR": "5.00", "USD": "2.00"}),
    ],
)
def test_what_the_query_selects(
    api: Api, query: dict[str, str], counts: tuple[int, int, int], invoiced: dict[str, str]
) -> None:
    ann = a_customer(api)
    pay(api, an_invoice(api, 1, customer_id=ann, issue_date="2026-01-31", due_date="2026-12-01"), 1)
    an_invoice(api, 2, customer_id=ann, issue_date="2026-02-01", due_date="2026-12-01")
    an_invoice(api, 5, customer_id=ann, issue_date="2026-02-02", due_date="2026-12-01", currency="EUR")
    line = [{"description": "Work", "unit_price": 9}]
    dates = {"issue_date": "2026-02-02", "valid_until": "2026-12-01"}
    api.data(api.post("/quotations", {"customer_id": ann, "items": line, "currency": "EUR", **dates}))
    found = stats(api, **query)
    assert (found["invoices"]["sent"], found["invoices"]["paid"], found["quotations"]["draft"]) == counts
    assert {code: str(amounts["invoiced"]) for code, amounts in found["amounts"].items()} == invoiced
    assert found["customers"] == 1


@pytest.mark.parametrize(
    ("query", "months", "expected"),
    [
        ({"from": "2025-12-01"}, ("2025-04", "2026-03"), {"2025-12": "4.00", "2026-01": "8.00", "2026-03": "16.00"}),
        (
            {"to": "2026-01-31", "from": "2025-04-01"},
            ("2025-02", "2026-01"),
            {"2025-04": "2.00", "2025-12": "4.00", "2026-01": "8.00"},
        ),
        ({}, ("2025-04", "2026-03"), {"2025-04": "2.00", "2025-12": "4.00", "2026-01": "8.00", "2026-03": "16.00"}),
        ({"to": "2025-12-30"}, ("2025-01", "2025-12"), {"2025-03": "1.00", "2025-04": "2.00"}),
    ],
)
def test_revenue_is_that_of_twelve_months(
    api: Api, query: dict[str, str], months: tuple[str, str], expected: dict[str, str]
) -> None:
    days = ("2025-03-31", "2025-04-01", "2025-12-31", "2026-01-01", "2026-03-15", "2026-04-01")
    for power, day in enumerate(days):
        an_invoice(api, 2**power, issue_date=day)
    shown_months = [each["month"] for each in stats(api, **query)["revenue"]["USD"]]
    assert (len(shown_months), shown_months[0], shown_months[-1]) == (12, *months)
    assert revenue(api, **query) == expected


def test_quotations_by_status(api: Api, clock: Clock) -> None:
    body = {"customer_id": a_customer(api), "items": [{"description": "Work", "unit_price": 9}]}
    for verbs in ((), ("publish",), ("publish", "accept"), ("publish", "reject"), ("publish", "accept", "convert")):
        offer = api.data(api.post("/quotations", {**body, "valid_until": "2026-03-31"}))
        for verb in verbs:
            api.data(api.post(f"/quotations/{offer['id']}/{verb}"))
    once = dict.fromkeys(("draft", "sent", "accepted", "rejected", "converted"), 1)
    assert stats(api)["quotations"] == {**once, "expired": 0}
    clock.set("2026-04-01T12:00:00Z")
    assert stats(api)["quotations"] == {**once, "sent": 0, "expired": 1}


@pytest.mark.parametrize(
    ("frequency", "interval", "total", "expected"),
    [
        (Frequency.MONTHLY, 1, 9_99, 9_99),
        (Frequency.MONTHLY, 2, 1, 1),  # half a cent, rounded up
        (Frequency.MONTHLY, 3, 1, 0),  # a third of one, rounded down
        (Frequency.QUARTERLY, 1, 100_00, 33_33),
        (Frequency.SEMIANNUALLY, 1, 100_00, 16_67),
        (Frequency.YEARLY, 1, 120_00, 10_00),
        (Frequency.YEARLY, 2, 120_00, 5_00),
        (Frequency.DAILY, 1, 12_00, 365_00),
        (Frequency.DAILY, 10, 12_00, 36_50),
        (Frequency.WEEKLY, 1, 84_00, 365_00),
        (Frequency.BIWEEKLY, 1, 84_00, 182_50),
    ],
)
def test_a_schedule_in_a_month(frequency: Frequency, interval: int, total: int, expected: int) -> None:
    assert rules.monthly_revenue([Scheduled("USD", frequency, interval, 1, total)]) == expected


def test_monthly_revenue_is_rounded_once() -> None:
    thirds = [Scheduled("USD", frequency, 1, 1, 100) for frequency in (Frequency.QUARTERLY, Frequency.QUARTERLY)]
    assert [rules.monthly_revenue(thirds[:1]), rules.monthly_revenue(thirds)] == [33, 67]


RUNNING: dict[str, Any] = {"description": "Rent", "amount": 100, "tax_rate": 25, "frequency": "monthly"}


@pytest.mark.parametrize(
    ("fields", "verbs", "expected"),
    [
        ({"start_date": "2026-03-15"}, (), (1, "100.00")),
        ({"start_date": "2026-02-15"}, ("process",), (1, "100.00")),
        ({"start_date": "2026-03-16"}, (), (1, "0.00")),
        ({"start_date": "2999-01-01"}, (), (1, "0.00")),
        ({"start_date": "2026-03-01", "end_date": "2026-03-15"}, (), (1, "100.00")),
        ({"start_date": "2026-03-01", "end_date": "2026-03-14"}, (), (1, "0.00")),
        ({"start_date": "2026-03-01", "max_occurrences": 1}, ("process",), (0, "0.00")),
        ({"start_date": "2026-03-01"}, ("toggle",), (0, "0.00")),
        ({"start_date": "2026-03-01"}, ("delete",), (0, "0.00")),
    ],
)
def test_recurring_revenue_is_that_of_schedules_that_run_without_their_tax(
    api: Api, fields: dict[str, Any], verbs: tuple[str, ...], expected: tuple[int, str]
) -> None:
    schedule = api.data(api.post("/recurring-billing", {**RUNNING, "customer_id": a_customer(api), **fields}))
    for verb in verbs:
        path = "/recurring-billing/process" if verb == "process" else f"/recurring-billing/{schedule['id']}"
        api.data(api.delete(path) if verb == "delete" else api.post(path if verb == "process" else f"{path}/{verb}"))
    found = stats(api)["recurring"]
    assert (found["active"], str(found["monthly_revenue"]["USD"])) == expected


def test_recurring_revenue_of_prices_that_include_tax_is_without_it(api: Api) -> None:
    """125.00 at 25 % contains 25.00."""
    api.put("/settings", {"prices_include_tax": True})
    body = {**RUNNING, "amount": 125, "customer_id": a_customer(api), "start_date": "2026-03-01"}
    api.data(api.post("/recurring-billing", body))
    assert str(stats(api)["recurring"]["monthly_revenue"]["USD"]) == "100.00"


def test_statistics_need_a_key_that_may_read_and_no_other_parameters(api: Api) -> None:
    assert api.get("/stats", headers={"X-API-Key": api.new_key(Scope.READ)}).status_code == 200
    assert api.client.get("/api/v1/stats").status_code == 401
    assert api.get("/stats?customer_id=1").json()["errors"].keys() == {"customer_id"}


def test_another_account_has_statistics_of_its_own(api: Api, database_url: str) -> None:
    an_invoice(api, 1)
    with opened(database_url) as other:
        assert (stats(other)["customers"], stats(other)["invoices"]["sent"]) == (0, 0)


def test_a_thousand_of_the_largest_bills_add_up(api: Api) -> None:
    """A schedule that bills its first thousand days at once; the sums of reports and checks hold in 64 bits."""
    customer_id = a_customer(api)
    start = TODAY - timedelta(days=999)
    daily = {"frequency": "daily", "start_date": start.isoformat(), "amount": "90071992547409.91", "auto_issue": True}
    a_schedule(api, customer_id=customer_id, **daily)
    assert process(api)["created"] == 1000
    amounts = shown(stats(api)["amounts"]["USD"])
    assert (amounts["invoiced"], amounts["outstanding"]) == ("90071992547409910.00", "90071992547409910.00")
    summary = shown(api.data(api.get(f"/customers/{customer_id}"))["summary"]["USD"])
    assert (summary["total_invoiced"], summary["outstanding"]) == ("90071992547409910.00", "90071992547409910.00")
    assert api.differences() == []
