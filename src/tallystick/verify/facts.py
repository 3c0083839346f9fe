"""Each payment held against the event of its making, which keeps all that it says."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import to_builtins
from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.payments import rules, store
from tallystick.payments.types import Payment
from tallystick.store.db import Tx
from tallystick.store.tables import events, payments
from tallystick.verify.types import Check, Difference, row_name

BATCH = 500
MAKING = (Event.PAYMENT_CREATED, Event.PAYMENT_FAILED)
LATER = frozenset({"status"})
"""Facts that later events change; ``verify.told`` checks them."""
MADE: Select[Any] = (
    select(events.c.subject_id, events.c.id, events.c.at, events.c.data)
    .where(
        events.c.account_id == bindparam("account"),
        events.c.subject_id > bindparam("after"),
        events.c.subject_id <= bindparam("last"),
        events.c.type.in_(MAKING),
    )
    .order_by(events.c.subject_id)
)


class _Making(NamedTuple):
    """What tells of a payment's making."""

    subject_id: int
    id: int
    at: datetime
    data: dict[str, Any]


def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
    """Walks through the payments of an account."""
    after = 0
    while found := store.some_after(tx, account, after, BATCH):
        last = found[-1].id
        made = tx.rows(MADE, _Making, account=account.id, after=after, last=last)
        by_payment = {event.subject_id: event for event in made}
        for payment in found:
            yield from _differences(payment, by_payment.get(payment.id))
        advance(len(found))
        after = last


CHECK = Check("the payments' events", payments, run)


def _differences(payment: Payment, event: _Making | None) -> Iterator[Difference]:
    name = row_name(payment.id, payment.reference)
    if event is None:
        yield Difference(payments.name, name, "is not what an event tells: no event tells of its making")
        return
    stored = _comparable(to_builtins(rules.facts(payment))) | {"created_at": payment.created_at}
    told = _comparable(event.data) | {"created_at": event.at}
    for what in sorted((stored.keys() | told.keys()) - LATER):
        if stored.get(what) != told.get(what):
            finding = f"{what} is {stored.get(what)}, should be {told.get(what)}, as event {event.id} tells"
            yield Difference(payments.name, name, finding)


def _comparable(facts: Mapping[str, Any]) -> dict[str, Any]:
    shares = sorted((share["invoice_id"], share["amount"]) for share in facts.get("allocations", ()))
    return {**facts, "allocations": shares}
