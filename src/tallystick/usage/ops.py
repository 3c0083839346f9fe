"""The verbs of usage."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, FieldErrors, ValidationFailed
from tallystick.customers.resource import CUSTOMERS
from tallystick.store.db import Tx
from tallystick.store.lists import in_list
from tallystick.store.tables import customers, usage_rates
from tallystick.store.together import Reading
from tallystick.taxes.resource import TAXES
from tallystick.usage import forgetting, incoming, rejected, resource, rules, store
from tallystick.usage.events import MOST_EVENTS, Incoming
from tallystick.usage.forgetting import Forgotten
from tallystick.usage.incoming import Known, Sorted
from tallystick.usage.instants import microseconds
from tallystick.usage.rejected import KeptEvent
from tallystick.usage.resource import RATES
from tallystick.usage.types import Appended, RateRow

TAKEN = "There is a rate for this already, with the id {id}: change that one, or give this one another valid_from."

# Which of these customers the account has.
CUSTOMER_IDS: Select[tuple[int]] = select(customers.c.id).where(
    customers.c.account_id == bindparam("account"), in_list(customers.c.id, "ids")
)
# The rate that is for the same.
SAME: Select[tuple[int]] = select(usage_rates.c.id).where(
    usage_rates.c.account_id == bindparam("account"), usage_rates.c.target == bindparam("target")
)


class Taken(NamedTuple):
    """What became of events: how many are new, how many had come before, and by place what is wrong with the others.

    Of these some are ``unknown``: nothing is wrong but that there is no such customer or meter. And some are ``lost``:
    their days are forgotten, or another content has their id.
    """

    accepted: int
    duplicates: int
    rejected: dict[int, FieldErrors]
    unknown: frozenset[int]
    lost: frozenset[int]

    def refused(self, account: Account) -> dict[int, FieldErrors]:
        """What is wrong with those that are neither taken nor kept."""
        kept = self.unknown if account.usage_keep_rejected else frozenset()
        return {place: errors for place, errors in self.rejected.items() if place not in kept}


class Retried(NamedTuple):
    """What became of events that had been kept: how many are new, how many had come before, how many are left.

    And by their ids what is wrong with those that were dropped, because they can never be taken.
    """

    accepted: int
    duplicates: int
    dropped: dict[str, FieldErrors]
    left: int


def take(tx: Tx, account: Account, given: Incoming, *, needs_customer: bool) -> Taken:
    """Stores the events that can be taken, each id once; ``tx`` is one of ``Database.usage``.

    One that comes again with another content is rejected. ``needs_customer``: so is one without a customer. Where the
    account keeps events of customers and meters that are not known, those are kept, until the same ids are taken.
    """
    taken = _take(tx, account, given, needs_customer=needs_customer)
    if account.usage_keep_rejected:
        at_us = microseconds(tx.now)
        rejected.keep(
            tx, account, [KeptEvent(given.events[each], at_us, taken.rejected[each]) for each in sorted(taken.unknown)]
        )
    return taken


def _take(tx: Tx, account: Account, given: Incoming, *, needs_customer: bool) -> Taken:
    store.announce(tx, account)
    known, some_wait = _gather(tx, account, given, needs_customer=needs_customer)
    found = incoming.sort(given.events, known)
    appended = store.append(tx, account, list(found.rows.values()))
    if some_wait:
        ids = (row.event_id for row in found.rows.values())
        rejected.remove(tx, account, [each for each in ids if each not in appended.conflicting])
    return _taken(given, known, found, appended)


def _gather(tx: Tx, account: Account, given: Incoming, *, needs_customer: bool) -> tuple[Known, bool]:
    """What the events are held against, and whether some of the account's wait to be taken."""
    own = {"account": account.id}
    meters, days, waiting = tx.together(
        Reading(resource.ALL_METERS, resource.READ_METER, own),
        Reading(forgetting.FORGOTTEN, Forgotten, own),
        Reading(rejected.ANY, str, own),
    )
    known = Known(
        meters={meter.key: meter for meter in meters},
        customers=_known_customers(tx, account, incoming.customers_of(given.events)),
        latest=tx.now + incoming.MOST_AHEAD,
        needs_customer=needs_customer,
        forgotten=days[0] if days else None,
    )
    return known, bool(waiting)


