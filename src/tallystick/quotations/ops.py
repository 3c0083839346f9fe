"""The verbs of quotations: each one use case and one transaction."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, structs

from tallystick.bills import ops as bill_ops
from tallystick.bills import rules as bill_rules
from tallystick.bills import store as bill_store
from tallystick.bills.numbers import NumberInUse
from tallystick.bills.types import DraftChange, NewBill
from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.facts import BillCreated, BillUpdated
from tallystick.core.states import Action, check_allowed, next_state
from tallystick.core.totals import compute
from tallystick.quotations import rules, store
from tallystick.quotations.types import Quotation
from tallystick.store import outbox, rows, seals, secrets
from tallystick.store.db import TryAgain, Tx

NOTHING: Mapping[str, Any] = MappingProxyType({})


def create(tx: Tx, account: Account, new: NewBill) -> Quotation:
    """Makes a draft. Raises NumberInUse where the number that it is to have is another quotation's."""
    store.numbers.check_unused(tx, account, new.number)
    found = bill_store.gather(tx, account, new.customer_id, new.items)
    bill, totals = bill_rules.bill_from(new, found, account)
    values = rules.draft_values(new, account, tx.now) | bill_store.bill_values(bill, totals)
    quotation_id = store.insert(tx, account, values)
    lines = store.lines.insert(tx, account, quotation_id, bill, totals)
    outbox.add(tx, account, Event.QUOTATION_CREATED, quotation_id)
    return rules.draft(quotation_id, values, lines, found)


def preview(tx: Tx, account: Account, new: NewBill) -> Quotation:
    """The draft that ``create`` would make; nothing is stored, so it and its lines have the id 0."""
    found = bill_store.gather(tx, account, new.customer_id, new.items)
    bill, totals = bill_rules.bill_from(new, found, account)
    values = rules.draft_values(new, account, tx.now) | bill_store.bill_values(bill, totals)
    return rules.draft(0, values, bill_store.unstored_lines(bill, totals), found)


def update(tx: Tx, account: Account, quotation_id: int, change: DraftChange, version: int | None) -> Quotation:
    """Changes what ``change`` names of a draft; labels, of a bill in any state.

    Raises Conflict for what is no draft, for a stale ``version``, for a number in use, and where the draft's number of
    the sequence would be missing from it or contradict the draft's date.
    """
    quotation = store.get_locked(tx, account, quotation_id)
    if version not in (None, quotation.row.version):
        raise rows.stale()
    if change.is_of_labels_alone:
        return _label(tx, account, quotation, change)
    check_allowed(quotation.row.state, Action.UPDATE)
    if bill_rules.renumbers(quotation.row, change):
        store.numbers.check_given_up(tx, account, quotation.row, rules.KEEPS_NUMBER)
        store.numbers.check_unused(tx, account, change.number or None, but_for=quotation_id)
    customer_id = quotation.row.customer_id if change.customer_id is UNSET else change.customer_id
    found = bill_store.gather(tx, account, customer_id, () if change.items is UNSET else change.items)
    bill, totals = bill_rules.changed_bill(quotation.row, quotation.lines, change, found)
    columns = bill_rules.changed_columns(quotation.row, change, account, tx.now, rules.UNTIL)
    store.change(tx, account, quotation.row, columns | bill_store.bill_values(bill, totals))
    if bill != bill_rules.stored_bill(quotation.row, quotation.lines):
        store.lines.replace(tx, account, quotation_id, bill, totals)
    outbox.add(tx, account, Event.QUOTATION_UPDATED, quotation_id)
    return store.get(tx, account, quotation_id)


def _label(tx: Tx, account: Account, quotation: Quotation, labelling: DraftChange) -> Quotation:
    """Changes the labels, and nothing that an issue fixes: no seal is set."""
    outbox.add(tx, account, Event.QUOTATION_UPDATED, quotation.row.id)
    return change(tx, account, quotation, {"labels": quotation.row.labels.changed(labelling.labels)})


