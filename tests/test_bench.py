"""The measurements' own limits do what they say, on the schema as it is by now."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, make_url, select

from bench import metered, minimum, tables
from bench.bare import Bare, Do, Driver, connected
from bench.figures import Effort, Figure, Limit
from bench.load import Load
from bench.measurements import usage
from bench.measurements.requests import Stock
from bench.site import KINDS, Site
from tallystick.store.db import Database
from tallystick.store.tables import events, invoice_lines, invoices, journal, payment_allocations, payments, seals

pytestmark = pytest.mark.slow

TABLES = (invoices, invoice_lines, journal, events, seals, payments, payment_allocations)
LINES, POSTINGS_OF_ISSUE = 3, 2


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    (kind,) = (kind for kind in KINDS if kind == make_url(database_url).get_backend_name())
    made = Site(kind, database_url, tmp_path)
    yield made
    made.close()


def written(site: Site) -> dict[str, int]:
    with closing(Database(site.url)) as database, database.read() as tx:
        return {table.name: tx.one(select(func.count()).select_from(table), int) for table in TABLES}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (minimum.get, {}),
        (minimum.page, {}),
        (minimum.search, {}),
        (minimum.create, {"invoices": 1, "invoice_lines": LINES, "events": 1}),
        (minimum.publish, {"journal": POSTINGS_OF_ISSUE, "events": 1, "seals": 1}),
        (minimum.pay, {"payments": 1, "payment_allocations": 1, "events": 1, "journal": 1}),
        (
            minimum.mark_paid,
            {
                "journal": POSTINGS_OF_ISSUE + 1,
                "events": 2,
                "seals": 1,
                "payments": 1,
                "payment_allocations": 1,
            },
        ),
    ],
)
def test_a_limit_writes_what_the_application_does(
    site: Site, make: Callable[[Driver], Do], expected: dict[str, int]
) -> None:
    stock = Stock(site, Effort(seconds=0, rounds=0), read=3, issued=3)
    before = written(site)
    with closing(connected(site.url)) as driver:
        make(driver)(stock.issued[0] if make is minimum.pay else next(stock.drafts))
    after = written(site)
    assert {name: after[name] - count for name, count in before.items() if after[name] != count} == expected


def test_a_limit_is_the_one_after_the_other() -> None:
    http = Load(requests=1, duration_us=50, p50_us=50, p99_us=50, refused=0, lost=0, cpu_us=30)
    limit = Limit.of(Bare(rate=20_000, cpu_us=40), http)
    assert (round(limit.rate), limit.cpu_us) == (10_000, 70)


def test_a_figure_is_the_median_round_beside_its_limit() -> None:
    loads = [Load(10, 1_000_000, 2_000, 9_000, 0, 0, cpu_us) for cpu_us in (500, 400, 9_000)]
    limits = [Limit(20, 100), Limit(40, 200), Limit(30, 999)]
    assert Figure.of("get", "sqlite", loads, limits).cells == [
        *("get", "10.0", "500", "2.0", "9.0"),
        *("30.0", "200", "0.33", "0.40"),
    ]


def test_the_readme_has_a_place_for_the_tables() -> None:
    before, begin, rest = tables.README.read_text().partition(tables.BEGIN)
    assert before
    assert begin
    assert tables.END in rest


def test_the_bare_aggregate_of_usage_is_what_the_report_adds_up(site: Site) -> None:
    metered.fill(site, 300)
    random = Random(1)
    others = metered.events(random, metered.random_ids(random), metered.START_US)
    with closing(connected(metered.events_url(site))) as driver:
        metered.write(driver, list(islice(others, 5)))
        bare: Any = metered.aggregate(driver)
        found = {(customer, meter): quantity for customer, meter, _events, quantity, _parts in bare}
    rows = site.get(usage.REPORT)["data"]["rows"]
    assert len(rows) > 10
    assert {(row["customer"], row["meter"]): row["quantity"] for row in rows} == found
