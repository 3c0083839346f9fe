"""What of an account's usage events is forgotten, after what they came to is kept (docs/adr/0056)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Delete, Select, bindparam, delete, func, select

from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.store.db import Tx
from tallystick.store.lists import in_list
from tallystick.store.usage_tables import usage_events, usage_forgotten, usage_totals
from tallystick.usage import rejected
from tallystick.usage.instants import midnight_us
from tallystick.usage.pricing import UsagePart, Used

EVENTS_AT_ONCE = 10_000
NO_EVENTS = "The events before {day} are forgotten, and this needs them: begin on that day."
OWN = usage_forgotten.c.account_id == bindparam("account")
FORGOTTEN: Select[Any] = select(usage_forgotten.c.day, usage_forgotten.c.at_us).where(OWN)
COLUMNS = (
    *("account_id", "day", "place", "customer_id", "meter", "group_values", "service", "region"),
    *("adds_up", "has_cost", "events", "quantity", "costs"),
)
# What was kept of days, from the first to the last, of customers.
TOTALS: Select[Any] = (
    select(*(usage_totals.c[name] for name in COLUMNS if name not in ("account_id", "place")))
    .where(
        usage_totals.c.account_id == bindparam("account"),
        in_list(usage_totals.c.customer_id, "customers"),
        usage_totals.c.day >= bindparam("first"),
        usage_totals.c.day <= bindparam("last"),
    )
    .order_by(usage_totals.c.day, usage_totals.c.place)
)
KNOWN: Select[Any] = (
    select(usage_totals.c.customer_id).where(usage_totals.c.account_id == bindparam("account")).distinct()
)
DROP_DAY: Delete = delete(usage_forgotten).where(OWN)
OLD: Select[Any] = (
    select(usage_events.c.seq)
    .where(
        usage_events.c.account_id == bindparam("account"),
        usage_events.c.customer_id == bindparam("customer"),
        usage_events.c.at_us < bindparam("before_us"),
    )
    .limit(EVENTS_AT_ONCE)
)
DELETE_ON_SQLITE: Delete = delete(usage_events).where(
    func.likely(usage_events.c.account_id == bindparam("account")), usage_events.c.seq.in_(OLD.scalar_subquery())
)
DELETE_ON_POSTGRESQL = """
    WITH gone AS (
        DELETE FROM usage_events WHERE account_id = %(account)s AND customer_id = %(customer)s
            AND at_us < %(before_us)s RETURNING event_id
    ), ids AS (
        DELETE FROM usage_ids WHERE account_id = %(account)s AND event_id IN (SELECT event_id FROM gone)
    )
    SELECT count(*) FROM gone"""

_GROUP: msgspec.json.Decoder[list[str | None]] = msgspec.json.Decoder(list[str | None])


class Forgotten(NamedTuple):
    """The first day whose events are there, and its midnight in microseconds since 1970."""

    day: date
    at_us: int


class KeptTotal(NamedTuple):
    """What a customer's forgotten events of a part of a month came to; in parts of 10**-12."""

    customer_id: int
    part: UsagePart
    events: int
    quantity: int
    costs: int


def forgotten(tx: Tx, account: Account) -> Forgotten | None:
    """Before which day the account's events are forgotten; None where none is."""
    return tx.row(FORGOTTEN, Forgotten, account=account.id)


def is_known(found: Forgotten | None, until_us: int) -> bool:
    """Whether the events of some days, which end then, are there."""
    return found is None or until_us > found.at_us


def check_events(found: Forgotten | None, first: date, field: str) -> None:
    """Raises ValidationFailed where events from a day on are forgotten."""
    if found is not None and first < found.day:
        raise ValidationFailed({field: [NO_EVENTS.format(day=found.day)]})


def totals(tx: Tx, account: Account, customers: Sequence[int], first: date, last: date) -> Iterator[KeptTotal]:
    """What was kept of the forgotten events of customers, from a first to a last day."""
    yield from tx.rows(TOTALS, _total, account=account.id, customers=customers, first=first, last=last)


def _total(day: date, customer_id: int, meter: str | None, group: str, *rest: Any) -> KeptTotal:
    service, region, adds_up, has_cost, events, quantity, costs = rest
    part = UsagePart(day, meter, tuple(_GROUP.decode(group)), service, region, bool(adds_up), bool(has_cost))
    return KeptTotal(customer_id, part, events, int(quantity), int(costs))


def keep(tx: Tx, account: Account, day: date, used: Iterable[Used]) -> None:
    """Keeps what the events before a day came to, and that they are forgotten; no other is taken in any more.

    Those that wait for their customer or their meter are gone too.
    """
    places: dict[date, int] = {}
    rows = [(account.id, each.part.day, _next(places, each.part.day), *_columns(each)) for each in used]
    tx.insert_many(usage_totals, COLUMNS, rows)
    tx.write(DROP_DAY, account=account.id)
    at_us = midnight_us(day, account.timezone)
    tx.insert_many(usage_forgotten, ("account_id", "day", "at_us"), [(account.id, day, at_us)])
    rejected.forget(tx, account, at_us)


def _next(places: dict[date, int], day: date) -> int:
    place = places[day] = places.get(day, -1) + 1
    return place


def _columns(used: Used) -> tuple[Any, ...]:
    part = used.part
    return (
        *(used.customer_id, part.meter, msgspec.json.encode(part.group).decode(), part.service, part.region),
        *(part.adds_up, part.has_cost, used.events, str(used.quantity), str(used.costs)),
    )


def customers(tx: Tx, account: Account) -> list[int]:
    """Those of whom some events are forgotten."""
    return tx.rows(KNOWN, int, account=account.id)


def remove(tx: Tx, account: Account, customer_id: int, before_us: int) -> int:
    """Removes events of a customer before an instant, on SQLite some thousands; answers how many."""
    values = {"account": account.id, "customer": customer_id, "before_us": before_us}
    if not tx.is_postgresql:
        return tx.write(DELETE_ON_SQLITE, **values)
    with tx.driving(DELETE_ON_POSTGRESQL) as cursor:
        cursor.execute(DELETE_ON_POSTGRESQL, values)
        return int(cursor.fetchone()[0])
