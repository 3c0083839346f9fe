"""The CSV exports: what a list shows on all its pages, whatever its length, at no cost in memory."""

import csv
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager, closing
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, literal, select, true

from tallystick.accounts.types import Scope
from tallystick.http import spool
from tallystick.native.routes import PREFIX
from tallystick.payments import store as payment_store
from tallystick.serve import THREADS
from tallystick.store.db import Database
from tallystick.store.paging import COUNTED_TO
from tallystick.store.tables import invoices
from testing.caller import Caller
from testing.server import Server, serving
from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.business import do_business

pytestmark = pytest.mark.slow

HEADER = "Invoice Number,Customer,Status,Issue Date,Due Date,Subtotal,Tax,Discount,Total,Currency,Created"
NOTES_HEADER = (
    "Credit Note Number,Invoice Number,Customer,Issue Date,Subtotal,Tax,Discount,Total,"
    "To Credit,Currency,Reason,Created"
)
MANY = 20_000
FLAT_KIB = 30 * 1024


def rows_of(response: httpx.Response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    return list(csv.DictReader(StringIO(response.text, newline="")))


def test_an_invoice_export(api: Api) -> None:
    customer = a_customer(api, name='Smith, "Joe"')
    an_invoice(api, 100, customer_id=customer, issue_date="2026-01-05", due_date="2099-02-04", invoice_number="A-1")
    a_draft(api, 5, customer_id=customer, issue_date="2026-01-06", due_date="2026-01-07")
    created = [row["created_at"] for row in api.get("/invoices").json()["data"]]
    response = api.get("/invoices/export/csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="invoices.csv"'
    assert response.text.split("\r\n") == [
        HEADER,
        f'DRAFT-2,"Smith, ""Joe""",draft,2026-01-06,2026-01-07,5.00,0.00,0.00,5.00,USD,{created[0]}',
        f'A-1,"Smith, ""Joe""",sent,2026-01-05,2099-02-04,100.00,0.00,0.00,100.00,USD,{created[1]}',
        "",
    ]


def test_without_rows_there_is_a_header(api: Api) -> None:
    assert api.get("/invoices/export/csv").text == HEADER + "\r\n"


def test_the_totals_are_those_of_the_list(api: Api) -> None:
    do_business(api)
    a_draft(api, customer_id=1, currency="BHD", items=[{"description": "Tea", "unit_price": "1.0005", "tax_rate": 5}])
    listed = api.data(api.get("/invoices", params={"limit": 100}))
    shown = ("invoice_number", "status", "subtotal", "tax_total", "discount_amount", "total", "currency")
    columns = ("Invoice Number", "Status", "Subtotal", "Tax", "Discount", "Total", "Currency")
    exported = rows_of(api.get("/invoices/export/csv"))
    expected = [[str(row[name]) for name in shown] for row in listed]
    assert [[row[name] for name in columns] for row in exported] == expected
    assert {row["Total"] for row in exported} >= {"334", "1.051", "173.85"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["100.00", "50.00", "7.00"]),
        ("sort=total&order=asc", ["7.00", "50.00", "100.00"]),
        ("limit=1&page=2", ["100.00", "50.00", "7.00"]),
        ("status=draft", ["100.00"]),
        ("status=paid,partially_paid", ["50.00"]),
        ("customer_id=2", ["50.00"]),
        ("search=zoe", ["50.00"]),
        ("from=2026-02-01&to=2026-02-28", ["50.00"]),
        ("currency=EUR", ["7.00"]),
        ("currency=JPY", []),
    ],
)
def test_the_filters_are_those_of_the_list(api: Api, query: str, expected: list[str]) -> None:
    ann, zoe = a_customer(api, name="Ann"), a_customer(api, name="Zoë; zoe")
    an_invoice(api, 7, customer_id=ann, currency="EUR", issue_date="2026-01-15")
    pay(api, an_invoice(api, 50, customer_id=zoe, issue_date="2026-02-15"), 50)
    a_draft(api, 100, customer_id=ann, issue_date="2026-03-15")
    assert [row["Total"] for row in rows_of(api.get(f"/invoices/export/csv?{query}"))] == expected


@pytest.mark.parametrize(
    ("path", "key", "status", "code"),
    [
        ("/invoices/export/csv?status=late", None, 422, "VALIDATION_FAILED"),
        ("/invoices/export/csv?sort=mood", None, 422, "VALIDATION_FAILED"),
        ("/customers/export/csv?colour=red", None, 422, "VALIDATION_FAILED"),
        ("/products/export/csv", "1.wrong", 401, "UNAUTHORIZED"),
    ],
)
def test_what_is_wrong_is_refused_as_everywhere(api: Api, path: str, key: str | None, status: int, code: str) -> None:
    response = api.get(path, headers={"X-API-Key": key or api.key})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/json"


