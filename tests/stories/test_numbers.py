"""Numbers are consecutive, distinct and without gaps (scenarios N1 to N4)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tallystick.invoices import ops
from tallystick.store.db import Tx
from testing.server import Server, serving
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, refused
from tests.clock import Clock
from tests.stories.test_query_counts import counted

THREADS = 32
DRAFTS = 200
FIRST_NUMBER, SECOND_NUMBER = (f"INV-{datetime.now(UTC).year}-{n:04}" for n in (1, 2))


def number(response: Any) -> str:
    shown: str = Api.data(response)["invoice_number"]
    return shown


def publish_all(server: Server, drafts: list[int]) -> list[str]:
    """Publishes the drafts from many threads at once; their numbers, sorted."""

    def publish(draft: int) -> str:
        return number(server.post(f"/invoices/{draft}/publish"))

    with ThreadPoolExecutor(THREADS) as threads:
        return sorted(threads.map(publish, drafts))


@pytest.mark.slow
def test_200_publishes_in_parallel_take_200_consecutive_numbers(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        a_customer(server)
        server.put("/settings", json={"number_patterns": {"invoice": "INV-{SEQ:4}"}})
        drafts = [a_draft(server, 100, customer_id=1)["id"] for _ in range(DRAFTS)]
        assert publish_all(server, drafts) == [f"INV-{n:04}" for n in range(1, DRAFTS + 1)]


@pytest.mark.slow
@pytest.mark.database("postgresql")
def test_two_processes_take_from_one_sequence(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path, workers=2) as server:
        a_customer(server)
        server.put("/settings", json={"number_patterns": {"invoice": "INV-{SEQ:4}"}})
        # A number that a client gave lies in the way of them all.
        an_invoice(server, 100, customer_id=1, invoice_number="INV-0050")
        drafts = [a_draft(server, 100, customer_id=1)["id"] for _ in range(DRAFTS)]
        taken = publish_all(server, drafts)
    assert taken == [f"INV-{n:04}" for n in range(1, DRAFTS + 2) if n != 50]


def test_what_fails_takes_no_number(api: Api) -> None:
    a_customer(api)
    abandoned, taken, last = (
        a_draft(api, 100, customer_id=1)["id"],
        a_draft(api, 100, customer_id=1, invoice_number="B-1")["id"],
        a_draft(api, 100, customer_id=1)["id"],
    )
    assert number(api.post(f"/invoices/{last}/publish")) == FIRST_NUMBER
    assert number(api.post(f"/invoices/{taken}/publish")) == "B-1"
    assert api.post(f"/invoices/{last + 1}/publish").status_code == 404
    assert number(api.get(f"/invoices/{abandoned}")) == f"DRAFT-{abandoned}"
    assert number(api.post(f"/invoices/{a_draft(api, 100, customer_id=1)['id']}/publish")) == SECOND_NUMBER


def test_a_deleted_draft_leaves_no_gap(api: Api) -> None:
    a_customer(api)
    drafts = [a_draft(api, 100, customer_id=1)["id"] for _ in range(3)]
    assert api.delete(f"/invoices/{drafts[1]}").status_code == 200
    assert number(api.post(f"/invoices/{drafts[0]}/publish")) == FIRST_NUMBER
    assert number(api.post(f"/invoices/{drafts[2]}/publish")) == SECOND_NUMBER


def test_a_publish_that_is_rolled_back_leaves_no_gap(api: Api) -> None:
    a_customer(api)
    first, second = a_draft(api, 100, customer_id=1)["id"], a_draft(api, 100, customer_id=1)["id"]

    def publish_and_fail(tx: Tx) -> None:
        assert ops.publish(tx, api.account, first).row.number == FIRST_NUMBER
        raise InterruptedError

    with pytest.raises(InterruptedError):
        api.database.transact("tests", publish_and_fail)
    assert number(api.get(f"/invoices/{first}")) == f"DRAFT-{first}"
    assert number(api.post(f"/invoices/{second}/publish")) == FIRST_NUMBER


@pytest.mark.parametrize(
    ("timezone", "before", "after"),
    [
        ("Europe/Berlin", "2025-12-31T22:59:59Z", "2025-12-31T23:00:00Z"),
        ("Pacific/Auckland", "2025-12-31T10:59:59Z", "2025-12-31T11:00:00Z"),
        ("America/Los_Angeles", "2026-01-01T07:59:59Z", "2026-01-01T08:00:00Z"),
        ("UTC", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_year_begins_once_at_local_midnight(database_url: str, timezone: str, before: str, after: str) -> None:
    clock = Clock(before)
    with opened(database_url, clock=clock) as api:
        api.put("/settings", {"timezone": timezone})
        a_customer(api)

        def issue() -> str:
            return number(api.post(f"/invoices/{a_draft(api, 100, customer_id=1)['id']}/publish"))

        assert [issue(), issue()] == ["INV-2025-0001", "INV-2025-0002"]
        clock.set(after)
        assert Api.data(api.get("/invoices/next-number")) == {"number": "INV-2026-0001"}
        assert [issue(), issue()] == ["INV-2026-0001", "INV-2026-0002"]


def test_an_invoice_keeps_its_number_when_it_is_unpublished(api: Api) -> None:
    a_customer(api)
    first, second = a_draft(api, 100, customer_id=1)["id"], a_draft(api, 100, customer_id=1)["id"]
    kept = number(api.post(f"/invoices/{first}/publish"))
    assert api.post(f"/invoices/{first}/unpublish").status_code == 200
    other = number(api.post(f"/invoices/{second}/publish"))
    assert number(api.post(f"/invoices/{first}/publish")) == kept != other


AT = "2026-03-31T12:00:00Z"
SPELLED_OUT, BY_YEAR = "INV-2026-{SEQ:4}", "INV-{YYYY}-{SEQ:4}"


@pytest.fixture
def timed(database_url: str) -> Iterator[Api]:
    """An account with a customer; when the test has passed, the books must balance."""
    with opened(database_url, clock=Clock(AT)) as api:
        a_customer(api)
        yield api
        assert api.differences() == []


def use(api: Api, pattern: str) -> None:
    api.data(api.put("/settings", {"number_patterns": {"invoice": pattern}}))


def issue(api: Api, **fields: Any) -> Any:
    return an_invoice(api, 100, customer_id=1, **fields)


def next_number(api: Api) -> str:
    shown: str = api.data(api.get("/invoices/next-number"))["number"]
    return shown


def issued_numbers(api: Api) -> list[str]:
    rows: list[Any] = []
    after: str | None = ""
    while after is not None:
        reply = api.get("/invoices", params={"sort": "number", "order": "asc", "limit": 100, "after": after}).json()
        rows += reply["data"]
        after = reply["pagination"]["next"]
    return [row["invoice_number"] for row in rows if row["status"] != "draft"]


def places(api: Api) -> list[tuple[Any, ...]]:
    with api.database.read() as tx:
        found = tx.connection.execute(
            text("SELECT id, number, number_scope, number_sequence, version FROM invoices ORDER BY id")
        ).all()
        return [tuple(row) for row in found]


def test_a_place_is_never_moved_whatever_becomes_of_the_pattern(timed: Api) -> None:
    first = [issue(timed) for _ in range(3)]
    before = places(timed)
    for pattern, expected in (
        (SPELLED_OUT, "INV-2026-0004"),
        (BY_YEAR, "INV-2026-0005"),
        ("INV-20{YY}-{SEQ:4}", "INV-2026-0006"),
        (SPELLED_OUT, "INV-2026-0007"),
        ("R-{SEQ}", "R-8"),
        (BY_YEAR, "INV-2026-0008"),
    ):
        use(timed, pattern)
        assert next_number(timed) == expected
        assert issue(timed)["invoice_number"] == expected
        assert places(timed)[: len(first)] == before
        assert timed.differences() == []


def test_a_true_gap_is_found_after_a_change_of_the_pattern(database_url: str) -> None:
    with opened(database_url, clock=Clock(AT)) as api:
        a_customer(api)
        for pattern in (BY_YEAR, SPELLED_OUT, BY_YEAR, SPELLED_OUT):
            use(api, pattern)
            issue(api)
        lost = issue(api)
        issue(api)
        api.database.transact(
            "tests",
            lambda tx: tx.connection.execute(
                text(f"UPDATE invoices SET number_sequence = NULL WHERE id = {lost['id']}")
            ),
        )
        assert "sequences invoice: place 5 is taken by no bill" in api.differences()


def test_a_number_that_was_stepped_over_and_is_gone_is_found(database_url: str) -> None:
    with opened(database_url, clock=Clock(AT)) as api:
        a_customer(api)
        given = issue(api, invoice_number="inv-2026-0001")
        assert issue(api)["invoice_number"] == "INV-2026-0002"
        assert api.differences() == []
        renumber = text(f"UPDATE invoices SET number = 'X', number_key = 'x' WHERE id = {given['id']}")
        api.database.transact("tests", lambda tx: tx.connection.execute(renumber))
        expected = "sequences invoice 2026: place 1 was stepped over for inv-2026-0001, which no bill has"
        assert expected in api.differences()


def statements_of(api: Api, method: str, path: str) -> list[str]:
    with counted() as statements:
        assert api.request(method, path).is_success
    return statements


def test_stepping_over_costs_the_same_however_many_stand_in_the_way(timed: Api) -> None:
    daily = {"customer_id": 1, "frequency": "daily", "start_date": "2026-01-05", "amount": 1, "description": "Day"}
    for _ in range(4):
        timed.data(timed.post("/recurring-billing", daily))
    # 86 days, from January 5 to March 31.
    assert timed.data(timed.post("/recurring-billing/process"))["created"] == 4 * 86
    plain, over_one, over_many = (a_draft(timed, 100, customer_id=1)["id"] for _ in range(3))
    plainly = statements_of(timed, "POST", f"/invoices/{plain}/publish")
    issue(timed, invoice_number="INV-2026-0346")
    before = places(timed)
    assert next_number(timed) == "INV-2026-0347"
    step = statements_of(timed, "POST", f"/invoices/{over_one}/publish")
    use(timed, SPELLED_OUT)
    assert next_number(timed) == "INV-2026-0348"
    # The key, the counter and what is free behind it; on PostgreSQL the BEGIN of a snapshot too.
    assert len(statements_of(timed, "GET", "/invoices/next-number")) == (3 if timed.database.is_sqlite else 4)
    leap = statements_of(timed, "POST", f"/invoices/{over_many}/publish")
    # The counter once more, a look at those in the way, and the record. PostgreSQL is told of a few with the rest;
    # many are copied to it, behind what was told before.
    of_step, of_leap = (3, 3) if timed.database.is_sqlite else (2, 4)
    assert [len(step), len(leap)] == [len(plainly) + of_step, len(plainly) + of_leap]
    issued = {plain, over_one, over_many}
    unchanged = [row for row in before if row[0] not in issued]
    assert [row for row in places(timed) if row[0] not in issued] == unchanged
    assert next_number(timed) == "INV-2026-0349"


def test_a_number_given_by_hand_counts_from_its_issue_on(timed: Api) -> None:
    waiting = a_draft(timed, 100, customer_id=1, invoice_number="INV-2026-0001")
    assert issue(timed)["invoice_number"] == "INV-2026-0001"
    refusal = timed.post(f"/invoices/{waiting['id']}/publish")
    assert refused(refusal) == (409, "CONFLICT")
    assert "INV-2026-0001 is in use" in refusal.json()["error"]
    assert number(timed.put(f"/invoices/{waiting['id']}", {"invoice_number": "INV-2026-0002"})) == "INV-2026-0002"
    assert number(timed.post(f"/invoices/{waiting['id']}/publish")) == "INV-2026-0002"
    assert issue(timed)["invoice_number"] == "INV-2026-0003"


def test_a_deleted_draft_gives_its_number_back(timed: Api) -> None:
    waiting = a_draft(timed, 100, customer_id=1, invoice_number="INV-2026-0002")
    assert issue(timed)["invoice_number"] == "INV-2026-0001"
    assert timed.delete(f"/invoices/{waiting['id']}").is_success
    assert issue(timed)["invoice_number"] == "INV-2026-0002"


def test_what_the_sequence_stepped_over_is_not_given_up(timed: Api) -> None:
    given = issue(timed, invoice_number="inv-2026-0001")
    path = f"/invoices/{given['id']}"
    timed.data(timed.post(f"{path}/unpublish"))
    # Taken back from issue it is still the invoice's own number.
    assert issue(timed)["invoice_number"] == "INV-2026-0002"
    for change in ("MINE", None):
        assert refused(timed.put(path, {"invoice_number": change})) == (409, "CONFLICT")
    assert refused(timed.delete(path)) == (409, "CONFLICT")
    assert number(timed.post(f"{path}/publish")) == "inv-2026-0001"
    assert timed.data(timed.post(f"{path}/void"))["status"] == "voided"
    assert issue(timed)["invoice_number"] == "INV-2026-0003"


def test_what_the_sequence_has_not_reached_is_given_up(timed: Api) -> None:
    given = issue(timed, invoice_number="INV-2026-0002")
    timed.data(timed.post(f"/invoices/{given['id']}/unpublish"))
    assert number(timed.put(f"/invoices/{given['id']}", {"invoice_number": "MINE"})) == "MINE"
    assert [issue(timed)["invoice_number"] for _ in range(2)] == ["INV-2026-0001", "INV-2026-0002"]
    assert timed.delete(f"/invoices/{given['id']}").is_success


@pytest.mark.parametrize("given", ["INV-2026-0001", "inv-2026-0001", " INV-2026-0001 ", "Inv-2026-0001\u2003"])
def test_a_number_is_used_once_without_regard_to_case_and_blanks(timed: Api, given: str) -> None:
    body = {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}]}
    draft = a_draft(timed, 100, customer_id=1)
    issue(timed)
    assert refused(timed.post("/invoices", {**body, "invoice_number": given})) == (409, "CONFLICT")
    assert refused(timed.put(f"/invoices/{draft['id']}", {"invoice_number": given})) == (409, "CONFLICT")
    # Of another kind of bill it is another number.
    quoted = timed.post("/quotations", {**body, "quotation_number": given})
    assert Api.data(quoted)["quotation_number"] == given.strip()


@pytest.mark.parametrize("given", ["", "  ", "DRAFT-5", " draft-x", "A\nB", "x" * 65])
def test_a_number_that_cannot_be_given(timed: Api, given: str) -> None:
    body = {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}]}
    for kind in ("invoice", "quotation"):
        response = timed.post(f"/{kind}s", {**body, f"{kind}_number": given})
        assert (response.status_code, list(response.json()["errors"])) == (422, [f"{kind}_number"])


def test_an_unissued_draft_keeps_the_case_of_its_number_and_may_change_it(timed: Api) -> None:
    draft = a_draft(timed, 100, customer_id=1, invoice_number="  A-1 ")
    assert draft["invoice_number"] == "A-1"
    assert number(timed.put(f"/invoices/{draft['id']}", {"invoice_number": "a-1"})) == "a-1"
    assert number(timed.post(f"/invoices/{draft['id']}/publish")) == "a-1"


def test_a_number_never_contradicts_its_date(timed: Api) -> None:
    kept = issue(timed, issue_date="2026-03-01")
    path = f"/invoices/{kept['id']}"
    timed.data(timed.post(f"{path}/unpublish"))
    refusal = timed.put(path, {"issue_date": "2025-12-30"})
    assert refused(refusal) == (409, "CONFLICT")
    assert kept["invoice_number"] in refusal.json()["error"]
    assert timed.data(timed.put(path, {"issue_date": "2026-12-31"}))["issue_date"] == "2026-12-31"
    # Whatever has become of the pattern meanwhile.
    use(timed, "{YYYY}-{MM}-{SEQ}")
    assert refused(timed.put(path, {"issue_date": "2025-12-30"})) == (409, "CONFLICT")
    assert timed.data(timed.put(path, {"issue_date": "2026-01-15"}))["issue_date"] == "2026-01-15"
    assert number(timed.post(f"{path}/publish")) == kept["invoice_number"]


def test_a_draft_without_a_date_is_not_issued_under_the_number_of_another_year(database_url: str) -> None:
    clock = Clock(AT)
    with opened(database_url, clock=clock) as api:
        a_customer(api)
        kept = issue(api)
        path = f"/invoices/{kept['id']}"
        api.data(api.post(f"{path}/unpublish"))
        assert api.data(api.put(path, {"issue_date": None}))["issue_date_given"] is False
        clock.set("2027-01-01T00:00:00Z")
        assert refused(api.post(f"{path}/publish")) == (409, "CONFLICT")
        assert api.data(api.put(path, {"issue_date": "2026-12-31"}))["issue_date_given"] is True
        assert number(api.post(f"{path}/publish")) == kept["invoice_number"]


@pytest.mark.parametrize(
    ("patterns", "wrong"),
    [
        ({"credit_note": "INV-{YYYY}-{SEQ:4}"}, ["credit_note"]),
        ({"credit_note": "inv-{YYYY}-{SEQ:6}"}, ["credit_note"]),
        ({"quotation": "CN-2026-{SEQ}"}, ["quotation"]),
        ({"invoice": "{SEQ}", "quotation": "{SEQ:3}"}, ["invoice", "quotation"]),
        ({"invoice": "DRAFT-{SEQ}"}, ["invoice"]),
        ({"invoice": "CN-{YYYY}-{SEQ:4}", "credit_note": "INV-{YYYY}-{SEQ:4}"}, []),
        ({"credit_note": "CN{YYYY}{SEQ:4}"}, []),
    ],
)
def test_patterns_that_could_give_the_same_number(timed: Api, patterns: dict[str, str], wrong: list[str]) -> None:
    response = timed.put("/settings", {"number_patterns": patterns})
    assert response.status_code == (422 if wrong else 200)
    assert sorted(response.json().get("errors", {})) == [f"number_patterns.{kind}" for kind in wrong]


def test_patterns_of_an_older_version_that_meet_hinder_no_other_change(timed: Api) -> None:
    alike = '{"invoice": "INV-{SEQ}", "quotation": "INV-{SEQ}", "credit_note": "CN-{SEQ}"}'
    timed.database.transact(
        "tests", lambda tx: tx.connection.execute(text("UPDATE accounts SET number_patterns = :p"), {"p": alike})
    )
    for change in ({"name": "Renamed"}, {"number_patterns": {"invoice": "INV-{SEQ}", "credit_note": "C-{SEQ}"}}):
        assert timed.put("/settings", change).is_success
    assert timed.put("/settings", {"number_patterns": {"quotation": "INV-{SEQ:2}"}}).status_code == 422


def test_lists_sort_by_number(timed: Api) -> None:
    for given in ("B-1", "a-10", "A-9", "10000", "9999"):
        issue(timed, invoice_number=given)
    assert issued_numbers(timed) == ["9999", "10000", "A-9", "a-10", "B-1"]
    a_draft(timed, 1, customer_id=1)
    a_draft(timed, 1, customer_id=1, invoice_number="A-9b")
    rows = timed.data(timed.get("/invoices", params={"sort": "number", "order": "desc"}))
    expected = ["B-1", "a-10", "A-9b", "A-9", "10000", "9999", "DRAFT-6"]
    assert [row["invoice_number"] for row in rows] == expected
    for kind in ("quotations", "credit-notes"):
        for invoice in (1, 2):
            timed.post(f"/invoices/{invoice}/credit-note")
            body = {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}]}
            timed.data(timed.post(f"/quotations/{Api.data(timed.post('/quotations', body))['id']}/publish"))
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            reply = timed.get(f"/{kind}?sort=number&order=asc&limit=1&after={after}").json()
            seen += [row[f"{kind[:-1].replace('-', '_')}_number"] for row in reply["data"]]
            after = reply["pagination"]["next"]
        assert seen == sorted(seen) != []
