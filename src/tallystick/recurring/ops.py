"""The verbs of recurring billing: each one use case and one transaction. For billing itself see ``billing.py``."""

from typing import Any

from msgspec import structs

from tallystick.bills import rules as bill_rules
from tallystick.bills import store as bill_store
from tallystick.bills.types import NewBill
from tallystick.core.account import Account
from tallystick.core.bill import Bill
from tallystick.core.errors import ValidationFailed
from tallystick.core.events import Event
from tallystick.core.totals import Totals
from tallystick.recurring import rules, store
from tallystick.recurring.types import Recurring, ScheduleChange, Terms
from tallystick.store import outbox, rows
from tallystick.store.db import Tx

KIND = "recurring"


def create(tx: Tx, account: Account, content: NewBill, terms: Terms) -> Recurring:
    """Makes a schedule. Its currency, and whether its prices include tax, stay what they are today."""
    rules.check_terms(terms)
    bill, totals = _computed(tx, account, content, terms)
    following = rules.next_date(terms, terms.start_date, 0)
    values = {
        **structs.asdict(terms),
        **_content_columns(content, bill, totals),
        "active": following is not None,
        "bills_from": terms.start_date,
        "next_date": following,
    }
    made = store.insert(tx, account, values, content.items)
    outbox.add(tx, account, Event.RECURRING_CREATED, made.row.id)
    return made


def update(tx: Tx, account: Account, recurring_id: int, change: ScheduleChange, version: int | None) -> Recurring:
    """Changes what ``change`` names, for the periods to come; Conflict for a stale ``version``."""
    stored = store.get_locked(tx, account, recurring_id)
    if version not in (None, stored.row.version):
        raise rows.stale()
    terms = Terms(**{name: getattr(stored.row, name) for name in Terms.__struct_fields__} | change.terms)
    rules.check_terms(terms)
    content = rules.changed_content(rules.content(stored.row, stored.items), change)
    bill, totals = _computed(tx, account, content, terms)
    columns = {
        **structs.asdict(terms),
        **_content_columns(content, bill, totals),
        **rules.moved(stored.row, terms),
    }
    outbox.add(tx, account, Event.RECURRING_UPDATED, recurring_id)
    return store.change(tx, account, stored, columns, content.items)


def toggle(tx: Tx, account: Account, recurring_id: int, *, catches_up: bool) -> Recurring:
    """Switches a schedule off, or on again: see ``rules.switched_on``."""
    stored = store.get_locked(tx, account, recurring_id)
    if stored.row.active:
        columns = rules.SWITCHED_OFF
    else:
        columns = rules.switched_on(stored.row, account.today(tx.now), catches_up=catches_up)
    outbox.add(
        tx, account, Event.RECURRING_SWITCHED_ON if columns["active"] else Event.RECURRING_SWITCHED_OFF, recurring_id
    )
    return store.change(tx, account, stored, columns, stored.items)


def delete(tx: Tx, account: Account, recurring_id: int) -> bool:
    """Deletes a schedule; its invoices stay, and stay what they are. Answers whether it had none."""
    stored = store.get_locked(tx, account, recurring_id)
    outbox.add(tx, account, Event.RECURRING_DELETED, recurring_id)
    return store.delete_or_hide(tx, account, stored.row)


def _computed(tx: Tx, account: Account, content: NewBill, terms: Terms) -> tuple[Bill, Totals]:
    """What the schedule would bill today. Raises ValidationFailed with every field that is wrong."""
    new = rules.taxed(content, terms)
    found = bill_store.gather(tx, account, new.customer_id, new.items)
    try:
        return bill_rules.bill_from(new, found, account)
    except ValidationFailed as failure:
        raise ValidationFailed(rules.asked(failure.errors, content.items)) from None


def _content_columns(content: NewBill, bill: Bill, totals: Totals) -> dict[str, Any]:
    return {
        "customer_id": content.customer_id,
        "currency": bill.currency,
        "discount_type": bill.discount and bill.discount.type.value,
        "discount_value": bill.discount and bill.discount.value,
        "prices_include_tax": bill.prices_include_tax,
        "notes": content.notes,
        "payment_terms": content.payment_terms,
        "template_id": content.template_id,
        "error": None,
        **rules.sums(totals),
    }
