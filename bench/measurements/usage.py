"""Usage: events in, the report, and a customer's month, among ten million events of 1,000 customers and 20 meters.

Ids are random, which is the dearest. The limit of events in is the bare driver that writes as many into the same
tables, with their unique ids and their covering index, at the same depth; that of the report is the bare aggregate.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from random import Random
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import make_url

from bench import bare
from bench.bare import Bare, Do, Driver, Sqlite, connected
from bench.figures import Effort, Figure, Found, Limit
from bench.load import Load, Request
from bench.site import ACTOR, Server, Site
from tallystick.accounts import store as accounts
from tallystick.store.db import Database
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.store.trouble import sqlite_file
from tallystick.store.usage_file import usage_file_of
from tallystick.usage import store
from tallystick.usage.instants import DAY_US, instant, microseconds
from tallystick.usage.types import EventRow

EVENTS: Final = 10_000_000
QUICK_EVENTS: Final = 200_000
CUSTOMERS: Final = 1_000
METERS: Final = 20
YEAR: Final = 2025
START_US: Final = microseconds(datetime(YEAR, 1, 1, tzinfo=UTC))
DAYS: Final = 365
APPENDED_AT_ONCE: Final = 10_000
SENT_AT_ONCE: Final = 1_000
BATCHES_A_SECOND: Final = 20
CLIENTS: Final = (1, 8)
PATH: Final = "/api/v1/usage/events"
MARCH: Final = "/api/v1/usage/report?from=2025-03-01&to=2025-03-31&group_by=customer,meter"
MARCH_US: Final = tuple(microseconds(datetime(YEAR, month, 1, tzinfo=UTC)) for month in (3, 4))
OTHER_ACCOUNT: Final = 2
HASH: Final = bytes(16)
COLUMNS: Final = ("account_id", *EventRow._fields)
IDS: Final = ("account_id", "event_id", "hash", "at_us")
PLACES_OF_IDS: Final = tuple(map(COLUMNS.index, IDS))


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """POST /api/v1/usage/events, and GET /api/v1/usage/report."""
    random = Random(1)
    fill(site, EVENTS if effort.rounds > 1 else QUICK_EVENTS, random)
    site.vacuum()
    with site.served() as server:
        for clients in CLIENTS:
            yield _ingest(site, server, clients, effort, random)
        yield _report(site, server, effort)
        each = Request(f"GET {MARCH}&customer_id={customer}" for customer in range(1, CUSTOMERS + 1))
        loads = [server.load(each, effort.seconds, connections=1) for _ in range(effort.rounds)]
        yield Figure.of("a customer's month of usage", site.kind, loads)


def fill(site: Site, events: int, random: Random) -> None:
    """Makes customers, meters, a rate each, and events of a year, in the order of their times."""
    for number in range(CUSTOMERS - 1):
        site.post("/api/v1/customers", {"name": f"Customer {number}"})
    for number in range(METERS):
        site.post("/api/v1/usage/meters", {"key": f"meter_{number}", "aggregation": "sum"})
        site.post("/api/v1/usage/rates", {"meter": f"meter_{number}", "model": "per_unit", "unit_price": "0.01"})
    with closing(Database(site.url)) as database:
        with database.read() as tx:
            account = accounts.get(tx, FIRST_ACCOUNT_ID)
        for first in range(0, events, APPENDED_AT_ONCE):
            rows = [an_event(random, (first + each) / events) for each in range(min(APPENDED_AT_ONCE, events - first))]
            database.usage.transact(ACTOR, lambda tx, rows=rows: store.append(tx, account, rows))  # type: ignore[misc]


def an_event(random: Random, part: float) -> EventRow:
    """An event when this part of the year is over."""
    empty = EventRow(*[None] * len(EventRow._fields))  # type: ignore[arg-type]
    return empty._replace(
        event_id=UUID(int=random.getrandbits(128)).hex,
        hash=HASH,
        customer_id=random.randrange(CUSTOMERS) + 1,
        meter=f"meter_{random.randrange(METERS)}",
        at_us=START_US + int(part * DAYS * DAY_US),
        quantity=random.randrange(1_000),
        parts=0,
        properties='{"path":"/search","status":200}',
    )


def _ingest(site: Site, server: Server, clients: int, effort: Effort, random: Random) -> Figure:
    """Batches of events over HTTP, beside those of the bare driver, one after the other by turns."""
    loads: list[Load] = []
    limits: list[Limit] = []
    for _ in range(effort.rounds):
        bodies = [_body(random) for _ in range(BATCHES_A_SECOND * effort.seconds)]
        sent = server.send_all(f"POST {PATH}", bodies, clients)
        loads.append(
            msgspec.structs.replace(sent, requests=sent.requests * SENT_AT_ONCE, cpu_us=sent.cpu_us / SENT_AT_ONCE)
        )
        limits.append(_bare_ingest(site, effort.seconds, random))
    return Figure.of(f"usage events in, {clients} clients", site.kind, loads, limits)


def _body(random: Random) -> bytes:
    rows = [an_event(random, 0.999) for _ in range(SENT_AT_ONCE)]
    return msgspec.json.encode(
        [
            {
                "id": row.event_id,
                "customer_id": row.customer_id,
                "meter": row.meter,
                "at": instant(row.at_us),
                "quantity": row.quantity,
                "properties": msgspec.Raw((row.properties or "").encode()),
            }
            for row in rows
        ]
    )


def _bare_ingest(site: Site, seconds: int, random: Random) -> Limit:
    done, spent_s, elapsed_s = 0, 0.0, 0.0
    with closing(connected(events_url(site))) as driver:
        while elapsed_s < seconds:
            rows = [(OTHER_ACCOUNT, *an_event(random, 0.999)) for _ in range(SENT_AT_ONCE)]
            began, began_cpu = time.perf_counter(), time.thread_time()
            write(driver, rows)
            elapsed_s += time.perf_counter() - began
            spent_s += time.thread_time() - began_cpu
            done += len(rows)
    return Limit(done / elapsed_s, spent_s * 1e6 / done)


def write(driver: Driver, rows: Sequence[Sequence[object]]) -> None:
    """Writes events of another account: no faster than these tables and their indexes allow."""
    driver.run(driver.begin_to_write)
    driver.write("usage_events", COLUMNS, rows)
    if not isinstance(driver, Sqlite):
        driver.write("usage_ids", IDS, [[row[place] for place in PLACES_OF_IDS] for row in rows])
    driver.run("COMMIT")


def _report(site: Site, server: Server, effort: Effort) -> Figure:
    """The report of all customers' month by meter, beside its aggregate alone."""
    loads: list[Load] = []
    found: list[Bare] = []
    for _ in range(effort.rounds):
        loads.append(server.send(f"GET {MARCH}", b""))
        found.append(bare.measure(events_url(site), aggregate, [0], effort.seconds))
    return Figure.of("report of all customers' month", site.kind, loads, [Limit(*each) for each in found])


def aggregate(driver: Driver) -> Do:
    """What the report adds up, by one statement."""
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
    return lambda _id: driver.run(sql, FIRST_ACCOUNT_ID, *MARCH_US)


def events_url(site: Site) -> str:
    """Where the usage events are."""
    file = sqlite_file(site.url)
    return site.url if file is None else make_url(site.url).set(database=str(usage_file_of(file))).render_as_string()
