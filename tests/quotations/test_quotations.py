"""Quotations: made, changed, answered and deleted."""

from typing import Any

import pytest

from tests.api import Api, opened
from tests.bills import a_customer, refused
from tests.clock import Clock
from tests.quotations.offers import IHS, a_quotation, act, offer, status_of
from tests.recorded import recorded

CONFLICT = (409, "CONFLICT")
ANSWERS = ["accept", "reject", "convert"]
NOON = "2026-03-15T12:00:00Z"


def test_the_body_of_ihs_makes_a_quotation_that_converts(api: Api) -> None:
    a_customer(api)
    made = api.data(api.post("/quotations", IHS))
    assert (made["status"], made["valid_until"], made["notes"]) == (
        "draft",
        "2026-03-30",
        "Thank you for your business",
    )
    assert [str(item["line_total"]) for item in made["items"]] == ["50000.00", "12000.00"]
    assert (str(made["total"]), made["currency"]) == ("62000.00", "USD")
    assert api.data(api.put(f"/quotations/{made['id']}", IHS))["valid_until"] == "2026-03-30"
    assert str(api.data(api.post(f"/quotations/{made['id']}/convert"))["total"]) == "62000.00"


@pytest.mark.parametrize("now", ["2026-02-01T12:00:00Z", "2026-03-30T12:00:00Z", "2026-11-21T12:00:00Z"])
def test_the_bodies_of_ihs_are_good_on_any_day(database_url: str, now: str) -> None:
    with opened(database_url, clock=Clock(now)) as api:
        a_customer(api)
        assert status_of(api, api.data(api.post("/quotations", IHS))) == "draft"
        body = {
            "customer_id": 1,
            "due_date": "2026-03-25",
            "items": [{"description": "Consulting", "unit_price": 8000}],
        }
        assert api.data(api.post("/invoices", body))["due_date"] == "2026-03-25"


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({}, ("2026-03-15", "2026-04-14")),
        ({"valid_until": "2026-03-15"}, ("2026-03-15", "2026-03-15")),
        ({"issue_date": "2026-01-31"}, ("2026-01-31", "2026-03-02")),
        ({"issue_date": "2026-04-01", "valid_until": "2026-04-01"}, ("2026-04-01", "2026-04-01")),
        ({"issue_date": "2026-04-01", "valid_until": "2026-03-31"}, 422),
    ],
)
def test_its_dates(database_url: str, dates: dict[str, str], expected: Any) -> None:
    with opened(database_url, clock=Clock(NOON)) as api:
        response = offer(api, 100, **dates)
        if expected == 422:
            assert list(response.json()["errors"]) == ["valid_until"]
        else:
            made = api.data(response)
            assert (made["issue_date"], made["valid_until"]) == expected


def test_a_preview_stores_nothing(api: Api) -> None:
    body = {"customer_id": a_customer(api), "items": [{"description": "Work", "unit_price": "10.10", "tax_rate": 10}]}
    shown = api.data(api.post("/quotations/preview", body))
    assert (shown["id"], shown["quotation_number"], str(shown["total"])) == (None, "DRAFT", "11.11")
    assert api.data(api.get("/quotations")) == []


def test_a_draft_is_changed_in_what_a_change_names(api: Api) -> None:
    made = a_quotation(api, 100, notes="First", discount_type="percentage", discount_value=10)
    path = f"/quotations/{made['id']}"
    changed = api.data(api.put(path, {"discount_value": 20, "version": 1}))
    assert (changed["notes"], str(changed["total"]), changed["version"]) == ("First", "80.00", 2)
    assert refused(api.put(path, {"notes": "Second", "version": 1})) == CONFLICT
    assert api.put(path, {"due_date": "2030-01-01"}).json()["errors"].keys() == {"due_date"}


@pytest.mark.parametrize("action", ["publish", "mark-sent", "accept", "reject", "convert"])
def test_an_issued_quotation_is_neither_changed_nor_deleted(api: Api, action: str) -> None:
    made = a_quotation(api, 100)
    assert act(api, made, action).is_success
    assert refused(api.put(f"/quotations/{made['id']}", {"notes": "Other"})) == CONFLICT
    assert refused(api.delete(f"/quotations/{made['id']}")) == CONFLICT
    assert api.data(api.get(f"/quotations/{made['id']}"))["notes"] is None