def test_a_key_that_may_read_may_export(api: Api) -> None:
    assert api.get("/invoices/export/csv", headers={"X-API-Key": api.new_key(Scope.READ)}).status_code == 200


def test_another_account_exports_its_own(api: Api) -> None:
    pay(api, an_invoice(api, 100), 1)
    other = Api(api.database)
    for path in ("/invoices", "/customers", "/products", "/payments"):
        assert rows_of(other.get(f"{path}/export/csv")) == []


def test_a_customer_export(api: Api) -> None:
    a_customer(api, name="Zoë", email="zoe@example.com", phone="+49 40 1", city="Hamburg", country="DE", currency="EUR")
    a_customer(api, name="=cmd()", notes="two\nlines")
    last, first = rows_of(api.get("/customers/export/csv", params={"sort": "name", "order": "desc"}))
    named = ("Name", "Email", "Phone", "City", "Country", "Currency", "Notes")
    assert [last[name] for name in named] == ["Zoë", "zoe@example.com", "'+49 40 1", "Hamburg", "DE", "EUR", ""]
    assert (first["Name"], first["Notes"]) == ("'=cmd()", "two\nlines")
    assert [row["Name"] for row in rows_of(api.get("/customers/export/csv?search=ZOE@"))] == ["Zoë"]


def test_a_product_export(api: Api) -> None:
    api.post("/products", {"name": "Hour", "unit_price": "80.125", "sku": "-1", "unit": "h"})
    api.post("/products", {"name": "Rebate", "unit_price": -5, "currency": "JPY", "is_active": False})
    rebate, hour = rows_of(api.get("/products/export/csv"))
    named = ("Name", "SKU", "Unit Price", "Currency", "Unit", "Active")
    assert [hour[name] for name in named] == ["Hour", "'-1", "80.125", "", "h", "true"]
    assert [rebate[name] for name in named] == ["Rebate", "", "-5", "JPY", "", "false"]
    assert [row["Name"] for row in rows_of(api.get("/products/export/csv?is_active=true"))] == ["Hour"]


def test_a_payment_export(api: Api) -> None:
    customer = a_customer(api, name='Smith, "Joe"')
    dated: dict[str, Any] = {"customer_id": customer, "due_date": "2099-02-04"}
    for number, price in (("A-1", 100), ("A-2", 50)):
        an_invoice(api, price, invoice_number=number, **dated)
    both = {"customer_id": customer, "amount": 160, "excess": "credit", "date": "2026-01-05", "reference": "=1+1"}
    api.data(api.post("/payments", both))
    api.data(pay(api, an_invoice(api, 7, **dated, currency="JPY", invoice_number="A-3"), 7, status="failed"))
    created = [row["created_at"] for row in api.get("/payments").json()["data"]]
    response = api.get("/payments/export/csv?sort=date&order=asc&limit=1")
    assert response.headers["Content-Disposition"] == 'attachment; filename="payments.csv"'
    today = created[0][:10]
    assert response.text.split("\r\n") == [
        "Customer,Date,Amount,Currency,Method,Status,Invoice Numbers,To Credit,Reference,Notes,Created",
        f'"Smith, ""Joe""",2026-01-05,160.00,USD,bank_transfer,succeeded,"A-1, A-2",10.00,\'=1+1,,{created[1]}',
        f'"Smith, ""Joe""",{today},7,JPY,bank_transfer,failed,A-3,0,,,{created[0]}',
        "",
    ]
    assert [row["Amount"] for row in rows_of(api.get("/payments/export/csv?status=failed"))] == ["7"]


def test_a_payment_export_of_several_batches_is_the_list(api: Api) -> None:
    invoice = an_invoice(api, 1000)
    for amount in range(1, 4):
        pay(api, invoice, amount)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payment_store, "EXPORTED_AT_ONCE", 2)
        rows = rows_of(api.get("/payments/export/csv"))
    number = invoice["invoice_number"]
    assert [(row["Amount"], row["Invoice Numbers"]) for row in rows] == [(f"{n}.00", number) for n in (3, 2, 1)]


def test_a_credit_note_export(api: Api) -> None:
    items = [{"description": "Work", "quantity": 2, "unit_price": 50, "tax_rate": 20}]
    invoice = an_invoice(api, customer_id=a_customer(api, name="Zoë"), items=items, invoice_number="A-1")
    pay(api, invoice, 90)
    note = api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"reason": "-1"}))
    other = an_invoice(api, 5)
    api.data(api.post(f"/invoices/{other['id']}/credit-note"))
    response = api.get(f"/credit-notes/export/csv?customer_id={invoice['customer_id']}")
    assert response.headers["Content-Disposition"] == 'attachment; filename="credit-notes.csv"'
    number, day, created = (note[name] for name in ("credit_note_number", "issue_date", "created_at"))
    assert response.text.split("\r\n") == [
        NOTES_HEADER,
        f"{number},A-1,Zoë,{day},100.00,20.00,0.00,120.00,90.00,USD,'-1,{created}",
        "",
    ]
    assert len(rows_of(api.get("/credit-notes/export/csv"))) == 2
    assert rows_of(Api(api.database).get("/credit-notes/export/csv")) == []


