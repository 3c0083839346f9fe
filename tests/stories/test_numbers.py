"""Numbers are consecutive, distinct and without gaps (scenarios N1 to N4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tallystick.invoices import ops
from tallystick.store.db import Tx
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice
from tests.clock import Clock
from tests.server import Server, serving

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
