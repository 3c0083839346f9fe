"""The demo: a year of business that shows every state, the same one whenever and wherever it is filled."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallystick import demo
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceStatus, QuotationStatus
from tallystick.http import endpoint
from tallystick.native.routes import PREFIX
from tallystick.serve import application
from tallystick.store.db import Database
from testing.server import PROGRAM, Server, serving

END = datetime(2026, 3, 31, 12, tzinfo=UTC)
KEY = {"X-API-Key": demo.API_KEY}

# What a list must hold at least, so that whoever looks finds an example of it.
SHOWN: list[tuple[str, dict[str, str], int]] = [
    ("customers", {}, 40),
    ("products", {}, 8),
    ("taxes", {}, 4),
    ("invoices", {"status": InvoiceStatus.DRAFT}, 3),
    ("invoices", {"status": InvoiceStatus.SENT}, 5),
    ("invoices", {"status": InvoiceStatus.PARTIALLY_PAID}, 3),
    ("invoices", {"status": InvoiceStatus.PAID}, 200),
    ("invoices", {"status": InvoiceStatus.OVERDUE}, 20),
    ("invoices", {"status": InvoiceStatus.VOIDED}, 3),
    ("invoices/trash/list", {}, 3),
    ("credit-notes", {}, 10),
    ("payments", {"status": PaymentStatus.SUCCEEDED}, 300),
    ("payments", {"status": PaymentStatus.FAILED}, 3),
    ("payments", {"status": PaymentStatus.REVERSED}, 3),
    ("payments", {"method": PaymentMethod.CREDIT}, 3),
    *(("quotations", {"status": str(status)}, 1) for status in QuotationStatus),
    ("recurring-billing", {"active_only": "true"}, 3),
    ("recurring-billing", {}, 6),
]
NUMBERED = frozenset(InvoiceStatus) - {InvoiceStatus.DRAFT}
OWED = NUMBERED - {InvoiceStatus.VOIDED}


@contextmanager
def demo_at(url: str, now: datetime) -> Iterator[httpx.Client]:
    """The demo's API, with the documented key, at the instant ``now``."""
    with closing(Database(url, clock=lambda: now)) as database:
        transport = httpx.WSGITransport(application(endpoint.Server.of(database, "http://demo.test")))
        with httpx.Client(transport=transport, base_url=f"http://demo.test{PREFIX}/", headers=KEY) as api:
            yield api


def total_of(api: httpx.Client, path: str, **parameters: str) -> int:
    """How many rows a list has."""
    total: int = api.get(path, params=parameters).raise_for_status().json()["pagination"]["total"]
    return total


def every(api: httpx.Client, path: str) -> list[dict[str, Any]]:
    """The rows of a whole list, oldest first."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api.get(path, params={"limit": 100, "order": "asc", "after": cursor}).raise_for_status()
        page = answer.json(parse_float=Decimal)
        rows += page["data"]
        cursor = page["pagination"]["next"]
    return rows


@pytest.mark.slow
def test_the_year_shows_every_state_and_its_sums_agree(database_url: str) -> None:
    demo.fill(database_url, END)
    with demo_at(database_url, END) as api:
        invoices, customers = every(api, "invoices"), every(api, "customers")
        lacking = [(path, having) for path, having, least in SHOWN if total_of(api, path, **having) < least]
        assert lacking == []
        assert len({customer["country"] for customer in customers}) >= 20
        assert 380 <= len(invoices) <= 420
        assert_numbered_without_gaps(invoices)
        assert_owed_what_the_journal_says(api, customers, invoices)
        assert_dated_over_the_year(invoices)


def assert_numbered_without_gaps(invoices: list[dict[str, Any]]) -> None:
    by_year = defaultdict(list)
    for invoice in invoices:
        if invoice["status"] in NUMBERED:
            _, year, sequence = invoice["invoice_number"].split("-")
            by_year[year].append(int(sequence))
    assert by_year.keys() == {"2025", "2026"}
    for sequences in by_year.values():
        assert sorted(sequences) == list(range(1, len(sequences) + 1))


def assert_owed_what_the_journal_says(
    api: httpx.Client, customers: list[dict[str, Any]], invoices: list[dict[str, Any]]
) -> None:
    for customer in customers:
        answer = api.get(f"customers/{customer['id']}").raise_for_status()
        summary = answer.json(parse_float=Decimal)["data"]["summary"]
        issued = [
            invoice for invoice in invoices if invoice["customer_id"] == customer["id"] and invoice["status"] in OWED
        ]
        for currency, balance in summary.items():
            owed = [invoice["balance_due"] for invoice in issued if invoice["currency"] == currency]
            assert balance["outstanding"] == sum(owed, Decimal(0))


def assert_dated_over_the_year(invoices: list[dict[str, Any]]) -> None:
    made = [datetime.fromisoformat(invoice["created_at"]) for invoice in invoices]
    assert made == sorted(made)
    assert made[0].date() == END.date() - timedelta(days=demo.DAYS)
    assert END - timedelta(days=7) < made[-1] <= END
    assert len({moment.strftime("%Y-%m") for moment in made}) == 13  # both Marches, of 2025 and 2026


@pytest.mark.slow
def test_another_year_is_the_same_but_for_its_dates(tmp_path: Path) -> None:
    later = END.replace(year=END.year + 1)
    facts = ("customer_name", "status", "total", "balance_due")
    bills = []
    for end in (END, later):
        url = f"sqlite:///{tmp_path / end.date().isoformat()}.db"
        demo.fill(url, end)
        with demo_at(url, end) as api:
            bills.append([[invoice[fact] for fact in facts] for invoice in every(api, "invoices")])
    assert bills[0] == bills[1]


class Demo(Server):
    """A real ``tallystick demo``; it must not touch the database that the environment names."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"sqlite:///{directory / 'mine.db'}", directory, program=[PROGRAM, "demo"])
        self._options = []


@pytest.mark.slow
def test_the_command_serves_the_demo_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with Demo(tmp_path) as server:
        server.start()
        assert server.client.get(f"{PREFIX}/invoices", headers=KEY).is_success
        assert len(list(temporary.glob("tallystick-demo-*/demo.db"))) == 1
        server.terminate()
        assert server.wait() == 0
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "mine.db").exists()


@pytest.mark.slow
def test_the_demos_key_is_nothing_to_another_server(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path / 'mine.db'}", tmp_path) as server:
        assert server.client.get(f"{PREFIX}/invoices", headers=KEY).status_code == 401