def test_numbers_are_taken_at_issue_without_gaps(database_url: str) -> None:
    with opened(database_url, clock=Clock(NOON)) as api:
        drafts = [a_quotation(api, 100) for _ in range(4)]
        assert drafts[0]["quotation_number"] == f"DRAFT-{drafts[0]['id']}"
        assert api.delete(f"/quotations/{drafts[1]['id']}").is_success
        assert api.get(f"/quotations/{drafts[1]['id']}").status_code == 404
        issued = [
            act(api, drafts[index], action) for index, action in ((3, "accept"), (2, "mark-sent"), (0, "publish"))
        ]
        numbers = [api.data(response)["quotation_number"] for response in issued]
        assert numbers == ["QUO-2026-0001", "QUO-2026-0002", "QUO-2026-0003"]
        assert api.data(act(api, drafts[3], "publish"))["quotation_number"] == "QUO-2026-0001"


def test_a_draft_does_not_keep_its_number_from_the_sequence(database_url: str) -> None:
    with opened(database_url, clock=Clock(NOON)) as api:
        given = a_quotation(api, 100, quotation_number="QUO-2026-0001")
        assert refused(offer(api, 100, quotation_number="quo-2026-0001")) == CONFLICT
        assert api.data(act(api, a_quotation(api, 100), "publish"))["quotation_number"] == "QUO-2026-0001"
        for action in ("publish", "accept", "reject", "convert"):
            assert refused(act(api, given, action)) == CONFLICT
        assert refused(offer(api, 100, quotation_number="QUO-2026-0001")) == CONFLICT
        path = f"/quotations/{given['id']}"
        assert api.data(api.put(path, {"quotation_number": None}))["quotation_number"] == f"DRAFT-{given['id']}"
        assert api.data(act(api, given, "publish"))["quotation_number"] == "QUO-2026-0002"
        other = a_quotation(api, 100, quotation_number="QUO-2026-0003")
        assert api.delete(f"/quotations/{other['id']}").is_success
        assert api.data(act(api, a_quotation(api, 100), "publish"))["quotation_number"] == "QUO-2026-0003"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["accept", "accept"], "accepted"),
        (["reject", "reject"], "rejected"),
        (["publish", "accept", "publish"], "accepted"),
        (["publish", "mark-sent"], "sent"),
        (["accept", "reject"], 409),
        (["reject", "accept"], 409),
        (["reject", "convert"], 409),
        (["reject", "publish"], 409),
        (["convert", "accept"], 409),
        (["convert", "reject"], 409),
        (["convert", "convert"], 409),
        (["accept", "send"], 409),
    ],
)
def test_one_action_after_another(api: Api, actions: list[str], expected: str | int) -> None:
    made = a_quotation(api, 100)
    *before, last = [act(api, made, action) for action in actions]
    assert all(response.is_success for response in before)
    assert (last.status_code if expected == 409 else api.data(last)["status"]) == expected


def test_an_answer_is_recorded_once(api: Api) -> None:
    made = a_quotation(api, 100)
    first = api.data(act(api, made, "accept"))
    again = api.data(act(api, made, "accept"))
    assert first["accepted_at"] == again["accepted_at"] is not None
    assert (again["version"], again["rejected_at"]) == (first["version"], None)


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_who_answered_and_why_is_kept_and_told_by_its_event(api: Api, action: str) -> None:
    made = a_quotation(api, 100)
    answer = {"name": "Jane Roe", "reason": "As we spoke"}
    answered = api.data(api.post(f"/quotations/{made['id']}/{action}", answer))
    assert (answered["answered_by"], answered["answer_reason"]) == ("Jane Roe", "As we spoke")
    again = api.data(api.post(f"/quotations/{made['id']}/{action}", {"name": "Somebody else"}))
    assert (again["answered_by"], again["version"]) == ("Jane Roe", answered["version"])
    copy = api.data(act(api, made, "duplicate"))
    assert (copy["answered_by"], copy["answer_reason"]) == (None, None)
    answers = [
        event for event in recorded(api, f"quotation:{made['id']}") if event.type.value == f"quotation.{action}ed"
    ]
    assert [event.data for event in answers] == [answer]
    assert api.differences() == []


def test_an_answer_need_not_say_more(api: Api) -> None:
    answered = api.data(api.post(f"/quotations/{a_quotation(api, 100)['id']}/accept", {"name": "", "reason": None}))
    assert (answered["answered_by"], answered["answer_reason"]) == (None, None)
    assert api.differences() == []


