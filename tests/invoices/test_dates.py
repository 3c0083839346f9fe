"""The dates of an invoice: what nobody gave follows from the day of its issue."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, refused
from tests.clock import Clock

DRAFTED = "2026-12-22T12:00:00Z"
NEW_YEAR = "2027-01-02T12:00:00Z"


@pytest.fixture
def clock() -> Clock:
    return Clock(DRAFTED)


@pytest.fixture
def timed(database_url: str, clock: Clock) -> Iterator[Api]:
    """An account with a customer, whose bills are due after 30 days; when the test has passed, the books balance."""
    with opened(database_url, clock=clock) as api:
        a_customer(api)
        yield api
        assert api.differences() == []


def shown(api: Api, invoice: Any) -> Any:
    return api.data(api.get(f"/invoices/{invoice['id']}"))


def dates(invoice: Any) -> tuple[str, str, bool]:
    return invoice["issue_date"], invoice["due_date"], invoice["issue_date_given"]


def selected(api: Api, **query: str) -> list[int]:
    reply = api.get("/invoices", params={"order": "asc", **query})
    rows: list[int] = [row["id"] for row in api.data(reply)]
    assert reply.json()["pagination"]["total"] == len(rows)
    return rows


DRAFTS: list[tuple[dict[str, str | None], tuple[str, str, bool], tuple[str, str, bool]]] = [
    # What a draft is made with, what it shows eleven days later, and what it has from its issue on.
    ({}, ("2027-01-02", "2027-02-01", False), ("2027-01-02", "2027-02-01", True)),
    ({"issue_date": None, "due_date": None}, ("2027-01-02", "2027-02-01", False), ("2027-01-02", "2027-02-01", True)),
    ({"issue_date": "2026-12-22"}, ("2026-12-22", "2027-01-21", True), ("2026-12-22", "2027-01-21", True)),
    ({"due_date": "2027-01-15"}, ("2027-01-02", "2027-01-15", False), ("2027-01-02", "2027-01-15", True)),
    # A due date that was given may be past where the issue date was not (docs/numbers.md).
    ({"due_date": "2026-12-31"}, ("2027-01-02", "2026-12-31", False), ("2027-01-02", "2026-12-31", True)),
]


@pytest.mark.parametrize(("fields", "later", "issued"), DRAFTS)
def test_a_date_that_nobody_gave_is_the_day_of_the_issue(
    timed: Api,
    clock: Clock,
    fields: dict[str, str | None],
    later: tuple[str, str, bool],
    issued: tuple[str, str, bool],
) -> None:
    draft = a_draft(timed, 100, customer_id=1, **fields)
    clock.set(NEW_YEAR)
    assert dates(shown(timed, draft)) == later
    (row,) = timed.data(timed.get("/invoices"))
    assert dates(row) == later
    sent = timed.data(timed.post(f"/invoices/{draft['id']}/publish"))
    assert dates(sent) == dates(shown(timed, draft)) == issued
    assert sent["invoice_number"] == f"INV-{issued[0][:4]}-0001"
    clock.set("2027-03-01T00:00:00Z")
    assert dates(timed.data(timed.post(f"/invoices/{draft['id']}/unpublish"))) == issued


@pytest.mark.parametrize(
    ("timezone", "expected"), [("Pacific/Auckland", "2027-01-01"), ("America/Los_Angeles", "2026-12-31")]
)
def test_it_is_the_day_of_the_accounts_calendar(timed: Api, clock: Clock, timezone: str, expected: str) -> None:
    timed.put("/settings", {"timezone": timezone})
    draft = a_draft(timed, 100, customer_id=1)
    clock.set("2026-12-31T11:00:00Z")
    assert shown(timed, draft)["issue_date"] == expected
    sent = timed.data(timed.post(f"/invoices/{draft['id']}/mark-sent"))
    assert (sent["issue_date"], sent["invoice_number"]) == (expected, f"INV-{expected[:4]}-0001")


def test_a_preview_and_a_create_say_that_nobody_gave_the_date(timed: Api) -> None:
    body = {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}]}
    expected = ("2026-12-22", "2027-01-21", False)
    assert dates(timed.data(timed.post("/invoices/preview", body))) == expected
    assert dates(timed.data(timed.post("/invoices", body))) == expected


def test_copies_are_dated_by_their_own_issue_and_keep_the_days_to_pay(timed: Api, clock: Clock) -> None:
    fortnight = an_invoice(timed, 100, customer_id=1, issue_date="2026-12-01", due_date="2026-12-15")
    copy = timed.data(timed.post(f"/invoices/{fortnight['id']}/duplicate"))
    quotation = timed.data(
        timed.post("/quotations", {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}]})
    )
    converted = timed.data(timed.post(f"/quotations/{quotation['id']}/convert"))
    assert [dates(each) for each in (copy, converted)] == [
        ("2026-12-22", "2027-01-05", False),
        ("2026-12-22", "2027-01-21", False),
    ]
    clock.set(NEW_YEAR)
    for each, due_date in ((copy, "2027-01-16"), (converted, "2027-02-01")):
        sent = timed.data(timed.post(f"/invoices/{each['id']}/publish"))
        assert dates(sent) == ("2027-01-02", due_date, True)
        assert sent["invoice_number"].startswith("INV-2027-")


def test_a_recurring_invoice_is_dated_by_its_period(timed: Api) -> None:
    schedule = {"customer_id": 1, "frequency": "monthly", "start_date": "2026-11-30", "amount": 1, "description": "Fee"}
    timed.data(timed.post("/recurring-billing", {**schedule, "auto_issue": False, "due_days": 10}))
    assert timed.data(timed.post("/recurring-billing/process"))["created"] == 1
    (draft,) = timed.data(timed.get("/invoices"))
    assert dates(draft) == ("2026-11-30", "2026-12-10", True)
    moved = timed.data(timed.put(f"/invoices/{draft['id']}", {"issue_date": "2026-12-01"}))
    assert dates(moved) == ("2026-12-01", "2026-12-11", True)


CHANGES: list[tuple[dict[str, str], dict[str, str | None], tuple[str, str, bool]]] = [
    # A draft, a change of it, and its dates then, of a draft that was made on 2026-12-22.
    ({"issue_date": "2026-12-01"}, {"issue_date": "2026-12-25"}, ("2026-12-25", "2027-01-24", True)),
    ({}, {"issue_date": "2026-12-25"}, ("2026-12-25", "2027-01-24", True)),
    (
        {"issue_date": "2026-12-01", "due_date": "2026-12-31"},
        {"issue_date": "2026-12-25"},
        ("2026-12-25", "2026-12-31", True),
    ),
    ({"issue_date": "2026-12-01"}, {"issue_date": None}, ("2026-12-22", "2027-01-21", False)),
    ({"issue_date": "2026-12-01", "due_date": "2026-12-31"}, {"due_date": None}, ("2026-12-01", "2026-12-31", True)),
    ({"due_date": "2026-12-31"}, {"due_date": None}, ("2026-12-22", "2027-01-21", False)),
    ({}, {"due_date": "2026-12-31"}, ("2026-12-22", "2026-12-31", False)),
    ({}, {"notes": "No date"}, ("2026-12-22", "2027-01-21", False)),
    ({}, {"issue_date": "2026-12-22"}, ("2026-12-22", "2027-01-21", True)),
    ({}, {"issue_date": "2027-12-22"}, ("2027-12-22", "2028-01-21", True)),
]


@pytest.mark.parametrize(("fields", "change", "expected"), CHANGES)
def test_a_due_date_that_nobody_gave_follows_its_issue_date(
    timed: Api, fields: dict[str, str], change: dict[str, str | None], expected: tuple[str, str, bool]
) -> None:
    draft = a_draft(timed, 100, customer_id=1, **fields)
    changed = timed.data(timed.put(f"/invoices/{draft['id']}", change))
    assert dates(changed) == dates(shown(timed, draft)) == expected


def test_the_days_to_pay_of_a_duplicate_stay_when_it_is_moved(timed: Api) -> None:
    fortnight = an_invoice(timed, 100, customer_id=1, issue_date="2026-12-01", due_date="2026-12-15")
    copy = timed.data(timed.post(f"/invoices/{fortnight['id']}/duplicate"))
    moved = timed.data(timed.put(f"/invoices/{copy['id']}", {"issue_date": "2026-12-24"}))
    assert dates(moved) == ("2026-12-24", "2027-01-07", True)
    assert dates(timed.data(timed.put(f"/invoices/{copy['id']}", {"due_date": None})))[1] == "2027-01-07"
    # Given and taken back, the account's terms hold.
    timed.data(timed.put(f"/invoices/{copy['id']}", {"due_date": "2027-01-07"}))
    assert dates(timed.data(timed.put(f"/invoices/{copy['id']}", {"due_date": None})))[1] == "2027-01-23"


def test_a_due_date_that_nobody_gave_follows_after_the_issue_too(timed: Api) -> None:
    kept = an_invoice(timed, 100, customer_id=1)
    timed.data(timed.post(f"/invoices/{kept['id']}/unpublish"))
    moved = timed.data(timed.put(f"/invoices/{kept['id']}", {"issue_date": "2026-12-24"}))
    assert dates(moved) == ("2026-12-24", "2027-01-23", True)


@pytest.mark.parametrize(
    ("today", "issue_date", "status"),
    [
        (DRAFTED, "2027-12-22", 201),
        (DRAFTED, "2027-12-23", 422),
        (DRAFTED, "2099-01-01", 422),
        ("2028-02-29T12:00:00Z", "2029-02-28", 201),
        ("2028-02-29T12:00:00Z", "2029-03-01", 422),
    ],
)
def test_a_slip_of_the_year_is_refused(timed: Api, clock: Clock, today: str, issue_date: str, status: int) -> None:
    clock.set(today)
    body = {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}], "issue_date": issue_date}
    draft = a_draft(timed, 1, customer_id=1)
    changed = timed.put(f"/invoices/{draft['id']}", {"issue_date": issue_date})
    for kind in ("invoices", "quotations"):
        response = timed.post(f"/{kind}", body)
        assert response.status_code == status
        if status == 422:
            assert list(response.json()["errors"]) == list(changed.json()["errors"]) == ["issue_date"]


def test_a_credit_note_is_not_dated_before_its_invoice(timed: Api, clock: Clock) -> None:
    invoice = an_invoice(timed, 100, customer_id=1, issue_date="2027-01-15")
    line = {"items": [{"item_id": invoice["items"][0]["id"], "amount": 10}]}
    first = timed.data(timed.post(f"/invoices/{invoice['id']}/credit-note", line))
    assert (first["issue_date"], first["credit_note_number"]) == ("2027-01-15", "CN-2027-0001")
    clock.set("2027-01-16T12:00:00Z")
    assert timed.data(timed.post(f"/invoices/{invoice['id']}/credit-note", line))["issue_date"] == "2027-01-16"


FILTERS: list[tuple[dict[str, str], list[int]]] = [
    # The first draft is of nobody's date and made on 2026-12-22; the others are of 2026-12-23 and 2027-01-05.
    ({}, [1, 2, 3]),
    ({"from": "2027-01-01"}, [1, 3]),
    ({"from": "2027-01-02"}, [1, 3]),
    ({"from": "2027-01-03"}, [3]),
    ({"to": "2026-12-31"}, [2]),
    ({"to": "2027-01-01"}, [2]),
    ({"to": "2027-01-02"}, [1, 2]),
    ({"from": "2026-12-22", "to": "2026-12-22"}, []),
    ({"from": "2027-01-02", "to": "2027-01-02"}, [1]),
    ({"from": "2027-01-03", "to": "2027-12-31"}, [3]),
    ({"from": "2026-12-01", "to": "2027-12-31"}, [1, 2, 3]),
]


def test_a_draft_without_a_date_is_listed_by_the_date_that_it_shows(
    timed: Api, clock: Clock, subtests: pytest.Subtests
) -> None:
    for issue_date in (None, "2026-12-23", "2027-01-05"):
        a_draft(timed, 100, customer_id=1, issue_date=issue_date)
    clock.set(NEW_YEAR)
    for query, expected in FILTERS:
        with subtests.test(query=query):
            assert selected(timed, **query) == expected
            counted = timed.data(timed.get("/stats", params=query))["invoices"]["draft"]
            assert counted == len(expected)
    assert selected(timed, sort="issue_date")[0] == 2


def test_two_names_of_one_day_that_differ_are_refused(timed: Api) -> None:
    a_draft(timed, 100, customer_id=1, issue_date="2026-12-10")
    for kind in ("invoices", "quotations"):
        query = {"from": "2026-12-01", "from_date": "2026-12-02", "to": "2026-12-31", "to_date": "2026-12-30"}
        response = timed.get(f"/{kind}", params=query)
        assert (response.status_code, sorted(response.json()["errors"])) == (422, ["from", "to"])
        assert refused(timed.get(f"/{kind}/export/csv", params=query)) == (422, "VALIDATION_FAILED")
    same = {"from": "2026-12-01", "from_date": "2026-12-01T10:00:00Z", "to": "2026-12-31", "to_date": "2026-12-31"}
    assert selected(timed, **same) == [1]
