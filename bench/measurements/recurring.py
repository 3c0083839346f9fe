"""Billing 50,000 due schedules, beside the bare inserts of the rows that come of it.

Batch by batch: the run writes one to its database, and then the driver alone writes the very same rows to a twin of it,
in one transaction and by the fastest way it has, ``executemany`` on SQLite and ``COPY`` on PostgreSQL. So noise meets
both. What the run reads and decides, and that it moves each schedule on, is not part of the limit.
"""

import resource
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from decimal import Decimal
from functools import partial
from statistics import quantiles
from typing import Any, Final

from sqlalchemy import Table, func, select

from bench.figures import Effort, Figure, Found, Limit
from bench.rows import BILLED, Timed, rows_of, timed
from bench.site import ACTOR, Site, opened
from tallystick.core.periods import Frequency
from tallystick.recurring import billing
from tallystick.recurring.types import RunRequest
from tallystick.store.db import Database, Tx
from tallystick.store.ids import next_ids
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.store.tables import (
    customers,
    products,
    recurring,
    recurring_lines,
)

SCHEDULES: Final = 50_000
PLANS: Final = 25
START: Final = date(2026, 6, 1)
KIB_IN_MIB: Final = 1024


def measure(site: Site, _effort: Effort) -> Iterator[Found]:
    """``billing.batches``, as a worker and ``tallystick process`` run it."""
    with opened(site.kind) as twin:
        for fill, title in (
            (_subscribe, f"bill {SCHEDULES:,} schedules, {PLANS} plans"),
            (_agree, f"bill {SCHEDULES:,} schedules, all different"),
        ):
            for each in (site, twin):
                each.transact(fill)
                each.vacuum()
            yield _compare(site, twin, title)


def _compare(site: Site, twin: Site, title: str) -> Figure:
    runs: list[Timed] = []
    bare: list[Timed] = []
    with closing(Database(site.url)) as database, closing(rows_of(site)) as source, closing(rows_of(twin)) as target:
        last = {table: source.last(table) for table in BILLED}
        batches = billing.batches(database, ACTOR, FIRST_ACCOUNT_ID, RunRequest(START))
        while (spent := timed(partial(next, batches, None))).result is not None:
            runs.append(spent)
            rows = {table: source.written(table, last[table]) for table in BILLED}
            last = {table: source.last(table) for table in BILLED}
            bare.append(timed(partial(target.write, rows)))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB_IN_MIB
    percentiles = quantiles((run.seconds for run in runs), n=100)
    rate, cpu_us = _each(runs)
    return Figure(
        title=f"{title}, each (peak {peak_mib} MiB)",
        kind=site.kind,
        rate=rate,
        cpu_us=cpu_us,
        p50_ms=percentiles[49] * 1000,
        p99_ms=percentiles[98] * 1000,
        limit=Limit(*_each(bare)),
    )


def _each(done: Sequence[Timed]) -> tuple[float, float]:
    """How many schedules a second, and the CPU time of one."""
    return SCHEDULES / sum(each.seconds for each in done), sum(each.cpu_s for each in done) * 1e6 / SCHEDULES


def _subscribe(tx: Tx) -> None:
    """Gives each of so many new customers a schedule for one of the plans, which are products."""
    plans = next_ids(tx, products, PLANS)
    _insert(
        tx,
        products,
        ("id", "name", "unit_price", "tax_id", "is_active", "created_at", "updated_at"),
        ((plan, f"Plan {plan}", Decimal(plan) + Decimal("9.90"), 1, True, tx.now, tx.now) for plan in plans),
    )
    new = next_ids(tx, customers, SCHEDULES)
    _insert(
        tx,
        customers,
        ("id", "name", "email", "city", "country", "created_at", "updated_at"),
        ((each, f"Customer {each}", f"{each}@example.com", "Berlin", "DE", tx.now, tx.now) for each in new),
    )
    schedules = _schedules(tx)
    columns = ("recurring_id", "position", "product_id", "quantity")
    _insert(tx, recurring_lines, columns, ((each, 0, plans[each % PLANS], Decimal(1)) for each in schedules))


def _agree(tx: Tx) -> None:
    """Gives each customer a schedule whose text and price no other has."""
    schedules = _schedules(tx)
    columns = ("recurring_id", "position", "description", "quantity", "unit_price")
    _insert(
        tx,
        recurring_lines,
        columns,
        ((each, 0, f"Agreement {each}", Decimal(1), Decimal(each) / 100) for each in schedules),
    )


def _schedules(tx: Tx) -> Sequence[int]:
    ids = next_ids(tx, recurring, SCHEDULES)
    first = tx.connection.execute(select(func.max(customers.c.id))).scalar_one() - SCHEDULES + 1
    same = {
        "frequency": Frequency.MONTHLY,
        "interval": 1,
        "start_date": START,
        "auto_issue": True,
        "auto_send": False,
        "currency": "EUR",
        "prices_include_tax": False,
        **dict.fromkeys(("subtotal", "discount", "tax", "total"), 0),
        "active": True,
        "bills_from": START,
        "next_date": START,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    rows = ((each, first + place, *same.values()) for place, each in enumerate(ids))
    _insert(tx, recurring, ("id", "customer_id", *same), rows)
    return ids


def _insert(tx: Tx, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    tx.insert_many(table, ("account_id", *columns), [(FIRST_ACCOUNT_ID, *row) for row in rows])
