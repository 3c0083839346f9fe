"""Events of a customer or a meter that is not known, which an account may keep until they can be taken."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Delete, Select, bindparam, delete, func, select

from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors
from tallystick.store.db import Tx
from tallystick.store.lists import in_list
from tallystick.store.usage_tables import usage_rejected
from tallystick.usage.events import UsageEvent, read_again
from tallystick.usage.instants import microseconds
from tallystick.wire import render

COLUMNS = ("account_id", "event_id", "at_us", "tried_us", "event", "errors")
OWN = usage_rejected.c.account_id == bindparam("account")
KEPT = select(usage_rejected.c.at_us, usage_rejected.c.event, usage_rejected.c.errors).where(OWN)
# Those that come after an id, in the order of their ids.
PAGE: Select[Any] = (
    KEPT.where(usage_rejected.c.event_id > bindparam("after"))
    .order_by(usage_rejected.c.event_id)
    .limit(bindparam("at_most"))
)
# Those that were tried the longest ago.
OLDEST: Select[Any] = KEPT.order_by(usage_rejected.c.tried_us, usage_rejected.c.event_id).limit(bindparam("at_most"))
ANY: Select[Any] = select(usage_rejected.c.event_id).where(OWN).limit(1)
COUNT: Select[Any] = select(func.count()).select_from(usage_rejected).where(OWN)
REMOVE: Delete = delete(usage_rejected).where(OWN, in_list(usage_rejected.c.event_id, "ids"))

_ERRORS: msgspec.json.Decoder[FieldErrors] = msgspec.json.Decoder(FieldErrors)


class KeptEvent(NamedTuple):
    """An event that was not taken, when it came in (microseconds since 1970), and what was wrong with it."""

    event: UsageEvent
    at_us: int
    errors: FieldErrors


def keep(tx: Tx, account: Account, kept: Sequence[KeptEvent]) -> None:
    """Keeps events, each in place of one with the same id."""
    rows = [
        (account.id, each.event.id, each.at_us, microseconds(tx.now), _json(each.event), _json(each.errors))
        for each in {each.event.id: each for each in kept}.values()
    ]
    remove(tx, account, [row[1] for row in rows])
    tx.insert_many(usage_rejected, COLUMNS, rows)


def remove(tx: Tx, account: Account, ids: Sequence[str]) -> None:
    """Removes those with these ids."""
    if ids:
        tx.write(REMOVE, account=account.id, ids=ids)


def forget(tx: Tx, account: Account, before_us: int) -> None:
    """Removes those that began before an instant (microseconds since 1970)."""
    kept = tx.stream(KEPT, _kept, account=account.id)
    remove(
        tx, account, [each.event.id for each in kept if each.event.start and microseconds(each.event.start) < before_us]
    )


def page(tx: Tx, account: Account, after: str, at_most: int) -> list[KeptEvent]:
    """Those that come after an id, in the order of their ids."""
    return tx.rows(PAGE, _kept, account=account.id, after=after, at_most=at_most)


def oldest(tx: Tx, account: Account, at_most: int) -> list[KeptEvent]:
    """Those that were tried the longest ago."""
    return tx.rows(OLDEST, _kept, account=account.id, at_most=at_most)


def count(tx: Tx, account: Account) -> int:
    """How many there are."""
    return tx.one(COUNT, int, account=account.id)


def _json(value: object) -> str:
    return render.encode(value).decode()


def _kept(at_us: int, event: str, errors: str) -> KeptEvent:
    return KeptEvent(read_again(event), at_us, _ERRORS.decode(errors))
