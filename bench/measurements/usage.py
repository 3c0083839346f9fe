"""Usage: events in, the report, a customer's month, and a run that bills it, of 1,000 customers and 20 meters.

The limit of events in is the bare driver that writes as many into the same tables, with their unique ids and their
covering index, at the same depth; that of the report is the bare aggregate; that of the run is the same aggregate, and
then the bare inserts of the rows that come of it into a twin. A customer's month is held against what it may take.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from functools import partial
from itertools import chain, islice
from random import Random
from typing import Final

import msgspec

from bench import metered
from bench.bare import Driver, Sqlite, connected
from bench.figures import Effort, Fact, Figure, Found, Limit
from bench.load import Load, Request
from bench.metered import CUSTOMERS, METERS, MONTH
from bench.rows import BILLED, rows_of, timed
from bench.site import ACTOR, Server, Site, opened
from tallystick.recurring import billing
from tallystick.recurring.types import RunRequest
from tallystick.store.db import Database
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.store.tables import usage_lines
from tallystick.store.usage_file import CACHE_KIB
from tallystick.usage.instants import instant
from tallystick.usage.types import EventRow

SENT_AT_ONCE: Final = 1_000
BATCHES_A_SECOND: Final = 20
CLIENTS: Final = (1, 8)
ORDERS: Final = {"random ids": metered.random_ids, "ordered ids": metered.ordered_ids}
PATH: Final = "/api/v1/usage/events"
REPORT: Final = "/api/v1/usage/report?from=2025-03-01&to=2025-03-31&group_by=customer,meter"
A_MONTH_MS: Final = 5
WRITTEN: Final = (*BILLED, usage_lines)


def measure(site: Site, effort: Effort) -> Iterator[Found]:
    """POST /api/v1/usage/events, GET /api/v1/usage/report, and ``billing.batches`` over it."""
    random = Random(1)
    metered.fill(site, effort.events)
    yield Fact("events of usage", site.kind, f"{effort.events:,}")
    with site.served() as server, closing(_bare(site)) as driver:
        yield Fact("memory at the start", site.kind, f"{server.resident_mib:.0f} MiB")
        for name, ids in ORDERS.items():
            events = metered.events(random, ids(random), metered.end_us(effort.events))
            for clients in CLIENTS:
                title = f"events in, {name}, {clients} at a time"
                yield _ingest(title, site, server, driver, events, clients, effort)
        yield _report(site, server, driver, effort)
        yield _months(site, server, effort)
        yield Fact("memory after", site.kind, f"{server.resident_mib:.0f} MiB")
    yield _run(site)


def _bare(site: Site) -> Driver:
    """A connection to where the events are; with as much of a cache as the application has."""
    driver = connected(metered.events_url(site))
    if isinstance(driver, Sqlite):
        driver.run(f"PRAGMA cache_size=-{CACHE_KIB}")
    return driver


def _ingest(
    title: str, site: Site, server: Server, driver: Driver, events: Iterator[EventRow], clients: int, effort: Effort
) -> Figure:
    """Batches of events over HTTP, beside as many through the bare driver, one after the other by turns."""
    loads: list[Load] = []
    limits: list[Limit] = []
    batches = BATCHES_A_SECOND * effort.seconds
    for _ in range(effort.rounds):
        sent = server.send_all(f"POST {PATH}", [_body(events) for _ in range(batches)], clients)
        loads.append(
            msgspec.structs.replace(sent, requests=sent.requests * SENT_AT_ONCE, cpu_us=sent.cpu_us / SENT_AT_ONCE)
        )
        rows = [list(islice(events, SENT_AT_ONCE)) for _ in range(batches)]
        bare = timed(partial(_write, driver, rows))
        done = batches * SENT_AT_ONCE
        limits.append(Limit(done / bare.seconds, bare.cpu_s * 1e6 / done))
    return Figure.of(title, site.kind, loads, limits)


def _write(driver: Driver, batches: Iterable[Sequence[EventRow]]) -> None:
    for each in batches:
        metered.write(driver, each)


def _body(events: Iterator[EventRow]) -> bytes:
    return msgspec.json.encode(
        [
            {
                "id": each.event_id,
                "customer_id": each.customer_id,
                "meter": each.meter,
                "at": instant(each.at_us),
                "quantity": each.quantity,
                "properties": msgspec.Raw(metered.PROPERTIES.encode()),
            }
            for each in islice(events, SENT_AT_ONCE)
        ]
    )


def _report(site: Site, server: Server, driver: Driver, effort: Effort) -> Figure:
    """The report of all customers' month by meter, beside its aggregate alone."""
    loads: list[Load] = []
    limits: list[Limit] = []
    used = 0
    for _ in range(2 * effort.rounds):
        loads.append(server.send(f"GET {REPORT}", b""))
        bare = timed(partial(metered.aggregate, driver))
        limits.append(Limit(1 / bare.seconds, bare.cpu_s * 1e6))
        used = sum(events for _customer, _meter, events, *_sums in bare.result)
    return Figure.of(f"report of {used:,} events", site.kind, loads, limits)


def _months(site: Site, server: Server, effort: Effort) -> Figure:
    each = Request([f"GET {REPORT}&customer_id={customer}" for customer in range(1, CUSTOMERS + 1)])
    loads = [server.load(each, effort.seconds, connections=1) for _ in range(effort.rounds)]
    return Figure.of("a customer's month", site.kind, loads, [Limit(1_000 / A_MONTH_MS, 1_000 * A_MONTH_MS)])


def _run(site: Site) -> Figure:
    """The run that bills the month, all at once."""
    with opened(site.kind) as twin:
        metered.catalogue(twin)
        for each in (site, twin):
            _subscribe(each)
        site.vacuum()
        with closing(rows_of(site)) as source, closing(rows_of(twin)) as target, closing(_bare(site)) as driver:
            last = {table: source.last(table) for table in WRITTEN}
            run = timed(partial(_bill, site, MONTH[1]))
            rows = {table: source.written(table, last[table]) for table in WRITTEN}
            bare = timed(lambda: (metered.aggregate(driver), target.write(rows)))
    elapsed_us = round(run.seconds * 1e6)
    load = Load(1, elapsed_us, elapsed_us, elapsed_us, refused=0, lost=0, cpu_us=run.cpu_s * 1e6)
    title = f"bill {len(rows[usage_lines]):,} lines of usage"
    return Figure.of(title, site.kind, [load], [Limit(1 / bare.seconds, bare.cpu_s * 1e6)])


def _subscribe(site: Site) -> None:
    """Gives each customer a schedule that bills every meter, whose first invoice is there."""
    meters = [f"meter_{number}" for number in range(METERS)]
    for customer in range(1, CUSTOMERS + 1):
        schedule = {
            "customer_id": customer,
            "amount": 100,
            "description": "Retainer",
            "frequency": "monthly",
            "start_date": str(MONTH[0]),
            "catch_up": True,
            "auto_send": False,
            "meters": meters,
        }
        site.post("/api/v1/recurring-billing", schedule)
    _bill(site, MONTH[0])


def _bill(site: Site, day: date) -> list[int]:
    """The ids of the invoices that a run makes as of a day."""
    with closing(Database(site.url)) as database:
        outcomes = billing.batches(database, ACTOR, FIRST_ACCOUNT_ID, RunRequest(day))
        return list(chain.from_iterable(outcome.invoices for outcome in outcomes))
