"""The verbs of recurring billing: each one use case and one transaction. For billing itself see ``billing.py``."""

from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import structs

from tallystick.bills import header
from tallystick.bills import rules as bill_rules
from tallystick.bills import store as bill_store
from tallystick.bills.sums import Sums
from tallystick.bills.types import NewBill, References
from tallystick.core.account import Account
from tallystick.core.bill import Bill
from tallystick.core.errors import FieldErrors, ValidationFailed
from tallystick.core.events import Event
from tallystick.core.facts import ScheduleChanged
from tallystick.core.totals import Totals
from tallystick.recurring import rules, store
from tallystick.recurring.types import (
    NO_CONSENT,
    BillingTerms,
    ChangedSchedule,
    Consent,
    ProgressChange,
    Schedule,
    ScheduleChange,
)
from tallystick.store import outbox, rows
from tallystick.store.db import Tx
from tallystick.usage import resource

KIND = "recurring"


def create(
    tx: Tx,
    account: Account,
    content: NewBill,
    terms: BillingTerms,
    amount: Decimal | None = None,
    consent: Consent = NO_CONSENT,
) -> Schedule:
    """Makes a schedule. Its currency, whether its prices include tax, and its buyer reference stay those of today.

    ``amount`` (major units) is what its one item was given as, if it was. Raises ValidationFailed with every field that
    is wrong, and EmailNotConfigured where it is to send invoices.
    """
    errors = rules.term_errors(terms) | _meter_errors(tx, account, terms)
    computed = _computed(tx, account, content, terms, amount, errors)
    content = bill_rules.for_customer(content, computed.found)
    rules.check_sending(structs.asdict(terms))
    values = {
        **structs.asdict(terms),
        **_content_columns(content, computed),
        **rules.first_progress(terms, account.today(tx.now), consent),
    }
    made = store.insert(tx, account, values, content.items)
    outbox.add(tx, account, Event.RECURRING_CREATED, made.row.id)
    return made


def update(tx: Tx, account: Account, recurring_id: int, change: ScheduleChange, version: int | None) -> ChangedSchedule:
    """Changes what ``change`` names, for the periods to come; labels alone, whatever the catalogue is by now.

    Raises ValidationFailed with every field that is wrong, EmailNotConfigured where it is to send invoices, and
    Conflict for a stale ``version`` and for a new start date that leaves days unbilled.
    """
    stored = store.get_locked(tx, account, recurring_id)
    rows.check_version(stored.row.version, version)
    if change.is_of_labels_alone:
        outbox.add(tx, account, Event.RECURRING_UPDATED, recurring_id)
        labels = {"labels": stored.row.labels.changed(change.content.labels)}
        return ChangedSchedule(store.change(tx, account, stored, labels, stored.items), None)
    terms = BillingTerms(**{name: getattr(stored.row, name) for name in BillingTerms.__struct_fields__} | change.terms)
    errors = rules.term_errors(terms) | _meter_errors(tx, account, terms)
    content = rules.changed_content(rules.content(stored.row, stored.items), change, errors)
    computed = _computed(tx, account, content, terms, change.amount.get("unit_price"), errors)
    of_customer = bill_rules.of_other_customer(stored.row.customer_id, change.content, computed.found)
    content = structs.replace(content, header=header.changed(content.header, of_customer))
    rules.check_sending(change.terms)
    move = rules.progress_after_change(stored.row, terms, account.today(tx.now), change.consent)
    columns = {**structs.asdict(terms), **_content_columns(content, computed), **move.columns}
    outbox.add(tx, account, Event.RECURRING_UPDATED, recurring_id, _left_out(move))
    return ChangedSchedule(store.change(tx, account, stored, columns, content.items), move.unbilled)


def toggle(tx: Tx, account: Account, recurring_id: int, *, catches_up: bool) -> ChangedSchedule:
    """Switches a schedule off, or on again: see ``rules.toggled``. Raises Conflict where it has ended."""
    stored = store.get_locked(tx, account, recurring_id)
    move = rules.toggled(stored.row, account.today(tx.now), catches_up=catches_up)
    changed = store.change(tx, account, stored, move.columns, stored.items)
    outbox.add(tx, account, SWITCHED[stored.row.active, changed.row.active], recurring_id, _left_out(move))
    return ChangedSchedule(changed, move.unbilled)


def _meter_errors(tx: Tx, account: Account, terms: BillingTerms) -> FieldErrors:
    """What is wrong with the meters, by field: each must be there."""
    known = resource.meters(tx, account) if terms.meters else {}
    return {
        f"meters.{place}": [f"There is no meter {key}."]
        for place, key in enumerate(terms.meters or ())
        if key not in known
    }


SWITCHED = {
    (False, True): Event.RECURRING_SWITCHED_ON,
    (True, False): Event.RECURRING_SWITCHED_OFF,
    (True, True): Event.RECURRING_UPDATED,
}


def _left_out(move: ProgressChange) -> ScheduleChanged | None:
    """What the record says of the days that nothing bills any more."""
    return move.unbilled and ScheduleChanged(unbilled_from=move.unbilled.first, unbilled_to=move.unbilled.last)


def delete(tx: Tx, account: Account, recurring_id: int) -> bool:
    """Deletes a schedule; its invoices stay, and stay what they are. Answers whether it had none."""
    stored = store.get_locked(tx, account, recurring_id)
    outbox.add(tx, account, Event.RECURRING_DELETED, recurring_id)
    return store.delete_or_hide(tx, account, stored.row)


class Computed(NamedTuple):
    """What the rows that a schedule names make of its content today."""

    found: References
    bill: Bill
    totals: Totals


def _computed(
    tx: Tx, account: Account, content: NewBill, terms: BillingTerms, amount: Decimal | None, errors: FieldErrors
) -> Computed:
    """What the schedule would bill today. Raises ValidationFailed with ``errors`` and whatever else is wrong."""
    new = rules.with_default_tax(content, terms)
    found = bill_store.gather(tx, account, new.customer_id, new.items)
    errors |= rules.amount_errors(amount, bill_rules.currency_of(new, found, account))
    try:
        bill, totals = bill_rules.bill_from(new, found, account)
    except ValidationFailed as failure:
        raise ValidationFailed(rules.errors_by_request_field(failure.errors, content.items) | errors) from None
    if errors:
        raise ValidationFailed(errors)
    return Computed(found, bill, totals)


def _content_columns(content: NewBill, computed: Computed) -> dict[str, Any]:
    bill = computed.bill
    return {
        "customer_id": content.customer_id,
        "currency": bill.currency,
        "discount_type": bill.discount and bill.discount.type.value,
        "discount_value": bill.discount and bill.discount.value,
        "prices_include_tax": bill.prices_include_tax,
        "header": content.header,
        "labels": content.labels,
        "error": None,
        "sums": Sums.of(computed.totals),
    }
