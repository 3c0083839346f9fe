"""The database cannot take a write now: every API says so in its own shape, and a repeat does the work once."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import pytest
from sqlalchemy import text

from tallystick.accounts import ops as accounts
from tallystick.core.errors import Unavailable
from tallystick.store import engines
from tallystick.store.db import Database
from tallystick.worker import Worker
from tests.api import Api
from tests.bills import a_customer

pytestmark = pytest.mark.slow

BUSY = "The database cannot take this now, and nothing was done. Try again in a moment."
WAITED_S: Final = 1.5
AMOUNT = {"customer_id": 1, "amount": 100, "date": "2026-01-15", "due_date": "2026-02-15"}
ITEM = {"description": "Work", "quantity": 1, "rate": "100"}
CREATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "/api/v1/invoices",
        {"customer_id": 1, "items": [{"description": "Work", "unit_price": 100}]},
        {"success": False, "error": BUSY, "code": "UNAVAILABLE"},
    ),
    (
        "/v1/invoice/add",
        {"client": "1", "invoice_no": "INV-01", "payment_status": "Paid", "items": [ITEM]},
        {"status": "error", "message": BUSY},
    ),
    ("/v1/invoices", AMOUNT, {"error": BUSY}),
    (
        "/api/v1/api/v1/invoices",
        {"amount": 10000, "currency": "USD", "description": "Work", "status": "PAID"},
        {"statusCode": 503, "message": BUSY, "error": "Service Unavailable"},
    ),
]


@pytest.fixture
def impatient(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API over a database that waits for a lock for a moment only, with the customer 1."""
    monkeypatch.setattr(engines, "SQLITE_BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr(engines, "POSTGRES_OPTIONS", "-c timezone=UTC -c lock_timeout=100ms")
    database = Database(database_url)
    api = Api(database)
    assert a_customer(api) == 1
    yield api
    assert api.differences() == []
    database.close()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else writes for the time of the block, and lets no other write an invoice."""
    database = Database(url)
    with database.transaction("tests") as tx:
        if tx.is_postgresql:
            tx.connection.execute(text("LOCK TABLE invoices"))
        yield
    database.close()


def test_a_locked_database_is_told_in_each_apis_shape(database_url: str, impatient: Api) -> None:
    for path, body, expected in CREATES:
        headers = {"X-API-Key": impatient.key, "Idempotency-Key": path}
        with locked(database_url):
            refused = impatient.client.post(path, json=body, headers=headers)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.json() == expected
        again = impatient.client.post(path, json=body, headers=headers)
        assert again.is_success, again.text
        assert "Idempotent-Replayed" not in again.headers
    assert len(impatient.data(impatient.get("/invoices"))) == len(CREATES)


@pytest.mark.database("sqlite")
def test_the_worker_waits_with_a_line_in_the_log(
    impatient: Api, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with locked(database_url):
        assert not Worker(impatient.database).work()
    told = [each for each in caplog.records if each.name == "tallystick.worker"]
    assert told
    for each in told:
        assert each.getMessage().endswith(": OperationalError: database is locked")
        assert each.exc_info is None
    assert Worker(impatient.database).work()


@pytest.mark.database("sqlite")
def test_who_comes_after_one_that_waited_in_vain_learns_it_sooner(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "SQLITE_BUSY_TIMEOUT_S", WAITED_S)
    with closing(Database(database_url)) as database:

        def refused_after_s() -> float:
            began_s = time.monotonic()
            with pytest.raises(Unavailable):
                database.transact("tests", lambda tx: accounts.create(tx, "Late"))
            return time.monotonic() - began_s

        with locked(database_url):
            first_s, second_s = refused_after_s(), refused_after_s()
        assert first_s >= WAITED_S > second_s
        database.transact("tests", lambda tx: accounts.create(tx, "Welcome"))
        with locked(database_url):
            assert refused_after_s() >= WAITED_S


@pytest.mark.database("postgresql")  # SQLite's are files, of which there are as many as threads
def test_no_connection_left_is_told_too(impatient: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    reader: Any = impatient.database._reader
    monkeypatch.setattr(reader.pool, "_timeout", 0.1)
    held = [reader.connect() for _ in range(reader.pool.size())]
    refused = impatient.get("/invoices")
    for connection in held:
        connection.close()
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "UNAVAILABLE", "5")
    assert impatient.get("/invoices").status_code == 200
