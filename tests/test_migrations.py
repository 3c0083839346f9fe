"""The migrations make the very schema that ``tables.py`` describes, once, whatever else happens at the same time."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.dialects.sqlite import dialect as sqlite

from tallystick.store.db import Database
from tallystick.store.migrate import HEAD, KNOWN, MIGRATIONS, NewerDatabase, migrate
from tallystick.store.tables import figures, metadata, recurring_runs
from tallystick.store.upgrade import upgrade
from tallystick.store.usage_tables import usage_metadata
from testing.server import PROGRAM
from tests.locked import waits_for_a_lock

pytestmark = pytest.mark.slow

VERSION_TABLE = "alembic_version"
# tests/usage/test_store.py looks at the tables of events, which are not the same on both databases.
ELSEWHERE = {VERSION_TABLE, *usage_metadata.tables}
MIGRATE = "from tallystick.store import db, migrate; import sys; migrate.migrate(db.Database(sys.argv[1]))"
PROCESSES = 4

Schema = dict[str, dict[str, Any]]


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    with closing(Database(empty_database_url)) as opened:
        yield opened


def schema(database: Database) -> Schema:
    """Every table as the database itself describes it."""
    with database.read() as tx:
        inspector = inspect(tx.connection)
        return {
            table: {
                "columns": {column["name"]: _column(column, tx.connection) for column in inspector.get_columns(table)},
                "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
                "unique": _by_name(inspector.get_unique_constraints(table)),
                "foreign keys": _by_name(inspector.get_foreign_keys(table)),
                "checks": _by_name(inspector.get_check_constraints(table)),
                "indexes": _by_name(inspector.get_indexes(table)),
                "keeps ids": _never_reuses_ids(tx.connection, table),
            }
            for table in inspector.get_table_names()
            if table not in ELSEWHERE
        }


def _column(column: Any, connection: Connection) -> tuple[str, bool, str | None]:
    kind = column["type"].compile(connection.dialect)
    return kind, column["nullable"], column["default"]


def _by_name(found: list[Any]) -> dict[str, Any]:
    return {item["name"]: _plain(item) for item in found}


def _plain(value: Any) -> Any:
    """Conditions as text, so that equal ones are equal."""
    return {key: _plain(inner) for key, inner in value.items()} if isinstance(value, dict) else str(value)


def _never_reuses_ids(connection: Connection, table: str) -> bool:
    if connection.dialect.name != sqlite.name:
        return True
    statement = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :table"), {"table": table})
    return "AUTOINCREMENT" in statement.scalar_one()


def migrate_to(database: Database, revision: str) -> None:
    """Migrates as far as an older version did."""
    with database.migration() as tx:
        upgrade(tx.connection, revision)


def version(database: Database) -> str:
    with database.read() as tx:
        found: str = tx.connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()
        return found


def test_the_migrations_make_what_the_tables_say(database: Database, database_url: str) -> None:
    with database.transaction("tests") as tx:
        metadata.create_all(tx.connection)
    with closing(Database(database_url)) as migrated:
        assert schema(migrated) == schema(database)


def test_a_migration_is_named_after_its_revision() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert {script.revision for script in scripts.walk_revisions()} == KNOWN
    assert scripts.get_heads() == [HEAD]


def test_a_difference_would_be_seen(database: Database) -> None:
    with database.transaction("tests") as tx:
        metadata.create_all(tx.connection)
    before = schema(database)
    with database.transaction("tests") as tx:
        tx.connection.execute(text("DROP INDEX uq_taxes_one_default"))
        tx.connection.execute(text("CREATE UNIQUE INDEX uq_taxes_one_default ON taxes (account_id)"))
    after = schema(database)
    assert before != after
    assert {table for table in before if before[table] != after[table]} == {"taxes"}


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    before = schema(database), version(database)
    migrate(database)
    assert (schema(database), version(database)) == before
    assert before[0].keys() == metadata.tables.keys()


def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    with database.transaction("tests") as tx:
        tx.connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)"))
        tx.connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES ('9999')"))
    with pytest.raises(NewerDatabase, match="schema 9999"):
        migrate(database)
    assert schema(database) == {}
    assert version(database) == "9999"


def test_the_server_does_not_start_on_a_newer_database(database: Database, empty_database_url: str) -> None:
    migrate(database)
    with database.transaction("tests") as tx:
        tx.connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    start = [PROGRAM, "serve"]
    environment = {**os.environ, "DATABASE_URL": empty_database_url}
    refused = subprocess.run(start, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 2
    assert "schema 9999" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_processes_that_start_at_once_migrate_once(database: Database, empty_database_url: str) -> None:
    command = [sys.executable, "-c", MIGRATE, empty_database_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in started] == [("", 0)] * PROCESSES
    assert schema(database).keys() == metadata.tables.keys()


def test_a_failed_migration_leaves_nothing(database: Database) -> None:
    with database.transaction("tests") as tx:
        # In the way of the first migration, which makes other tables before this one.
        tx.connection.execute(text("CREATE TABLE invoices (id INTEGER)"))
    before = schema(database)
    with pytest.raises(Exception, match="invoices"):
        migrate(database)
    assert schema(database) == before


OLDER_ACCOUNT = """INSERT INTO accounts (id, name, currency, timezone, payment_terms_days, number_patterns, rounding,
    rounding_mode, prices_include_tax, version, created_at, updated_at)
    VALUES (1, 'Ours', 'EUR', 'UTC', 30, '{}', 'document', 'half_up', false, 1, '2026-01-01', '2026-01-01')"""
OLDER_CUSTOMER = """INSERT INTO customers (id, account_id, name, version, created_at, updated_at)
    VALUES (1, 1, 'Ann', 1, '2026-01-01', '2026-01-01')"""
OLDER_BILL = """INSERT INTO {table} (id, account_id, number, number_scope, number_sequence, customer_id, state,
    issued_at, issue_date, {until}, currency, prices_include_tax, rounding, rounding_mode, subtotal, discount, tax,
    total, taxes, version, created_at, updated_at)
    VALUES (:id, 1, :number, :scope, :place, 1, :state, CAST(:issued_at AS {instant}), '2026-01-01', '2026-01-31',
    'EUR', false, 'document', 'half_up', 0, 0, 0, 0, '[]', 1, '2026-01-01', '2026-01-01')"""
OLDER_SEAL = """INSERT INTO seals (account_id, position, kind, bill_id, content_hash, hash, at)
    VALUES (1, 1, 'invoice', 7, NULL, :hash, '2026-01-01')"""
# The number of an older version, its place and its state; then its number, the wanted one, and what is compared of it.
OLDER_NUMBERS: list[tuple[tuple[str | None, int | None, str], tuple[str | None, str | None, str | None]]] = [
    (("INV-2026-0001", 1, "issued"), ("INV-2026-0001", None, "inv-2026-0001")),
    # Before numbers were compared without regard to case, these two were different, and both may be with customers.
    (("inv-2026-0001", None, "voided"), ("inv-2026-0001", None, None)),
    (("Inv-2026-0001 ", None, "draft"), (None, "Inv-2026-0001 ", "inv-2026-0001")),
    (("a-1", None, "draft"), (None, "a-1", "a-1")),
    (("A-1", None, "draft"), (None, "A-1", None)),
    (("A-1 ", None, "issued"), ("A-1 ", None, "a-1")),
    # Issued once and taken back, it is still the number of that invoice.
    (("STRASSE-7", None, "draft"), ("STRASSE-7", None, None)),
    (("Straße-7", None, "issued"), ("Straße-7", None, "strasse-7")),
    # The sequence stepped over a draft, which has its place since.
    (("INV-2026-0002", 2, "draft"), ("INV-2026-0002", None, "inv-2026-0002")),
    ((None, None, "draft"), (None, None, None)),
]


@pytest.mark.parametrize(("table", "until"), [("invoices", "due_date"), ("quotations", "valid_until")])
def test_numbers_of_an_older_version_are_kept_where_they_differ_in_case_only(
    database: Database, table: str, until: str
) -> None:
    migrate_to(database, "0005")
    states = {"issued": "issued", "voided": "voided", "draft": "draft"}
    if table == "quotations":
        states |= {"issued": "sent", "voided": "rejected"}
    instant = "TEXT" if database.is_sqlite else "TIMESTAMPTZ"
    with database.transaction("tests") as tx:
        for statement in (OLDER_ACCOUNT, OLDER_CUSTOMER):
            tx.connection.exec_driver_sql(statement)
        for index, ((number, place, state), _) in enumerate(OLDER_NUMBERS, 1):
            scope = None if place is None else "2026"
            values = {"id": index, "number": number, "scope": scope, "place": place, "state": states[state]}
            values["issued_at"] = None if state == "draft" else "2026-01-01"
            tx.connection.execute(text(OLDER_BILL.format(table=table, until=until, instant=instant)), values)
        kind = OLDER_SEAL.replace("invoice", table.removesuffix("s"))
        tx.connection.execute(text(kind), {"hash": bytes(32)})
    migrate(database)
    compared = text(f"SELECT number, wanted_number, number_key, number_order FROM {table} ORDER BY id")
    with database.read() as tx:
        rows = [tuple(row) for row in tx.connection.execute(compared).all()]
        assert [row[:3] for row in rows] == [expected for _, expected in OLDER_NUMBERS]
        # For lists they have their order, compared or not.
        assert rows[1][3] == rows[0][3] == "inv-00000000000000002026-00000000000000000001"
        assert [row[3] for row in rows[4:6]] == ["a-00000000000000000001"] * 2
        dates = text(f"SELECT DISTINCT issue_date_given, terms_days FROM {table}")
        assert [tuple(row) for row in tx.connection.execute(dates).all()] == [(1, None)]


OLDER_RUN = """INSERT INTO recurring_runs (id, account_id, as_of, status, actor, created_at, started_at)
    VALUES (1, 1, '2026-06-15', 'running', 'worker', '2026-06-15 12:00:00', '2026-06-15 12:00:00.250000+00:00')"""


@pytest.mark.database("sqlite")
def test_a_run_of_an_older_version_began_at_an_instant_as_any_other(database: Database) -> None:
    migrate_to(database, "0030")
    with database.transaction("tests") as tx:
        for statement in (OLDER_ACCOUNT, OLDER_RUN):
            tx.connection.exec_driver_sql(statement)
    migrate(database)
    with database.read() as tx:
        began = tx.connection.execute(select(recurring_runs.c.started_at).where(recurring_runs.c.account_id == 1))
        assert began.scalar_one() == datetime(2026, 6, 15, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.database("postgresql")
def test_a_bill_that_an_older_server_writes_meanwhile_is_in_the_statistics(database: Database) -> None:
    migrate_to(database, "0028")
    with database.transaction("tests") as tx:
        for statement in (OLDER_ACCOUNT, OLDER_CUSTOMER):
            tx.connection.exec_driver_sql(statement)
    values = {"id": 1, "number": None, "scope": None, "place": None, "state": "draft", "issued_at": None}
    bill = text(OLDER_BILL.format(table="invoices", until="due_date", instant="TIMESTAMPTZ"))
    migration = threading.Thread(target=migrate_to, args=(database, "0029"))
    with database.transaction("an older server") as tx:
        tx.connection.execute(bill, values)
        migration.start()
        while migration.is_alive() and not waits_for_a_lock(database):
            time.sleep(0.05)
    migration.join()
    with database.read() as tx:
        counted = select(figures.c.counted).where(figures.c.account_id == 1)
        assert tx.connection.execute(counted).scalars().all() == [1]
