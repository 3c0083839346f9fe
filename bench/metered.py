"""Usage by the million: 1,000 customers, 20 meters of a rate each, and events as dense as ten million in a year.

The events are written below the API, by one statement, and lie in the order of their times; their ids are random.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import count
from random import Random
from typing import Final
from uuid import UUID

from sqlalchemy import make_url

from bench.bare import Driver, Sqlite, connected
from bench.site import ACTOR, Site
from tallystick.store.db import Database, Tx
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.store.trouble import sqlite_file
from tallystick.store.usage_file import usage_file_of
from tallystick.usage import months
from tallystick.usage.instants import DAY_US, microseconds
from tallystick.usage.types import EventRow

CUSTOMERS: Final = 1_000
METERS: Final = 20
MONTH: Final = (date(2025, 3, 1), date(2025, 4, 1))
"""The month that is asked for: the first one of the events, until before the next."""

START_US: Final = microseconds(datetime(2025, 3, 1, tzinfo=UTC))
STEP_US: Final = 365 * DAY_US // 10_000_000
ARRIVING: Final = 1_000
"""Events that came in at once."""

OTHER_ACCOUNT: Final = 2
PROPERTIES: Final = '{"path":"/search","status":200}'
COLUMNS: Final = ("account_id", *EventRow._fields)
IDS: Final = ("account_id", "event_id", "hash", "at_us")
PLACES_OF_IDS: Final = tuple(map(COLUMNS.index, IDS))
FILLED: Final = "account_id, event_id, hash, customer_id, meter, at_us, quantity, parts, properties"
FILL: Final = (
    f"INSERT INTO usage_events ({FILLED}) SELECT {FIRST_ACCOUNT_ID}, {{id}}, {{hash}}, 1 + {{customer}}, "
    f"'meter_' || {{meter}}, {START_US} + {STEP_US} * n, {{quantity}}, 0, '{{properties}}' FROM {{numbers}}"
)
ON_SQLITE: Final = {
    "id": "lower(hex(randomblob(16)))",
    "hash": "zeroblob(16)",
    "customer": f"abs(random() % {CUSTOMERS})",
    "meter": f"abs(random() % {METERS})",
    "quantity": "abs(random() % 1000)",
    "numbers": "(WITH RECURSIVE each (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM each LIMIT ?) SELECT n FROM each)",
}
ON_POSTGRESQL: Final = {
    "id": "replace(CAST(gen_random_uuid() AS text), '-', '')",
    "hash": "decode(repeat('00', 16), 'hex')",
    "customer": f"CAST(floor(random() * {CUSTOMERS}) AS bigint)",
    "meter": f"CAST(floor(random() * {METERS}) AS bigint)",
    "quantity": "CAST(floor(random() * 1000) AS bigint)",
    "numbers": "generate_series(0, CAST(? AS bigint) - 1) AS each (n)",
}
FILL_IDS: Final = (
    f"INSERT INTO usage_ids ({', '.join(IDS)}) SELECT {', '.join(IDS)} FROM usage_events ORDER BY event_id"
)
FILL_ARRIVALS: Final = (
    "INSERT INTO usage_arrivals (account_id, last_seq, first_seq, earliest_us, at_us) SELECT account_id, max(seq), "
    f"min(seq), min(at_us), max(at_us) FROM usage_events GROUP BY account_id, seq / {ARRIVING}"
)
CACHE: Final = "PRAGMA cache_size=-6000000"
"""So that the ids of ten million events, which go to pages all over their index, are written fast."""


def catalogue(site: Site) -> None:
    """Makes the customers and meters, and a rate for each meter."""
    for number in range(CUSTOMERS - 1):
        site.post("/api/v1/customers", {"name": f"Customer {number}"})
    for number in range(METERS):
        site.post("/api/v1/usage/meters", {"key": f"meter_{number}", "aggregation": "sum"})
        site.post("/api/v1/usage/rates", {"meter": f"meter_{number}", "model": "per_unit", "unit_price": "0.01"})


def fill(site: Site, events: int) -> None:
    """Makes the catalogue and so many events."""
    catalogue(site)
    with closing(Database(site.url)) as database:
        database.usage.transact(ACTOR, lambda tx: _make_room(tx, events))
    with closing(connected(events_url(site))) as driver:
        driver.run(driver.begin_to_write)
        if isinstance(driver, Sqlite):
            driver.run(CACHE)
            driver.run(FILL.format(**ON_SQLITE, properties=PROPERTIES), events)
        else:
            driver.run(FILL.format(**ON_POSTGRESQL, properties=PROPERTIES), events)
            driver.run(FILL_IDS)
        driver.run(FILL_ARRIVALS)
        driver.run("COMMIT")
    site.vacuum()


def _make_room(tx: Tx, events: int) -> None:
    """Makes the file of usage, or the partitions: of the events, and of those that come in after them."""
    if tx.is_postgresql:
        months.make(tx, range(START_US, end_us(events) + 1, DAY_US))


def end_us(events: int) -> int:
    """When the last of so many events was."""
    return START_US + STEP_US * events


def events_url(site: Site) -> str:
    """Where the usage events are."""
    file = sqlite_file(site.url)
    return site.url if file is None else make_url(site.url).set(database=str(usage_file_of(file))).render_as_string()


def random_ids(random: Random) -> Iterator[str]:
    """Ids that come in no order."""
    while True:
        yield UUID(int=random.getrandbits(128)).hex


def ordered_ids(random: Random) -> Iterator[str]:
    """Ids in the order of time, as UUIDv7 are (RFC 9562, 5.7): milliseconds, and then 80 bits here."""
    for millisecond in count(START_US // 1_000):
        yield UUID(int=(millisecond << 80) + random.getrandbits(80)).hex


def events(random: Random, ids: Iterator[str], at_us: int) -> Iterator[EventRow]:
    """Events as ``fill`` makes them, all of one instant (microseconds since 1970)."""
    empty = EventRow(*[None] * len(EventRow._fields))  # type: ignore[arg-type]
    for event_id in ids:
        yield empty._replace(
            event_id=event_id,
            hash=bytes(16),
            customer_id=1 + random.randrange(CUSTOMERS),
            meter=f"meter_{random.randrange(METERS)}",
            at_us=at_us,
            quantity=random.randrange(1_000),
            parts=0,
            properties=PROPERTIES,
        )


def write(driver: Driver, events: Sequence[EventRow]) -> None:
    """Writes events of another account: no faster than these tables and their indexes allow."""
    rows = [(OTHER_ACCOUNT, *event) for event in events]
    driver.run(driver.begin_to_write)
    driver.write("usage_events", COLUMNS, rows)
    if not isinstance(driver, Sqlite):
        driver.write("usage_ids", IDS, [[row[place] for place in PLACES_OF_IDS] for row in rows])
    driver.run("COMMIT")


def aggregate(driver: Driver) -> Sequence[Sequence[object]]:
    """What the report of the month adds up, by one statement."""
    within = "account_id = ? AND at_us >= ? AND at_us < ?"
    source = "usage_events"
    if isinstance(driver, Sqlite):
        # It looks into the index for each customer only where it is told them.
        customers = "SELECT value FROM json_each('" + str([*range(1, CUSTOMERS + 1)]) + "')"
        source, within = f"({customers}) AS c CROSS JOIN usage_events", f"customer_id = c.value AND {within}"
    sql = (
        f"SELECT customer_id, meter, count(*), sum(quantity), sum(parts) FROM {source} WHERE {within} "
        "GROUP BY customer_id, meter"
    )
    first, end = (microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC)) for day in MONTH)
    return driver.run(sql, FIRST_ACCOUNT_ID, first, end)
