"""The server ends in the middle of its work: by ``kill -9``, and by SIGTERM."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from testing.server import Server, serving
from tests.api import Api
from tests.faults.jobs import Job, check_nothing_is_lost, work, work_until
from tests.program import run

pytestmark = pytest.mark.slow

PUBLISH, PAY = "/api/v1/invoices/{}/publish", "/api/v1/invoices/{}/payments"
DRAFTS = 150
KILL_AFTER_ANSWERS = (20, 70, 110)
ITEMS = [{"description": "Work", "unit_price": 100}]
MANY_ITEMS = [{"description": f"Line {n}", "unit_price": "0.01", "tax_rate": 20} for n in range(1000)]


def prepare(server: Server) -> list[list[Job]]:
    """Drafts; for each of them, the jobs to do one after the other: publish it, and pay 10 of its 100."""
    server.post("/customers", json={"name": "Ann"})
    server.put("/settings", json={"number_patterns": {"invoice": "{SEQ}"}})
    draft = {"customer_id": 1, "items": ITEMS}
    ids = [Api.data(server.post("/invoices", json=draft))["id"] for _ in range(DRAFTS)]
    return [[Job(PUBLISH.format(n), {}), Job(PAY.format(n), {"amount": 10})] for n in ids]


def invoices(server: Server) -> list[dict[str, Any]]:
    pages = (server.get("/invoices", params={"limit": 100, "page": page}) for page in (1, 2))
    return [row for page in pages for row in Api.data(page)]


def check_books(server: Server) -> None:
    """Every number once and without a gap among what is issued, and every payment once, wherever it is shown."""
    rows = invoices(server)
    issued = [row for row in rows if row["status"] != "draft"]
    assert sorted(int(row["invoice_number"]) for row in issued) == list(range(1, len(issued) + 1))
    assert {row["amount_paid"] for row in rows} <= {Decimal("0.00"), Decimal("10.00")}
    summary = Api.data(server.get("/customers/1"))["summary"]["USD"]
    assert summary["total_invoiced"] == sum(row["total"] for row in issued)
    assert summary["total_paid"] == sum(row["amount_paid"] for row in rows)


def test_kill_loses_nothing_and_leaves_no_gap(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        jobs = prepare(server)
        for answers in KILL_AFTER_ANSWERS:
            work_until(server, jobs, answers, server.kill)
            server.start()
            check_books(server)
            check_nothing_is_lost(server, jobs)
        work(server, jobs, lambda: None)
        check_books(server)
        assert {(row["status"], row["amount_paid"]) for row in invoices(server)} == {("partially_paid", Decimal(10))}
        payments = [Api.data(server.get(f"/invoices/{n}"))["payments"] for n in range(1, DRAFTS + 1)]
        assert [len(of_one) for of_one in payments] == [1] * DRAFTS
    assert run("verify", database_url=database_url).stdout == f"ok: accounts 1, bills {DRAFTS}\n"


def test_sigterm_finishes_what_is_under_way(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        jobs = prepare(server)
        work_until(server, jobs, 40, server.terminate)
        assert server.wait() == 0
        server.start()
        check_nothing_is_lost(server, jobs)
        # Whatever got no answer was not begun: nobody is left in doubt.
        issued = {PUBLISH.format(row["id"]) for row in invoices(server) if row["status"] != "draft"}
        assert issued == {publish.path for publish, _ in jobs if publish.answer is not None}


def test_sigterm_waits_for_a_long_request(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server, ThreadPoolExecutor() as threads:
        server.post("/customers", json={"name": "Ann"})
        body = {"customer_id": 1, "items": MANY_ITEMS}
        running = [threads.submit(server.post, "/invoices", json=body) for _ in range(4)]
        running[0].result()  # the others are under way, or done
        server.terminate()
        assert [request.result().status_code for request in running] == [201] * 4
        assert server.wait() == 0