@pytest.mark.alters
def test_its_transaction_has_ended_when_the_first_byte_is_sent(api: Api) -> None:
    a_draft(api, 100)
    multiply(api.database, 1_000)
    with streamed(api) as response:
        assert open_reads(api.database) == 0
        assert next(response.iter_bytes()).startswith(HEADER.encode())


@pytest.mark.alters
def test_a_long_download_has_its_length_and_leaves_no_file(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(spool, "SHORT_BYTES", 20_000)
    a_draft(api, 100)
    for rows in (100, 1_000):
        multiply(api.database, rows)
        with streamed(api) as response:
            files = list(tmp_path.glob("tallystick-*"))
            assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * (rows == 1_000)
            content = response.read()
        assert int(response.headers["Content-Length"]) == len(content) > 80 * rows
        assert content.count(b"\r\n") == api.get("/invoices").json()["pagination"]["total"] + 1
        head = api.request("HEAD", "/invoices/export/csv", headers={"Accept-Encoding": "identity"})
        assert (head.content, head.headers["Content-Length"]) == (b"", str(len(content)))
    assert list(tmp_path.glob("tallystick-*")) == []


KILLED = """
import os, signal
from tallystick.http import spool

def chunks():
    yield b"x" * (spool.SHORT_BYTES + 1)
    os.kill(os.getpid(), signal.SIGKILL)

spool.made(chunks())
"""


@pytest.mark.database("sqlite")
def test_a_start_removes_what_a_killed_process_left(database_url: str, tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", KILLED], env={**os.environ, **environment}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob("tallystick-*"))) == 1
    # Of a process that lives, and of none.
    others = {f"tallystick-{os.getpid()}-x", "tallystick-x-y", "tallystick-demo-1"}
    for name in others:
        (tmp_path / name).touch()
    with serving(database_url, tmp_path, environment=environment):
        assert {path.name for path in tmp_path.glob("tallystick-*")} == others


def test_what_has_the_own_id_of_a_start_is_of_one_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"tallystick-{os.getpid()}-x").touch()
    (tmp_path / f"tallystick-{os.getppid()}-x").touch()
    spool.remove_left()
    assert [path.name for path in tmp_path.iterdir()] == [f"tallystick-{os.getppid()}-x"]


def streamed(api: Caller) -> AbstractContextManager[httpx.Response]:
    """The invoices' export as it is, of which nothing has been read yet."""
    headers = {"X-API-Key": api.key, "Accept-Encoding": "identity"}
    return api.client.stream("GET", f"{PREFIX}/invoices/export/csv", headers=headers)


def multiply(database: Database, count: int) -> None:
    """Makes the invoice 1, a draft, so many times again."""
    counted = select(literal(1).label("n")).cte("counted", recursive=True)
    counted = counted.union_all(select(counted.c.n + 1).where(counted.c.n < count))
    names = [column.name for column in invoices.columns if column.name != "id"]
    copies = select(*(invoices.c[name] for name in names)).join_from(invoices, counted, true())
    with database.transaction("tests") as tx:
        tx.connection.execute(insert(invoices).from_select(names, copies.where(invoices.c.id == 1)))


def open_reads(database: Database) -> int:
    """How many connections are reading: on SQLite those that are done are kept."""
    pool: Any = database._reader.pool
    checked_out: int = pool.checkedout()
    return checked_out - (len(database._readers._idle) if database._readers else 0)


def peak_kib(server: Server) -> int:
    """The most memory that the server's processes have had."""
    statuses = [path.read_text() for path in Path("/proc").glob("[0-9]*/status") if is_of(server, path.parent)]
    return sum(int(line.split()[1]) for status in statuses for line in status.splitlines() if line.startswith("VmHWM"))


def is_of(server: Server, process: Path) -> bool:
    try:
        return os.getpgid(int(process.name)) == server.pid
    except ProcessLookupError:
        return False


def test_many_rows_cost_no_memory_and_no_connection(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as server:
        a_draft(server, 100, notes="x" * 2_000)
        assert len(rows_of(server.get("/invoices/export/csv"))) == 1
        with closing(Database(database_url)) as database:
            multiply(database, MANY)
        before = peak_kib(server)
        # More clients than the server has connections, each gone after the first bytes.
        for _ in range(2 * THREADS):
            with streamed(server) as response:
                assert next(response.iter_bytes()).startswith(HEADER.encode())
        with streamed(server) as response:
            assert sum(1 for _line in response.iter_lines()) == MANY + 2
        assert peak_kib(server) - before < FLAT_KIB
        pagination = server.get("/invoices").json()["pagination"]
        assert (pagination["total"], pagination["more"]) == (COUNTED_TO, True)