def _taken(given: Incoming, known: Known, found: Sorted, appended: Appended) -> Taken:
    conflicts = {
        place: {"id": ["Is stored already, with another content."]}
        for place, row in found.rows.items()
        if row.event_id in appended.conflicting
    }
    wrong = {**given.errors, **found.errors, **conflicts}
    forgotten = {place for place in found.errors if incoming.is_forgotten(given.events[place], known.forgotten)}
    return Taken(
        accepted=appended.accepted,
        duplicates=len(found.rows) - appended.accepted - len(conflicts) + found.repeated,
        rejected=dict(sorted(wrong.items())),
        unknown=found.unknown,
        lost=frozenset(conflicts.keys() | forgotten),
    )


def retry(tx: Tx, account: Account) -> Retried:
    """Takes those of the kept events that can be taken by now, of as many as a request may have; the others stay kept.

    Those that were tried the longest ago come first. What can never be taken is dropped. ``tx`` is one of
    ``Database.usage``.
    """
    waiting = rejected.oldest(tx, account, MOST_EVENTS)
    given = Incoming(events={place: each.event for place, each in enumerate(waiting)}, errors={}, is_one=False)
    taken = _take(tx, account, given, needs_customer=False)
    dropped = {waiting[place].event.id: taken.rejected[place] for place in sorted(taken.lost)}
    rejected.remove(tx, account, list(dropped))
    left = [
        waiting[place]._replace(errors=errors) for place, errors in taken.rejected.items() if place not in taken.lost
    ]
    rejected.keep(tx, account, left)
    return Retried(taken.accepted, taken.duplicates, dropped, rejected.count(tx, account))


def take_all(tx: Tx, account: Account, given: Incoming, *, needs_customer: bool) -> Taken:
    """As ``take``, all of them or none, but for those that are kept.

    Raises ValidationFailed with every field of every event that is wrong.
    """
    taken = take(tx, account, given, needs_customer=needs_customer)
    refused = taken.refused(account)
    if not refused:
        return taken
    raise ValidationFailed(
        {
            field if given.is_one else f"{place}.{field}": sentences
            for place, errors in refused.items()
            for field, sentences in errors.items()
        }
    )


def _known_customers(tx: Tx, account: Account, ids: set[int]) -> frozenset[int]:
    return frozenset(tx.rows(CUSTOMER_IDS, int, account=account.id, ids=list(ids))) if ids else frozenset()


def create_rate(tx: Tx, account: Account, values: Mapping[str, Any]) -> RateRow:
    """Makes a rate. Raises ValidationFailed, and Conflict where another one is for the same."""
    _check_rate(tx, account, values, None)
    return RATES.create(tx, account, values)


def update_rate(tx: Tx, account: Account, rate_id: int, values: Mapping[str, Any], version: int | None) -> RateRow:
    """Changes a rate, which ``values`` hold whole. What was billed by it stays as it is. Raises as ``create_rate``."""
    _check_rate(tx, account, values, rate_id)
    return RATES.update(tx, account, rate_id, values, version)


def _check_rate(tx: Tx, account: Account, values: Mapping[str, Any], own_id: int | None) -> None:
    if values.get("customer_id") is not None:
        CUSTOMERS.named(tx, account, "customer_id", values["customer_id"])
    if values.get("tax_id") is not None:
        TAXES.named(tx, account, "tax_id", values["tax_id"])
    same = tx.row(SAME, int, account=account.id, target=rules.target(values))
    if same not in (None, own_id):
        raise Conflict(TAKEN.format(id=same))
