"""Issuing: an invoice takes its number and becomes immutable."""

import pytest

from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, standing
from tests.clock import Clock

NEW_YEAR = "2026-01-01T12:00:00Z"


@pytest.mark.parametrize(("verb", "has_token"), [("publish", True), ("mark-sent", False)])
def test_issuing_again_changes_nothing(api: Api, verb: str, has_token: bool) -> None:
    draft = a_draft(api, 100)
    first = api.data(api.post(f"/invoices/{draft['id']}/{verb}"))
    assert (first["status"], bool(first["share_token"]), bool(first["issued_at"])) == ("sent", has_token, True)
    assert first["invoice_number"].endswith("-0001")
    assert api.data(api.post(f"/invoices/{draft['id']}/{verb}")) == first
    assert api.data(api.post(f"/invoices/{draft['id']}/mark-sent")) == first
    assert api.data(api.get(f"/invoices/{draft['id']}")) == first


def test_publishing_what_is_issued_only_adds_the_link(api: Api) -> None:
    draft = a_draft(api, 100)
    sent = api.data(api.post(f"/invoices/{draft['id']}/mark-sent"))
    published = api.data(api.post(f"/invoices/{draft['id']}/publish"))
    added = {"share_token", "share_url", "updated_at", "version"}
    assert published | dict.fromkeys(added) == sent | dict.fromkeys(added)
    assert published["share_url"].endswith(published["share_token"])
    # 256 random bits are 43 characters of base64.
    assert len(published["share_token"].rpartition(".")[2]) == 43


def test_two_links_differ(api: Api) -> None:
    assert an_invoice(api, 1)["share_token"] != an_invoice(api, 1)["share_token"]


def test_an_invoice_of_nothing_is_paid_when_it_is_issued(api: Api) -> None:
    assert standing(api, an_invoice(api, 0)) == ("paid", "0.00", "0.00", "0.00")


def next_number(api: Api) -> str:
    number: str = api.data(api.get("/invoices/next-number"))["number"]
    return number


def test_the_next_number_is_shown_and_not_taken(database_url: str) -> None:
    with opened(database_url, clock=Clock(NEW_YEAR)) as api:
        a_customer(api)
        assert [next_number(api), next_number(api)] == ["INV-2026-0001"] * 2
        assert an_invoice(api, 1, customer_id=1)["invoice_number"] == "INV-2026-0001"
        assert next_number(api) == "INV-2026-0002"
        # A number that a client gives counts from its issue on.
        a_draft(api, 1, customer_id=1, invoice_number="INV-2026-0002")
        assert next_number(api) == "INV-2026-0002"
        an_invoice(api, 1, customer_id=1, invoice_number="INV-2026-0003")
        assert next_number(api) == an_invoice(api, 1, customer_id=1)["invoice_number"] == "INV-2026-0002"
        assert next_number(api) == an_invoice(api, 1, customer_id=1)["invoice_number"] == "INV-2026-0004"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("R{SEQ}", ["R1", "R2"]),
        ("{YY}{MM}{DD}/{SEQ:2}", ["260101/01", "260101/02"]),
        ("{SEQ:6}-{YYYY}", ["000001-2026", "000002-2026"]),
        ("Rechnung №{SEQ}", ["Rechnung №1", "Rechnung №2"]),
        ("%s'{SEQ}\\", ["%s'1\\", "%s'2\\"]),
    ],
)
def test_a_pattern(database_url: str, pattern: str, expected: list[str]) -> None:
    with opened(database_url, clock=Clock(NEW_YEAR)) as api:
        api.put("/settings", {"number_patterns": {"invoice": pattern}})
        assert [an_invoice(api, 1)["invoice_number"] for _ in expected] == expected


def test_after_9999_comes_10000(database_url: str) -> None:
    with opened(database_url, clock=Clock(NEW_YEAR)) as api:
        assert an_invoice(api, 1)["invoice_number"] == "INV-2026-0001"
        api.database.transact("tests", lambda tx: tx.connection.exec_driver_sql("UPDATE sequences SET value = 9998"))
        assert [an_invoice(api, 1)["invoice_number"] for _ in range(2)] == ["INV-2026-9999", "INV-2026-10000"]


def test_a_sequence_runs_within_the_dates_of_its_pattern(database_url: str) -> None:
    clock = Clock("2026-01-31T12:00:00Z")
    with opened(database_url, clock=clock) as api:
        api.put("/settings", {"number_patterns": {"invoice": "{YYYY}-{MM}-{SEQ}"}})
        assert [an_invoice(api, 1)["invoice_number"] for _ in range(2)] == ["2026-01-1", "2026-01-2"]
        clock.set("2026-02-01T12:00:00Z")
        assert an_invoice(api, 1)["invoice_number"] == "2026-02-1"
        clock.set("2027-01-01T12:00:00Z")
        assert an_invoice(api, 1)["invoice_number"] == "2027-01-1"
