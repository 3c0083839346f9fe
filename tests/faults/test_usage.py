"""The server is killed while usage events come in: what was answered is there, and a repeat of all counts each once."""

from pathlib import Path

import pytest

from testing.server import Server, serving
from tests.api import Api
from tests.faults.jobs import Job, work, work_until
from tests.program import run

pytestmark = pytest.mark.slow

BATCHES, EVENTS = 120, 50
KILL_AFTER_ANSWERS = (15, 30, 40)
PATH = "/api/v1/usage/events"


def prepare(server: Server) -> list[list[Job]]:
    """Batches of events over a few months; each batch is one job, and the last event of each comes in the next too."""
    server.post("/customers", json={"name": "Ann"})
    server.post("/usage/meters", json={"key": "calls", "aggregation": "sum"})
    server.post("/usage/rates", json={"meter": "calls", "model": "per_unit", "unit_price": 1})
    body = {"frequency": "monthly", "start_date": "2026-01-01", "amount": 0, "description": "Use", "meters": ["calls"]}
    Api.data(server.post("/recurring-billing", json={"customer_id": 1, "max_occurrences": 9, **body}))
    events = [
        {"id": f"e-{n}", "customer_id": 1, "meter": "calls", "at": f"2026-0{n % 5 + 1}-10T12:00:00Z"}
        for n in range(BATCHES * EVENTS + 1)
    ]
    batches = [events[first : first + EVENTS + 1] for first in range(0, BATCHES * EVENTS, EVENTS)]
    # A body of a job is sent as it is.
    return [[Job(PATH, batch)] for batch in batches]  # type: ignore[arg-type]


def test_kill_loses_no_event_and_doubles_none(database_url: str, tmp_path: Path) -> None:
    # Without a worker, which would bill the first events while the others come in.
    with serving(database_url, tmp_path, options=["--no-worker"]) as server:
        jobs = prepare(server)
        for answers in KILL_AFTER_ANSWERS:
            work_until(server, jobs, answers, server.kill)
            server.start()
        for (job,) in jobs:
            # Nobody knows of the last answers whether they arrived, so all is sent again.
            job.answer = None
        work(server, jobs, lambda: None)
        Api.data(server.post("/recurring-billing/process", json={}))
        totals = [row["total"] for row in Api.data(server.get("/invoices", params={"limit": 100}))]
        assert sum(totals) == BATCHES * EVENTS + 1
    assert run("verify", database_url=database_url).stdout.startswith("ok: ")
