"""The store of usage events: append, watermark, aggregate, explain. What rates, bills and reports knows no other.

Whatever is added up with a watermark comes to the same for ever: events never change, and each has its ``seq``. A
transaction is one of ``Database.usage``.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from tallystick.core.account import Account
from tallystick.store import locks
from tallystick.store.db import Tx
from tallystick.store.usage_tables import usage_arrivals
from tallystick.usage import aggregates, arriving, months
from tallystick.usage.instants import microseconds
from tallystick.usage.types import Appended, CameIn, EventRow, Measured, Selection, Span

LOCK = "usage"

# How far the account's events have come.
NEWEST: Select[Any] = select(func.coalesce(func.max(usage_arrivals.c.last_seq), 0)).where(
    usage_arrivals.c.account_id == bindparam("account")
)

EARLIEST: Select[Any] = select(func.min(usage_arrivals.c.earliest_us)).where(
    usage_arrivals.c.account_id == bindparam("account"), usage_arrivals.c.last_seq > bindparam("after")
)


def announce(tx: Tx, account: Account) -> None:
    """Tells that the transaction will append events, before it reads what these are held against.

    Until it ends no watermark is read, none of the account's days is forgotten, and no month is dropped.
    """
    locks.share(tx, (locks.number(account.id, LOCK, ""), months.LOCK))


def append(tx: Tx, account: Account, events: Sequence[EventRow]) -> Appended:
    """Stores the events whose ids are new; no two of ``events`` have the same, and they were announced.

    One whose id is there is a duplicate, which changes nothing, or conflicts with what is there.
    """
    if not events:
        return Appended(0, frozenset())
    store = arriving.store_on_postgresql if tx.is_postgresql else arriving.store_on_sqlite
    arrival = store(tx, account, events)
    if arrival is not None:
        values = (account.id, arrival.last_seq, arrival.first_seq, arrival.earliest_us, microseconds(tx.now))
        tx.insert_many(usage_arrivals, usage_arrivals.c.keys(), [values])
    accepted = arrival.events if arrival else 0
    conflicting = arriving.conflicting(tx, account, events) if accepted < len(events) else frozenset()
    return Appended(accepted, conflicting)


def watermark(tx: Tx, account: Account) -> int:
    """The newest seq of the account's events, below which none can still be committed.

    On PostgreSQL, in a transaction that writes, it waits for the events that are just coming in, and holds up others
    for this moment; on SQLite an event gets its seq from the one writer, in the order of the commits.
    """
    if not tx.is_postgresql:
        return newest(tx, account)
    with locks.taken(tx, account.id, LOCK, ""):
        return newest(tx, account)


def newest(tx: Tx, account: Account) -> int:
    """The newest seq that is seen; others below it may still be committed."""
    return tx.one(NEWEST, int, account=account.id)


def earliest_since(tx: Tx, account: Account, after_seq: int) -> int | None:
    """The earliest instant of the events that came in after this seq; None where none did."""
    return tx.one(EARLIEST, _or_none, account=account.id, after=after_seq)


def _or_none(at_us: int | None) -> int | None:
    return at_us


def aggregate(
    tx: Tx, account: Account, customers: Sequence[int], spans: Sequence[Span], selection: Selection
) -> list[Measured]:
    """What the events of each of the customers came to in each of the spans; nothing where there were none."""
    return aggregates.aggregate(tx, account, customers, spans, selection)


def explain(
    tx: Tx, account: Account, customers: Sequence[int], span: Span, selection: Selection, kind: Callable[..., Any]
) -> Iterator[Any]:
    """The events that ``aggregate`` would add up, in the order of their instants; their properties in text."""
    return aggregates.explain(tx, account, customers, span, selection, kind)


def latest(tx: Tx, account: Account, came: CameIn, limit: int, kind: Callable[..., Any]) -> list[Any]:
    """The events that came in last, the newest first, each with its seq before its columns."""
    return aggregates.latest(tx, account, came, limit, kind)