def test_who_answered_by_a_share_link_is_shown_to_the_seller_alone(api: Api) -> None:
    made = a_quotation(api, 100)
    token = api.data(act(api, made, "publish"))["share_token"]
    link = f"/api/v1/public/quotations/{token}"
    answered = api.client.post(f"{link}/reject", json={"name": "Jane Roe", "reason": "Too dear"})
    assert answered.status_code == 200
    shown = api.data(api.get(f"/quotations/{made['id']}"))
    assert (shown["answered_by"], shown["answer_reason"]) == ("Jane Roe", "Too dear")
    for page in (answered, api.client.get(link), api.client.get(f"/public/quotations/{token}")):
        assert "Jane Roe" not in page.text
        assert "Too dear" not in page.text


@pytest.mark.parametrize(
    ("field", "value"), [("name", "x" * 201), ("reason", "x" * 2001), ("reason", "a\0b"), ("name", 5), ("why", "x")]
)
def test_a_wrong_answer_is_none(api: Api, field: str, value: Any) -> None:
    made = a_quotation(api, 100)
    refused = api.post(f"/quotations/{made['id']}/accept", {field: value})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field])
    assert status_of(api, made) == "draft"


@pytest.mark.parametrize("action", ANSWERS)
def test_what_is_answered_is_what_its_customer_was_called_then(api: Api, action: str) -> None:
    made = a_quotation(api, 100)
    act(api, made, action)
    api.put(f"/customers/{made['customer_id']}", {"name": "Renamed"})
    shown = api.data(api.get(f"/quotations/{made['id']}"))
    assert (shown["customer_name"], shown["customer"]["name"]) == ("Ann Example", "Ann Example")


