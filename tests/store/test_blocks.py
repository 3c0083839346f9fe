"""A row is the same, however it was written."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Table, select, text
from sqlalchemy.exc import IntegrityError

from tallystick.accounts import ops as accounts
from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.periods import Frequency
from tallystick.store import ids
from tallystick.store.blocks import WORTH_A_COPY
from tallystick.store.db import Database, Tx
from tallystick.store.lists import in_list
from tallystick.store.tables import customers, events, products, recurring, seals
from tallystick.wire.scalars import Id

AT = datetime(2026, 6, 15, 12, 30, 0, 123456, tzinfo=UTC)
DAY = date(2026, 6, 15)
NAMES = ("Ann", "Zoë\tÖzil\n", "back\\slash", 'quo"te', "株式会社", "\\N", "", "' OR 1=1 --")
MANY = WORTH_A_COPY * 3


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        opened.transact("tests", lambda tx: accounts.create(tx, "Example Ltd"))
        yield opened


def customer(place: int) -> dict[str, Any]:
    name = NAMES[place % len(NAMES)]
    email = None if place % 2 else f"{place}@example.com"
    return {"account_id": 1, "name": name, "email": email, "created_at": AT, "updated_at": AT}


def product(place: int) -> dict[str, Any]:
    # Equal numbers that differ in their digits, which must stay apart.
    price = (Decimal("1.0"), Decimal("1.00"), Decimal(1), Decimal("-0.000000000001"))[place % 4]
    return {
        "account_id": 1,
        "name": f"P{place}",
        "sku": f"S{place}",
        "unit_price": price,
        "is_active": place % 2 == 0,
        "created_at": AT,
        "updated_at": AT,
    }


def event(place: int) -> dict[str, Any]:
    data = (None, {}, {"a": [1, "ä\\n\n", None, True], "id": Id(7)})[place % 3]
    return {
        "account_id": 1,
        "at": AT,
        "actor": "tests",
        "type": Event.CUSTOMER_CREATED,
        "subject_id": place,
        "data": data,
    }


def seal(place: int) -> dict[str, Any]:
    content = None if place % 2 else bytes(range(place, place + 32))
    return {
        "account_id": 1,
        "position": place + 1,
        "form": 2,
        "kind": "invoice",
        "subject_id": place,
        "content_hash": content,
        "hash": b"\x00\\\n\t" * 8,
        "at": AT,
    }


def schedule(place: int) -> dict[str, Any]:
    return {
        "account_id": 1,
        "customer_id": 1,
        "frequency": list(Frequency)[place % len(Frequency)],
        "interval": place + 1,
        "start_date": date(2026, 1, place % 28 + 1),
        "end_date": None if place % 2 else DAY,
        "auto_issue": True,
        "auto_send": False,
        "currency": "EUR",
        "discount_value": None if place % 3 else Decimal("12.50"),
        "prices_include_tax": False,
        **dict.fromkeys(("subtotal", "discount", "tax", "total"), 2**62 + place),
        "active": True,
        "bills_from": DAY,
        "error": None if place % 2 else {"code": "X"},
        "created_at": AT,
        "updated_at": AT,
    }


KINDS = {customers: customer, products: product, events: event, seals: seal, recurring: schedule}


def stored(tx: Tx, table: Table) -> list[tuple[Any, ...]]:
    """The rows as the database itself holds them, without their ids."""
    columns = ", ".join(f'CAST("{column.name}" AS TEXT)' for column in table.columns if column.name != "id")
    key = "position" if table is seals else "id"
    found = tx.connection.execute(text(f"SELECT {columns} FROM {table.name} ORDER BY {key}"))
    return [tuple(row) for row in found]


@pytest.mark.parametrize("count", [1, WORTH_A_COPY - 1, WORTH_A_COPY, MANY])
@pytest.mark.parametrize("table", KINDS, ids=lambda table: str(table.name))
def test_a_block_writes_what_an_insert_writes(database: Database, table: Table, count: int) -> None:
    rows = [KINDS[table](place) for place in range(count)]
    with database.transaction("tests") as tx:
        if table is recurring:
            tx.connection.execute(customers.insert(), [customer(0)])
        tx.insert_many(table, tuple(rows[0]), [tuple(row.values()) for row in rows])
        as_a_block = stored(tx, table)
        tx.connection.execute(table.delete())
        for row in rows:
            tx.connection.execute(table.insert(), [row])
        assert stored(tx, table) == as_a_block
    assert len(as_a_block) == count


def test_nothing_is_written_of_no_rows(database: Database) -> None:
    with database.transaction("tests") as tx:
        tx.insert_many(customers, ("account_id", "name"), [])
        tx.update_many(customers, ("name",), [])
        assert stored(tx, customers) == []


@pytest.mark.parametrize("count", [1, MANY])
def test_a_refused_row_is_an_integrity_error(database: Database, count: int) -> None:
    rows = [tuple(product(place).values()) for place in (*range(count), 0)]
    with pytest.raises(IntegrityError), database.transaction("tests") as tx:
        tx.insert_many(products, tuple(product(0)), rows)
    with database.read() as tx:
        assert stored(tx, products) == []


@pytest.mark.parametrize("count", [0, 1, WORTH_A_COPY, MANY])
def test_the_ids_of_new_rows_come_in_their_order(database: Database, count: int) -> None:
    columns = tuple(event(0))
    with database.transaction("tests") as tx:
        rows = [tuple(event(place).values()) for place in range(count)]
        answered = tx.insert_new(events, columns, rows)
        written = tx.connection.execute(select(events.c.id).order_by(events.c.subject_id)).scalars().all()
    assert list(answered) == written
    assert len(set(answered)) == count


def test_ids_are_never_taken_twice(database: Database) -> None:
    def take(tx: Tx, count: int) -> list[int]:
        taken = list(ids.next_ids(tx, customers, count))
        columns = ("id", *customer(0))
        tx.insert_many(customers, columns, [(each, *customer(0).values()) for each in taken])
        return taken

    with database.transaction("tests") as tx:
        first = take(tx, 3)
        tx.connection.execute(customers.delete().where(customers.c.id == first[-1]))
        by_itself = tx.connection.execute(customers.insert().returning(customers.c.id), customer(0)).scalar_one()
        later = take(tx, MANY)
    assert first == sorted(first)
    assert later == sorted(later)
    assert max(first) < by_itself < min(later)


def test_an_update_sets_each_rows_own_values(database: Database) -> None:
    with database.transaction("tests") as tx:
        other: Account = accounts.create(tx, "Other")
        tx.connection.execute(customers.insert(), [customer(0), customer(1), {**customer(2), "account_id": other.id}])
        rows = [("One", None, 1, 1), ("Two", "2@example.com", 1, 2), ("Three", "3@example.com", 1, 3)]
        tx.update_many(customers, ("name", "email"), rows)
        found = tx.connection.execute(select(customers.c.name, customers.c.email).order_by(customers.c.id)).all()
    assert [tuple(row) for row in found] == [("One", None), ("Two", "2@example.com"), (NAMES[2], "2@example.com")]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [([], []), ([2], [2]), ([1, 3, 3, 99], [1, 3]), ([Id(2), Id(1)], [1, 2]), (range(1, 50_000), [1, 2, 3])],
)
def test_a_list_of_any_length_is_one_parameter(database: Database, wanted: Any, expected: list[int]) -> None:
    with database.transaction("tests") as tx:
        tx.connection.execute(customers.insert(), [customer(place) for place in range(3)])
        query = select(customers.c.id).where(in_list(customers.c.id, "wanted")).order_by(customers.c.id)
        assert tx.connection.execute(query, {"wanted": list(wanted)}).scalars().all() == expected


@pytest.mark.parametrize("name", NAMES)
def test_texts_in_a_list(database: Database, name: str) -> None:
    with database.transaction("tests") as tx:
        tx.connection.execute(customers.insert(), [customer(place) for place in range(len(NAMES))])
        query = select(customers.c.name).where(in_list(customers.c.name, "wanted"))
        assert tx.connection.execute(query, {"wanted": [name, "nobody"]}).scalars().all() == [name]
