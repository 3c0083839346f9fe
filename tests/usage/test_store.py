"""The store of events: each id once, and every sum exact, against a model of plain Python."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import inspect

from tallystick.accounts import ops
from tallystick.core.account import Account
from tallystick.core.rating import Aggregation
from tallystick.store import checkpoints
from tallystick.store.db import Database, Tx
from tallystick.store.trouble import sqlite_file
from tallystick.store.usage_file import prepare, usage_file_of
from tallystick.store.usage_tables import usage_metadata
from tallystick.usage import arriving, store
from tallystick.usage.instants import DAY_US, microseconds, midnight_us
from tallystick.usage.types import Appended, CameIn, EventRow, Measured, Selection, Span
from tests.clock import Clock

pytestmark = pytest.mark.slow

ONE = 10**12
MARCH_US = microseconds(Clock("2026-03-01T00:00:00Z")())
ALWAYS = Span(0, MARCH_US * 2)
_numbers = count(1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


@pytest.fixture
def account(database: Database) -> Account:
    return database.transact("tests", lambda tx: ops.create(tx, "Example Ltd"))


def an_event(quantity: str = "1", **fields: Any) -> EventRow:
    units = Decimal(quantity)
    empty: dict[str, Any] = dict.fromkeys(EventRow._fields)
    own = {
        "event_id": f"e{next(_numbers):06}",
        "hash": b"1" * 16,
        "customer_id": 1,
        "meter": "calls",
        "at_us": MARCH_US,
    }
    parts = {"quantity": int(units), "parts": int(units % 1 * ONE)}
    return EventRow(**{**empty, **own, **parts, **fields})


def append(database: Database, account: Account, *events: EventRow) -> Appended:
    return database.usage.transact("tests", lambda tx: store.append(tx, account, events))


def watermark(database: Database, account: Account) -> int:
    def of_run(tx: Tx) -> int:
        with tx.usage() as events:
            return store.watermark(events, account)

    return database.transact("tests", of_run)


def measure(
    database: Database, account: Account, selection: Selection, *spans: Span, customers: Sequence[int] = (1,)
) -> list[Measured]:
    with database.usage.read() as tx:
        return sorted(store.aggregate(tx, account, customers, spans or (ALWAYS,), selection), key=str)


def quantities(found: list[Measured]) -> list[Fraction]:
    return [Fraction(each.quantity, ONE) for each in found]


def test_an_id_is_stored_once_and_another_content_conflicts(database: Database, account: Account) -> None:
    first, second = an_event(), an_event()
    assert append(database, account, first, second) == Appended(2, frozenset())
    assert append(database, account, second, an_event()) == Appended(1, frozenset())
    other = first._replace(hash=b"2" * 16)
    assert append(database, account, other, second) == Appended(0, frozenset({first.event_id}))
    assert append(database, account) == Appended(0, frozenset())
    assert quantities(measure(database, account, Selection(Aggregation.COUNT))) == [3]


def test_two_accounts_never_meet(database: Database, account: Account) -> None:
    other = database.transact("tests", lambda tx: ops.create(tx, "Other Ltd"))
    event = an_event()
    assert append(database, account, event).accepted == 1
    assert append(database, other, event).accepted == 1
    assert quantities(measure(database, other, Selection(Aggregation.COUNT))) == [1]
    assert watermark(database, other) > watermark(database, account) > 0


def test_a_span_is_of_instants_and_of_what_had_come_in(database: Database, account: Account) -> None:
    append(database, account, an_event("1"), an_event("2", at_us=MARCH_US + DAY_US))
    newest = watermark(database, account)
    append(database, account, an_event("4"), an_event("8", at_us=MARCH_US + DAY_US))
    spans = [
        Span(MARCH_US, MARCH_US + DAY_US),
        Span(MARCH_US, MARCH_US + DAY_US, 0, newest),
        Span(MARCH_US, MARCH_US + DAY_US, newest),
        Span(MARCH_US + DAY_US, MARCH_US + 2 * DAY_US),
        Span(MARCH_US - DAY_US, MARCH_US),
    ]
    found = measure(database, account, Selection(Aggregation.SUM), *spans)
    assert {each.place: Fraction(each.quantity, ONE) for each in found} == {0: 5, 1: 1, 2: 4, 3: 10}


def test_without_any_event_there_is_nothing(database: Database, account: Account) -> None:
    assert measure(database, account, Selection(Aggregation.SUM)) == []
    assert watermark(database, account) == 0
    assert database.has_usage is not database.is_sqlite
    append(database, account, an_event())
    assert quantities(measure(database, account, Selection(Aggregation.SUM))) == [1]
    assert database.has_usage


@pytest.mark.parametrize("aggregation", Aggregation)
@pytest.mark.parametrize("of", [None, "size"])
def test_every_aggregation_agrees_with_a_model(
    database: Database, account: Account, aggregation: Aggregation, of: str | None
) -> None:
    random = Random(7)
    events = [some_event(random) for _ in range(200)]
    for first in range(0, 200, 50):
        append(database, account, *events[first : first + 50])
    found = measure(database, account, Selection(aggregation, of, group=("region", "color")), customers=[1, 2])
    expected: dict[Any, list[EventRow]] = {}
    for event in events:
        color = (event.properties or "").partition('"color":')[2].partition(",")[0].strip('"') or None
        expected.setdefault((event.customer_id, (event.region, color), event.cost is not None), []).append(event)
    assert {(each.customer_id, each.group, each.has_cost) for each in found} == expected.keys()
    for each in found:
        same = expected[each.customer_id, each.group, each.has_cost]
        assert each.events == len(same)
        assert Fraction(each.quantity, ONE) == modelled(same, aggregation, of)
        assert each.costs == sum((event.cost or 0) * ONE + (event.cost_parts or 0) for event in same)


def some_event(random: Random) -> EventRow:
    quantity = Decimal(random.randrange(10**15)).scaleb(-random.randrange(13))
    size = random.choice(["0.1", "12", "-3.25", '"7.5"', '"large"', "true"])
    color = random.choice(['"red"', '"blue"', "1", "true"])
    has_cost = random.random() > 0.7
    return an_event(
        str(quantity),
        customer_id=random.choice([1, 2]),
        region=random.choice(["eu", None]),
        at_us=MARCH_US + random.randrange(60) * DAY_US,
        cost=random.randrange(9) if has_cost else None,
        cost_parts=random.randrange(ONE) if has_cost else None,
        properties=f'{{"color":{color},"size":{size}}}',
    )


def modelled(events: list[EventRow], aggregation: Aggregation, of: str | None) -> Decimal:
    in_time = sorted(events, key=lambda event: event.at_us)
    values = [value for event in in_time if (value := measured(event, of, aggregation)) is not None]
    match aggregation:
        case Aggregation.COUNT:
            return Decimal(len(events))
        case Aggregation.UNIQUE:
            return Decimal(len(set(values)))
        case Aggregation.SUM:
            return sum((Decimal(value) for value in values), Decimal(0))
        case Aggregation.MAX:
            return max((Decimal(value) for value in values), default=Decimal(0))
        case Aggregation.LAST:
            return Decimal(values[-1] if values else 0)


def measured(event: EventRow, of: str | None, aggregation: Aggregation) -> str | None:
    if of is None:
        return event.event_id if aggregation is Aggregation.UNIQUE else f"{event.quantity}.{event.parts:012d}"
    text = (event.properties or "").partition('"size":')[2].rstrip("}").strip('"')
    is_number = text not in ("large", "true")
    return text if is_number or aggregation is Aggregation.UNIQUE else None


def test_of_two_at_one_instant_the_last_is_the_one_that_came_later(database: Database, account: Account) -> None:
    append(database, account, an_event("1", event_id="b"), an_event("2", event_id="c"), an_event("3", event_id="a"))
    assert quantities(measure(database, account, Selection(Aggregation.LAST))) == [3]


def test_sums_that_need_more_than_64_bits_are_exact(database: Database, account: Account) -> None:
    large = "999999999999999.999999999999"
    append(database, account, *(an_event(large) for _ in range(20_000)))
    (found,) = measure(database, account, Selection(Aggregation.SUM))
    assert Fraction(found.quantity, ONE) == Fraction(large) * 20_000
    assert found.events == 20_000


def test_a_meter_measures_what_names_it_or_only_its_service(database: Database, account: Account) -> None:
    append(
        database,
        account,
        an_event("1", meter="vm", service="EC2"),
        an_event("2", meter=None, service="EC2"),
        an_event("4", meter="disk", service="EC2"),
        an_event("8", meter="vm", service="RDS"),
        an_event("16", meter=None, service="RDS"),
    )
    with_service = Selection(Aggregation.SUM, meter="vm", filters={"service": ["EC2"]})
    assert quantities(measure(database, account, with_service)) == [3]
    assert quantities(measure(database, account, Selection(Aggregation.SUM, meter="vm"))) == [9]
    of_two = Selection(Aggregation.SUM, filters={"service": ["EC2", "RDS"]}, group=("service",))
    assert [(each.group[0], each.quantity // ONE) for each in measure(database, account, of_two)] == [
        ("EC2", 7),
        ("RDS", 24),
    ]


def test_what_is_measured_is_explained_event_by_event(database: Database, account: Account) -> None:
    later = an_event("2", at_us=MARCH_US + 5)
    append(database, account, later, an_event("1"), an_event("4", meter="other"))
    selection = Selection(Aggregation.SUM, meter="calls")
    with database.usage.read() as tx:
        rows = list(store.explain(tx, account, [1], ALWAYS, selection, lambda seq, *event: (seq, EventRow(*event))))
    assert [(event.quantity, event.at_us) for _, event in rows] == [(1, MARCH_US), (2, MARCH_US + 5)]
    assert rows[1][1]._replace(hash=later.hash) == later


@pytest.mark.database("sqlite")
def test_the_file_is_made_with_the_first_event_and_beside_the_other(database: Database, account: Account) -> None:
    file = usage_file_of(sqlite_file(database.url) or Path())
    measure(database, account, Selection(Aggregation.SUM))
    assert not file.exists()
    append(database, account, an_event())
    assert file.exists()
    assert file.name == "tallystick-usage.db"
    with database.read() as tx:
        assert not set(inspect(tx.connection).get_table_names()) & usage_metadata.tables.keys()


@pytest.mark.database("sqlite")
def test_what_came_in_last_is_found_by_its_seq_and_not_among_all_of_the_account(
    database: Database, account: Account
) -> None:
    append(database, account, an_event())
    asked: list[str] = []

    def watched(tx: Tx) -> None:
        tx.driver.set_trace_callback(asked.append)
        store.append(tx, account, [an_event()])
        store.latest(tx, account, CameIn(0, 2**60), 20, lambda *row: row)
        tx.driver.set_trace_callback(None)
        looks = [each for each in asked if (each.startswith("SELECT") and "seq >" in each) or "seq <" in each]
        plans = [tx.driver.execute(f"EXPLAIN QUERY PLAN {each}").fetchone()[3] for each in looks]
        assert plans == [
            "SEARCH usage_events USING INTEGER PRIMARY KEY (rowid>?)",
            "SEARCH event USING INTEGER PRIMARY KEY (rowid<?)",
        ]

    database.usage.transact("tests", watched)


@pytest.mark.database("sqlite")
def test_the_log_of_the_file_comes_into_it(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "AT_LATEST_S", 0.1)
    append(database, account, an_event())
    taken = database.usage.checkpoints
    deadline_s = time.monotonic() + 30
    while taken is None or taken.good_at is None:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    assert taken.trouble is None


def test_the_schema_has_the_columns_that_the_tables_say(database: Database, account: Account) -> None:
    append(database, account, an_event())
    with database.usage.read() as tx:
        inspector = inspect(tx.connection)
        for name, table in usage_metadata.tables.items():
            if name == "usage_ids" and database.is_sqlite:
                continue
            stored = [(column["name"], column["nullable"]) for column in inspector.get_columns(name)]
            assert stored == [(column.name, column.nullable) for column in table.columns]


@pytest.mark.parametrize(
    ("day", "timezone", "expected"),
    [
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z"),
        ("2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00Z"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z"),
        ("2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00Z"),
        # Chile's clocks go forward at midnight: the day begins at one.
        ("2026-09-06", "America/Santiago", "2026-09-06T04:00:00Z"),
        ("2026-04-05", "America/Santiago", "2026-04-05T04:00:00Z"),
    ],
)
def test_a_day_begins_at_its_midnight_in_its_time_zone(day: str, timezone: str, expected: str) -> None:
    assert midnight_us(Clock(f"{day}T00:00:00Z")().date(), timezone) == microseconds(Clock(expected)())


def test_a_connection_from_before_the_file_had_tables_knows_how_far_it_has_come(tmp_path: Path) -> None:
    books, file = tmp_path / "books.db", tmp_path / "books-usage.db"
    with closing(connect(books)) as database, closing(connect(file)) as early, closing(connect(file)) as other:
        database.execute("CREATE TABLE bills (id INTEGER PRIMARY KEY AUTOINCREMENT)")
        early.execute("SELECT * FROM sqlite_schema")
        for connection in (other, early):
            prepare(connection, books)
        other.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('usage_events', 7)")
        assert early.execute(str(arriving.GIVEN)).fetchone() == (7,)


def connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}", uri=True, isolation_level=None)