@pytest.mark.parametrize(
    ("timezone", "now", "expected"),
    [
        # valid until 2026-03-31, which ends in Auckland (UTC+13) at 11:00Z and in Los Angeles (UTC-7) at 07:00Z
        ("Pacific/Auckland", "2026-03-31T10:59:59Z", "sent"),
        ("Pacific/Auckland", "2026-03-31T11:00:00Z", "expired"),
        ("America/Los_Angeles", "2026-04-01T06:59:59Z", "sent"),
        ("America/Los_Angeles", "2026-04-01T07:00:00Z", "expired"),
        ("UTC", "2026-03-31T23:59:59Z", "sent"),
        ("UTC", "2026-04-01T00:00:00Z", "expired"),
    ],
)
def test_it_expires_at_local_midnight(database_url: str, timezone: str, now: str, expected: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        api.put("/settings", {"timezone": timezone})
        made = a_quotation(api, 100, valid_until="2026-03-31")
        act(api, made, "publish")
        clock.set(now)
        assert status_of(api, made) == expected
        assert [row["status"] for row in api.data(api.get(f"/quotations?status={expected}"))] == [expected]
        other = {"sent": "expired", "expired": "sent"}[expected]
        assert api.data(api.get(f"/quotations?status={other}")) == []
        for action in ("accept", "convert"):
            assert act(api, made, action).is_success == (expected == "sent")


def test_an_expired_quotation_is_rejected_or_duplicated_and_an_accepted_one_never_expires(database_url: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        expired, accepted, draft = (a_quotation(api, 100, valid_until="2026-03-20") for _ in range(3))
        act(api, expired, "publish")
        act(api, accepted, "accept")
        clock.set("2026-03-21T00:00:00Z")
        assert [status_of(api, each) for each in (expired, accepted, draft)] == ["expired", "accepted", "draft"]
        assert act(api, accepted, "convert").status_code == 201
        copy = api.data(act(api, expired, "duplicate"))
        assert (copy["status"], copy["issue_date"], copy["valid_until"]) == ("draft", "2026-03-21", "2026-03-26")
        assert api.data(act(api, expired, "reject"))["status"] == "rejected"
        assert api.data(api.put(f"/quotations/{draft['id']}", {"valid_until": "2026-04-01"}))["status"] == "draft"
        assert api.data(act(api, draft, "publish"))["status"] == "sent"


@pytest.mark.parametrize("action", ["publish", "mark-sent", "send"])
def test_a_draft_that_is_no_longer_valid_is_not_sent(database_url: str, action: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        draft = a_quotation(api, 100, valid_until="2026-03-20")
        clock.set("2026-03-21T00:00:00Z")
        assert act(api, draft, action).status_code == 409
        assert status_of(api, draft) == "draft"
        assert [row["id"] for row in api.data(api.get("/quotations?status=draft"))] == [draft["id"]]
        assert api.data(api.get("/quotations?status=expired")) == []


@pytest.mark.parametrize(("action", "status"), [("accept", "accepted"), ("convert", "converted")])
def test_a_draft_is_answered_on_any_day(database_url: str, action: str, status: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        draft = a_quotation(api, 100, valid_until="2026-03-20")
        clock.set("2026-11-21T12:00:00Z")
        assert act(api, draft, action).is_success
        assert status_of(api, draft) == status
        shown = api.data(api.get(f"/quotations/{draft['id']}"))
        assert (shown["issue_date"], shown["valid_until"]) == ("2026-11-21", "2026-03-20")


def test_what_nobody_gave_of_its_dates_follows_from_the_day_of_its_issue(database_url: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        made = a_quotation(api, 100)
        copy = api.data(act(api, a_quotation(api, 100, valid_until="2026-03-20"), "duplicate"))
        assert [(each["issue_date_given"], each["valid_until"]) for each in (made, copy)] == [
            (False, "2026-04-14"),
            (False, "2026-03-20"),
        ]
        clock.set("2026-12-31T12:00:00Z")
        shown = api.data(api.get(f"/quotations/{made['id']}"))
        assert (shown["issue_date"], shown["valid_until"]) == ("2026-12-31", "2027-01-30")
        clock.set("2027-01-02T12:00:00Z")
        for each, valid_until in ((made, "2027-02-01"), (copy, "2027-01-07")):
            sent = api.data(act(api, each, "publish"))
            assert sent["quotation_number"].startswith("QUO-2027-")
            assert (sent["issue_date"], sent["issue_date_given"]) == ("2027-01-02", True)
            assert sent["valid_until"] == valid_until


def test_a_list_selects(database_url: str) -> None:
    with opened(database_url, clock=Clock(NOON)) as api:
        first, second, third = (
            a_quotation(api, price, customer=name) for price, name in ((1, "A"), (2, "Öz"), (3, "C"))
        )
        act(api, second, "accept")
        act(api, third, "convert")

        def selected(query: str) -> list[str]:
            return [row["customer_name"] for row in api.data(api.get(f"/quotations?{query}"))]

        assert selected("") == ["C", "Öz", "A"]
        assert selected("status=accepted,converted&sort=total&order=asc") == ["Öz", "C"]
        assert selected("search=öZ") == ["Öz"]
        assert selected(f"customer_id={first['customer_id']}") == ["A"]
        assert selected("from=2026-03-16") == selected("currency=EUR") == []
        assert selected("to_date=2026-03-15&limit=1&page=2") == ["Öz"]
        assert api.get("/quotations?status=paid").json()["errors"].keys() == {"status"}


def test_a_list_is_walked_by_cursor(api: Api) -> None:
    for price in range(5):
        a_quotation(api, price)
    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        reply = api.get(f"/quotations?limit=2&sort=total&after={after}").json()
        seen += [row["total"] for row in reply["data"]]
        after = reply["pagination"]["next"]
    assert seen == [4, 3, 2, 1, 0]


def test_an_export_holds_what_the_list_selects(database_url: str) -> None:
    with opened(database_url, clock=Clock(NOON)) as api:
        taxed = [{"description": "Work", "unit_price": 99, "tax_rate": "8.25"}]
        a_quotation(api, items=taxed, discount_type="amount", discount_value=9, customer="=1+1")
        act(api, a_quotation(api, 5), "accept")
        header, row, *others = api.get("/quotations/export/csv?status=draft").text.splitlines()
        assert (header, others) == (
            "Quotation Number,Customer,Status,Issue Date,Valid Until,Subtotal,Tax,Discount,Total,Currency,Created",
            [],
        )
        # 8.25 % of 90.00 = 7.425
        assert row == "DRAFT-1,'=1+1,draft,2026-03-15,2026-04-14,99.00,7.43,9.00,97.43,USD,2026-03-15T12:00:00Z"
        assert len(api.get("/quotations/export/csv").text.splitlines()) == 3


def test_a_customer_with_a_quotation_is_not_deleted(api: Api) -> None:
    made = a_quotation(api, 100)
    path = f"/customers/{made['customer_id']}"
    assert refused(api.delete(path)) == CONFLICT
    assert api.delete(f"/quotations/{made['id']}").is_success
    assert api.delete(path).is_success


def test_without_smtp_nothing_is_sent(api: Api) -> None:
    made = a_quotation(api, 100)
    assert refused(act(api, made, "send")) == (409, "EMAIL_NOT_CONFIGURED")
    assert status_of(api, made) == "draft"
