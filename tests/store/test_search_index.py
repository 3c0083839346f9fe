"""The index of searches finds what a look at each invoice would find, whatever the worker has yet to do."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, literal_column, select, text

from tallystick.invoices import ops
from tallystick.store import backup, paging, search_index
from tallystick.store.tables import invoices
from tallystick.store.trouble import sqlite_file
from tallystick.worker import Worker
from tests.api import Api
from tests.listening import listening

pytestmark = pytest.mark.slow

NAMES = ("Ann Özil", "Joanna", 'Ben "Bo" O\'Neil', "Banana & Sons", "Ann-Marie", "an", "Žofie Nová", "banana ban")
TERMS = (
    "ann",
    "an",
    "a",
    "ana",
    "banana",
    "özil",
    "nova",
    '"bo"',
    "o'n",
    "e",
    "-",
    "inv-",
    "0003",
    "2026-0",
    "no such",
)
ORDERS = (("created_at", "desc"), ("created_at", "asc"), ("total", "desc"))
MANY = 10_001


def fill(api: Api) -> None:
    for number, name in enumerate(NAMES * 3):
        customer = api.data(api.post("/customers", {"name": name}))["id"]
        items = [{"description": "Work", "unit_price": number % 5}]
        invoice = api.data(api.post("/invoices", {"customer_id": customer, "items": items}))
        if number % 3:
            api.data(api.post(f"/invoices/{invoice['id']}/publish"))


def is_found(row: dict[str, Any], term: str) -> bool:
    """As API.md has it, for these names: folded by hand."""
    number = "" if row["invoice_number"].startswith("DRAFT") else row["invoice_number"]
    said = f" {number} {row['customer_name']}".lower().translate(str.maketrans("özáž", "ozaz"))
    wanted = term.replace("ö", "o")
    return (wanted if len(wanted) > 2 else f" {wanted}") in said.replace("  ", " ")


def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        reply = api.get("/invoices", params={"limit": 7, "after": after, **query}).json()
        rows += reply["data"]
        after = reply["pagination"]["next"]
    return rows


def check(api: Api) -> None:
    """Each search, in each order, by cursor and by page, shows what a look at every invoice tells."""
    for sort, order in ORDERS:
        everything = listed(api, sort=sort, order=order)
        for term in TERMS:
            expected = [row["id"] for row in everything if is_found(row, term)]
            assert [row["id"] for row in listed(api, sort=sort, order=order, search=term)] == expected, (term, sort)
            page = api.get("/invoices", params={"sort": sort, "order": order, "search": term, "limit": 3}).json()
            assert [row["id"] for row in page["data"]] == expected[:3]
            assert page["pagination"]["total"] == len(expected)


def change(api: Api) -> None:
    """Invoices that are indexed change, go and come."""
    api.data(api.post("/invoices/1/publish"))
    api.data(api.post("/invoices/2/unpublish"))
    api.data(api.put("/customers/4", {"name": "Bananarama"}))
    api.data(api.put("/customers/7", {"name": "Anna"}))
    for invoice in (10, 13):
        api.data(api.delete(f"/invoices/{invoice}"))
    api.data(api.post("/invoices/10/restore"))
    api.database.transact("tests", lambda tx: ops.purge(tx, api.account, 13))
    api.data(api.post("/invoices/16/publish"))


def work(api: Api) -> None:
    assert Worker(api.database).work()


def nothing(_api: Api) -> None:
    pass


@pytest.mark.parametrize(
    "steps", [(), (work,), (work, change), (work, change, work), (work, fill), (work, change, fill)]
)
def test_a_search_shows_what_a_look_at_each_invoice_would(api: Api, steps: tuple[Callable[[Api], None], ...]) -> None:
    fill(api)
    for step in steps:
        step(api)
    check(api)


@pytest.mark.database("postgresql")
def test_a_search_shows_the_same_in_a_list_longer_than_what_is_looked_at_first(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "NEAREST", 12)
    fill(api)
    check(api)


@pytest.mark.database("sqlite")
def test_a_page_is_read_off_the_index(api: Api) -> None:
    fill(api)
    work(api)
    for query in ("search=banana", "search=ba&order=asc", "search=b&after="):
        with listening() as statements:
            assert api.get(f"/invoices?{query}").is_success
        sql, parameters = next(each for each in statements if "MATCH" in each[0] and "count(" not in each[0])
        with api.database.read() as tx:
            steps = [row.detail for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        assert "SCAN invoice_search VIRTUAL TABLE INDEX" in " ".join(steps)
        # Three parts are merged, each in the order of the list: the index, what is beyond it, and what was changed.
        assert sum("MERGE" in step for step in steps) == 2, steps
        # What was changed is sorted, and what the index finds is not.
        assert steps.count("USE TEMP B-TREE FOR ORDER BY") == 1, steps
        assert "SEARCH invoices USING INTEGER PRIMARY KEY (rowid=?)" in steps


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("held", [search_index.HELD, 0])
def test_a_walk_meets_what_is_indexed_and_what_is_not(api: Api, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    fill(api)
    work(api)
    change(api)
    fill(api)
    monkeypatch.setattr(search_index, "HELD", held)
    monkeypatch.setattr(paging, "COUNTED_TO", 0)
    everything = listed(api, sort="total")
    for term in TERMS:
        expected = [row["id"] for row in everything if is_found(row, term)]
        assert [row["id"] for row in listed(api, sort="total", search=term)] == expected, term


@pytest.mark.database("sqlite")
def test_very_many_are_walked_in_the_order_of_the_list(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(api)
    copied = [column for column in invoices.c if column.name not in ("id", "total", "external_id")]
    with api.database.transaction("tests") as tx:
        numbers = select(literal_column("1").label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < MANY))
        rows = (
            select(*copied, 100 + numbers.c.n % 100)
            .select_from(invoices.join(numbers, text("1")))
            .where(invoices.c.id == 1)
        )
        tx.connection.execute(insert(invoices).from_select([*(column.name for column in copied), "total"], rows))
    work(api)
    with listening() as statements:
        reply = api.get("/invoices?search=ozil&sort=total&limit=3").json()
    assert [row["total"] for row in reply["data"]] == [3, 1.99, 1.99]
    sql, parameters = statements[-1]
    with api.database.read() as tx:
        steps = [row.detail for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    assert any("ix_invoices_account_id_total_id" in step for step in steps), steps
    assert "SCAN invoice_search VIRTUAL TABLE INDEX" in " ".join(steps)
    monkeypatch.setattr(search_index, "HELD", MANY - 1)
    for query in ("page=1", "after="):
        with listening() as statements:
            reply = api.get(f"/invoices?search=ozil&sort=total&limit=3&{query}").json()
        assert [row["total"] for row in reply["data"]] == [3, 1.99, 1.99]
        assert "MATCH" not in statements[-1][0]
        assert ("more" in reply["pagination"]) is (query == "page=1")
        with listening() as statements:
            filtered = api.get(f"/invoices?status=draft&currency=USD&sort=total&limit=3&{query}").json()
        assert [row["total"] for row in filtered["data"]] == sorted(
            (row["total"] for row in filtered["data"]), reverse=True
        )
        sql, parameters = statements[-1]
        with api.database.read() as tx:
            steps = [row.detail for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        assert any("ix_invoices_account_id_currency_total_id" in step for step in steps), steps
        # Only the rows of the page are sorted.
        assert sum("TEMP B-TREE" in step for step in steps) == 1, steps
    with api.database.transaction("tests") as tx:
        tx.connection.execute(invoices.delete().where(invoices.c.account_id == 1, invoices.c.id > len(NAMES) * 3))


@pytest.mark.database("sqlite")
@pytest.mark.alters
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO invoice_search (rowid, search) VALUES (1, '  zoe')",
        "INSERT INTO invoice_search (invoice_search, rowid, search) VALUES ('delete', 1, '  ann  ozil')",
        "UPDATE search_marks SET indexed_to = 20",
        "DELETE FROM search_changes",
    ],
)
def test_an_index_that_has_other_texts_is_named_and_made_anew(api: Api, statement: str) -> None:
    fill(api)
    work(api)
    change(api)
    assert api.differences() == []
    with api.database.transaction("tests") as tx:
        assert tx.connection.exec_driver_sql(statement).rowcount
    (found,) = api.differences()
    assert found.startswith("invoice_search of all accounts: has ")
    with api.database.transaction("tests") as tx:
        tx.connection.exec_driver_sql(f"DROP TRIGGER {search_index.CHANGED}")
    check(api)
    while api.database.transact("tests", lambda tx: search_index.keep(tx, api.account)):
        pass
    assert api.differences() == []
    check(api)


@pytest.mark.database("sqlite")
def test_a_backup_has_the_index(api: Api, tmp_path: Path) -> None:
    fill(api)
    work(api)
    file = sqlite_file(api.database.url)
    assert file is not None
    backup.back_up(file, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        found = copy.execute("SELECT rowid FROM invoice_search WHERE invoice_search MATCH '\"ozi\"'").fetchall()
    assert found == [(1,), (9,), (17,)]


@pytest.mark.database("sqlite")
def test_without_fts5_a_search_looks_at_each_invoice(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "is_available", lambda: False)
    fill(api)
    work(api)
    check(api)


def test_searches_are_not_prepared(api: Api) -> None:
    """PostgreSQL would keep one plan for all texts, after a few."""
    fill(api)
    for term in TERMS:
        assert api.get("/invoices", params={"search": term, "after": ""}).is_success
    if not api.database.is_sqlite:
        with api.database.read() as tx:
            prepared = tx.connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars().all()
        assert [statement for statement in prepared if " LIKE " in statement] == []
