"""An account moves from one database to another, to the byte."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tallystick.accounts import ops as account_ops
from tallystick.accounts import store as account_store
from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.store import beats, outbox
from tallystick.store.db import Database
from tallystick.store.deliveries import Receiver
from tallystick.store.outbox import NewEvent
from tallystick.store.tables import metadata
from tallystick.transfer import reading, writing
from tallystick.transfer.lines import EVENTS, OF_ONE_SERVER, TABLES
from tallystick.transfer.reading import BadExport, Imported
from tallystick.verify import checks
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice
from tests.business import do_business
from tests.clock import Clock
from tests.databases import Databases, Kind
from tests.program import run

pytestmark = pytest.mark.slow

AT = "2026-03-31T12:00:00Z"
ADMIN_KEY = "the-admin-key"

Lines = list[bytes]


@pytest.fixture
def business(database_url: str) -> Iterator[Api]:
    """An account with some of everything, whose newest customer and draft are gone again."""
    with opened(database_url, clock=Clock(AT)) as api:
        do_business(api)
        api.data(api.delete(f"/customers/{a_customer(api, name='Gone')}"))
        draft = a_draft(api, 5, customer_id=1)
        api.data(api.delete(f"/invoices/{draft['id']}"))
        gone = {"action": "permanent-delete", "ids": [draft["id"]]}
        assert api.data(api.post("/invoices/trash/batch", gone))["succeeded"] == 1
        news = NewEvent(Event.INVOICE_SENT, 1)
        api.database.transact(
            "tests", lambda tx: outbox.add_to_deliver(tx, api.account, news, [Receiver("mail", "ann@example.com")])
        )
        use_some(api)
        yield api


def use_some(api: Api) -> None:
    """Usage events, and an invoice that bills them."""
    api.data(api.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    api.data(api.post("/usage/rates", {"meter": "calls", "model": "per_unit", "unit_price": "0.125"}))
    bound = {"customer_id": 1, "frequency": "monthly", "start_date": "2026-02-01", "max_occurrences": 2}
    api.data(api.post("/recurring-billing", {**bound, "amount": 5, "description": "Base", "meters": ["calls"]}))
    event = {"customer_id": 1, "meter": "calls", "quantity": "2.50"}
    said = {"a": 1.50, "c": 1e-7, "z": "ä", "b": True}
    days = ("2026-02-10", "2026-03-10", "2025-12-31")
    events = [{**event, "id": day, "at": f"{day}T12:00:00.5Z", "properties": said} for day in days]
    api.data(api.post("/usage/events", events))
    assert api.data(api.post("/recurring-billing/process"))["created"] >= 2


@pytest.fixture
def target(databases: Databases, database_kind: Kind) -> Iterator[Database]:
    """Another database of the same kind, migrated and without rows."""
    with databases.migrated(database_kind) as url, closing(Database(url)) as database:
        yield database


def exported(database: Database, account_id: int = 1) -> Lines:
    with database.read() as tx:
        return list(writing.lines(tx, account_store.get(tx, account_id)))


def imported(database: Database, lines: Lines) -> Imported:
    usage = partial(database.usage.transaction, "tests") if database.is_sqlite else None
    with database.transaction("tests") as tx:
        return reading.load(tx, lines, usage)


def differences(database: Database) -> list[Any]:
    with database.read() as tx:
        accounts = account_store.every(tx)
        return list(checks.differences(tx, accounts, lambda _title, _rows: nullcontext(lambda _done: None)))


def test_an_account_comes_back_to_the_byte(business: Api, target: Database) -> None:
    lines = exported(business.database)
    assert imported(target, lines) == Imported(1, len(lines) - 2)
    assert exported(target) == lines
    assert differences(target) == []


@pytest.mark.database("postgresql")
def test_an_account_moves_from_sqlite_to_postgresql_and_back(databases: Databases, target: Database) -> None:
    with (
        databases.migrated("sqlite") as first_url,
        databases.migrated("sqlite") as last_url,
        opened(first_url, clock=Clock(AT)) as api,
        closing(Database(last_url)) as last,
    ):
        do_business(api)
        lines = exported(api.database)
        imported(target, lines)
        imported(last, exported(target))
        assert exported(last) == lines
        assert differences(target) == differences(last) == []


def test_the_account_goes_on_where_it_was(business: Api, target: Database) -> None:
    next_number = business.data(business.get("/invoices/next-number"))
    imported(target, exported(business.database))
    with closing(Database(target.url, clock=Clock(AT))) as database:
        # The client of the account keeps its key.
        moved = Api(database)
        moved.key = business.key
        assert moved.data(moved.get("/invoices/next-number")) == next_number
        assert [a_customer(api) for api in (business, moved)] == [4, 4]
        assert [an_invoice(api, 1, customer_id=4)["id"] for api in (business, moved)] == [18, 18]
        listed = [api.get("/invoices", params={"limit": 100}).json() for api in (business, moved)]
    assert [row["invoice_number"] for row in listed[0]["data"]] == [row["invoice_number"] for row in listed[1]["data"]]
    assert differences(target) == []


def test_only_the_one_account_is_exported(business: Api, target: Database) -> None:
    other = Api(business.database)
    an_invoice(other, 10)
    lines = exported(business.database)
    assert b"Example Ltd" in lines[1]
    assert {json.loads(line)["row"].get("account_id", 1) for line in lines[1:-1]} == {1}
    imported(target, exported(business.database, 2))
    assert exported(target, 2) == exported(business.database, 2)


def test_amounts_are_integers_and_decimals_strings(business: Api) -> None:
    rows = [json.loads(line) for line in exported(business.database)[1:-1]]
    (line,) = (row["row"] for row in rows if row["table"] == "invoice_lines" and row["row"]["id"] == 3)
    assert (line["unit_price"], line["tax_rate"], line["amount"]) == ("80.125", "7.5", 8013)
    assert not any(isinstance(value, float) for row in rows for value in row["row"].values())


def test_answers_kept_for_idempotency_keys_stay_behind(business: Api) -> None:
    business.data(business.post("/customers", {"name": "Once"}, headers={"Idempotency-Key": "a-retry"}))
    assert b"a-retry" not in b"".join(exported(business.database))


# What is done to an export, and what its refusal says.
Change = Callable[[Lines], Any]


def place_of(lines: Lines, table: str) -> int:
    return next(place for place, line in enumerate(lines) if line.startswith(b'{"table":"%s"' % table.encode()))


def changed(table: str, old: str, new: str) -> Change:
    """Replaces text in the first line of a table."""

    def change(lines: Lines) -> None:
        place = place_of(lines, table)
        assert old.encode() in lines[place]
        lines[place] = lines[place].replace(old.encode(), new.encode(), 1)

    return change


def without_last(lines: Lines) -> None:
    lines.pop()


def without_a_row(lines: Lines) -> None:
    lines.pop(place_of(lines, "events"))


def with_more(lines: Lines) -> None:
    lines.append(lines[-1])


def without_a_customer(lines: Lines) -> None:
    lines.pop(place_of(lines, "customers"))


def with_a_row_twice(lines: Lines) -> None:
    place = place_of(lines, "customers")
    lines.insert(place, lines[place])


def nothing(lines: Lines) -> None:
    lines.clear()


def newer(lines: Lines) -> None:
    lines[0] = lines[0].replace(b'"schema":"', b'"schema":"9')


REFUSED: list[tuple[Change, str]] = [
    (nothing, "Line 1: the export is cut off, its end is missing"),
    (lambda lines: lines.insert(0, b"\xff"), "Line 1: is cut off, or is no JSON object"),
    (lambda lines: lines.insert(0, b"[]\n"), "Line 1: is cut off, or is no JSON object"),
    (newer, "Line 1: the export is of the schema 9"),
    (without_last, "the export is cut off, its end is missing"),
    (without_a_row, "the export holds other rows than its end counts"),
    (with_more, "something follows the end"),
    (without_a_customer, "FOREIGN KEY constraint failed|violates foreign key constraint"),
    (with_a_row_twice, "customers: .*(UNIQUE|unique) constraint"),
    (changed("customers", '"id":1', '"id":"1"'), r"customers\.id: Must be a whole number from -9"),
    (changed("customers", '"id":1,', ""), r"customers\.id: Is required"),
    (
        changed("customers", '"id":1,', '"id":1,"vip":true,'),
        r"customers\.vip: Is not a field of this line\. Nothing was imported\.$",
    ),
    (
        changed("customers", '"table"', '"tabel"'),
        r"^Line [0-9]+: tabel: Is not a field of this line\. Did you mean table\? Nothing was imported\.$",
    ),
    (changed("customers", '"account_id":1', '"account_id":2'), r"customers\.account_id: is another account's"),
    (changed("customers", '"table":"customers"', '"table":"pets"'), 'there is no table "pets" to import'),
    (changed("customers", '"table":"customers"', '"table":"idempotency_keys"'), "there is no table"),
    (changed("customers", "Ann", "A\\u0000"), r"customers\.name: Must not contain the character NUL"),
    (
        changed("customers", '2026-03-31T12:00:00Z"', '2026-03-31T12:00:00"'),
        r"customers\.created_at: Must be an instant",
    ),
    (
        changed("invoice_lines", '"quantity":"3"', '"quantity":3'),
        r"invoice_lines\.quantity: Must be a number",
    ),
    (
        changed("invoice_lines", '"quantity":"3"', '"quantity":"NaN"'),
        r"invoice_lines\.quantity: Must be a number",
    ),
    (
        changed("invoice_lines", '"quantity":"3"', '"quantity":"1e3"'),
        r"invoice_lines\.quantity: Must be a number",
    ),
    (changed("invoices", '"total":17385', '"total":173.85'), r"invoices\.total: Must be a whole number"),
    (changed("invoices", '"total":17385', '"total":9223372036854775808'), r"invoices\.total: Must be a whole number"),
    (changed("invoices", '"state":"issued"', '"state":"paid"'), r"invoices\.state: Must be one of draft, issued"),
    (changed("invoices", '"paid":5000', '"paid":99999'), "invoices: .*never_overpaid"),
    (changed("events", "}}", "}"), "Line [0-9]+: is cut off"),
]


def test_a_wrong_line_is_named_and_nothing_is_imported(business: Api, target: Database) -> None:
    whole = exported(business.database)
    for change, expected in REFUSED:
        lines = list(whole)
        change(lines)
        with pytest.raises(BadExport, match=expected):
            imported(target, lines)
        with target.read() as tx:
            assert account_store.every(tx) == [], expected
    imported(target, whole)


def first_start(database: Database) -> None:
    database.transact("tests", lambda tx: account_ops.first_start(tx, ADMIN_KEY))


def a_second_key(database: Database) -> None:
    def create(tx: Any) -> None:
        account_ops.create_key(tx, account_store.get(tx, 1), "more", [])

    first_start(database)
    database.transact("tests", create)


def a_worker(database: Database) -> None:
    first_start(database)
    database.transact("tests", lambda tx: beats.note(tx, account_store.get(tx, 1)))


def other_settings(database: Database) -> None:
    def change(tx: Any) -> None:
        account_ops.change_settings(tx, account_store.get(tx, 1), {"name": "Mine"}, None)

    first_start(database)
    database.transact("tests", change)


def a_business(database: Database) -> None:
    an_invoice(Api(database), 10)


@pytest.mark.parametrize(
    ("made_before", "is_refused"),
    [(first_start, False), (a_second_key, False), (a_worker, False), (other_settings, True), (a_business, True)],
)
def test_only_an_account_that_was_never_used_gives_way(
    business: Api, target: Database, made_before: Callable[[Database], None], is_refused: bool
) -> None:
    lines = exported(business.database)
    made_before(target)
    before = exported(target)
    with pytest.raises(Conflict, match="is in this database already") if is_refused else nullcontext():
        imported(target, lines)
    # But for the last line: the ids of keys that gave way are not given again.
    assert exported(target)[:-1] == (before if is_refused else lines)[:-1]


def test_an_id_that_another_account_has_is_not_taken(business: Api, target: Database) -> None:
    other, mine = Api(business.database), Api(target)
    taken = a_customer(other)
    while a_customer(mine) < taken:
        pass
    before = exported(target)
    with pytest.raises(BadExport, match=r"customers: .*(UNIQUE|unique) constraint"):
        imported(target, exported(business.database, 2))
    assert exported(target) == before


def test_every_table_is_exported_after_those_that_it_refers_to() -> None:
    seen: set[str] = set()
    for name, rows in TABLES.items():
        referred = {key.column.table.name for column in rows.table.columns for key in column.foreign_keys}
        # A row that refers to its own table would need its rows in an order that their keys do not give.
        assert referred <= seen, name
        seen.add(name)
    assert seen == metadata.tables.keys() - {table.name for table in OF_ONE_SERVER} | EVENTS.keys()


@pytest.mark.slow
def test_the_commands_move_an_account(business: Api, target: Database, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "account.jsonl"
    assert run("export", str(file), database_url=database_url).returncode == 0
    assert file.read_bytes() == b"".join(exported(business.database))
    again = run("export", str(file), database_url=database_url)
    assert (again.returncode, "is not overwritten" in again.stderr) == (2, True)
    piped = run("export", database_url=database_url).stdout
    assert piped.encode() == file.read_bytes()
    moved = run("import", database_url=target.url, stdin=piped)
    assert (moved.returncode, moved.stdout.startswith("Imported the account 1: ")) == (0, True)
    assert exported(target) == exported(business.database)
    refused = run("import", str(file), database_url=target.url)
    assert (refused.returncode, "is in this database already" in refused.stderr) == (2, True)