def publish(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Issues a draft and gives it a share token, if it has none; an issued quotation only gets the token that it lacks.

    Raises Conflict as ``mark_sent``.
    """
    quotation = _sendable_locked(tx, account, quotation_id)
    share = {"share_token": quotation.row.share_token or secrets.new_secret(account.id)}
    if next_state(quotation.row.state, Action.ISSUE) is not quotation.row.state:
        return issue(tx, account, quotation, share)
    if quotation.row.share_token:
        return quotation
    outbox.add(tx, account, Event.QUOTATION_UPDATED, quotation_id, BillUpdated(shared=True))
    shared = change(tx, account, quotation, share)
    seals.append(tx, account, [rules.sealed(shared)])
    return shared


def mark_sent(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Issues a draft without a share token; an issued quotation stays as it is.

    Raises Conflict where the quotation is answered in the negative, or is a draft that is no longer valid.
    """
    return issue(tx, account, _sendable_locked(tx, account, quotation_id))


def _sendable_locked(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    quotation = store.get_locked(tx, account, quotation_id)
    rules.check_sendable(quotation, account, tx.now)
    return quotation


def issue(tx: Tx, account: Account, quotation: Quotation, also: Mapping[str, Any] = NOTHING) -> Quotation:
    """Gives a draft its number and makes it immutable; any other quotation stays as it is.

    ``also`` are columns that are set with it. Raises ValidationFailed where EN 16931 has no such bill with its taxes.
    The number is taken after everything else, because its counter stays locked until the transaction ends.
    """
    if next_state(quotation.row.state, Action.ISSUE) is quotation.row.state:
        return quotation
    changes, lines = bill_ops.readied(tx, account, store.lines, quotation.row, quotation.lines)
    quotation = structs.replace(quotation, row=structs.replace(quotation.row, **changes), lines=lines)
    outbox.add(tx, account, Event.QUOTATION_ISSUED, quotation.row.id)
    changes = {**changes, **rules.issued(quotation, account, tx.now)}
    try:
        numbered = store.numbers.at_issue(tx, account, quotation.row)
        issued = change(tx, account, quotation, {**changes, **numbered, **also})
    except NumberInUse:
        if quotation.row.wanted_number is not None:
            raise
        raise TryAgain from None
    seals.append(tx, account, [rules.sealed(issued)])
    return issued


def accept(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Records that the customer accepts; a draft is issued first.

    Raises Conflict where the quotation is rejected, expired or converted.
    """
    quotation = store.get_locked(tx, account, quotation_id)
    rules.check_unexpired(quotation, account, tx.now)
    return _answer(tx, account, quotation, Action.ACCEPT, {"accepted_at": tx.now})


def reject(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Records that the customer does not accept; a draft is issued first.

    Raises Conflict where the quotation is accepted or converted.
    """
    quotation = store.get_locked(tx, account, quotation_id)
    return _answer(tx, account, quotation, Action.REJECT, {"rejected_at": tx.now})


def _answer(tx: Tx, account: Account, quotation: Quotation, action: Action, answered: dict[str, Any]) -> Quotation:
    state = next_state(quotation.row.state, action)
    if state is quotation.row.state:
        return quotation
    quotation = issue(tx, account, quotation)
    outbox.add(tx, account, Event(f"quotation.{state}"), quotation.row.id)
    return change(tx, account, quotation, {"state": state, **answered})


def duplicate(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Makes a draft with the same content, dated today and valid for as many days."""
    original = store.get(tx, account, quotation_id)
    bill = bill_rules.renewed(bill_rules.stored_bill(original.row, original.lines))
    totals = compute(bill)
    values = rules.copied_values(original.row, account, tx.now) | bill_store.bill_values(bill, totals)
    copy_id = store.insert(tx, account, values)
    store.lines.insert(tx, account, copy_id, bill, totals)
    outbox.add(tx, account, Event.QUOTATION_CREATED, copy_id, BillCreated(duplicate_of=quotation_id))
    return store.get(tx, account, copy_id)


def delete(tx: Tx, account: Account, quotation_id: int) -> None:
    """Deletes a draft, for ever; Conflict where its number would be missing from the sequence."""
    quotation = store.get_locked(tx, account, quotation_id)
    check_allowed(quotation.row.state, Action.DELETE)
    store.numbers.check_given_up(tx, account, quotation.row, rules.ISSUE_AND_REJECT)
    store.remove(tx, account, quotation_id)
    outbox.add(tx, account, Event.QUOTATION_DELETED, quotation_id)


def change(tx: Tx, account: Account, quotation: Quotation, changes: dict[str, Any]) -> Quotation:
    """Changes a quotation's row, and answers the quotation as it is then."""
    store.change(tx, account, quotation.row, changes)
    return rules.changed(quotation, changes, tx.now)
