"""The verbs of quotations: each one use case and one transaction."""

from msgspec import UNSET

from tallystick.bills import verbs
from tallystick.bills.types import DraftChange, NewBill
from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.facts import QuotationAnswered
from tallystick.core.states import Action, check_allowed, next_state
from tallystick.quotations import rules, store
from tallystick.quotations.kind import QUOTATIONS
from tallystick.quotations.types import CustomerAnswer, Quotation
from tallystick.store import outbox
from tallystick.store.db import Tx


def create(tx: Tx, account: Account, new: NewBill) -> Quotation:
    """Makes a draft: see ``bills.verbs``."""
    return verbs.create(tx, account, QUOTATIONS, new)


def preview(tx: Tx, account: Account, new: NewBill) -> Quotation:
    """The draft that ``create`` would make; nothing is stored."""
    return verbs.preview(tx, account, QUOTATIONS, new)


def update(tx: Tx, account: Account, quotation_id: int, change: DraftChange, version: int | None) -> Quotation:
    """Changes what ``change`` names of a draft, labels of any: see ``bills.verbs``."""
    verbs.update(tx, account, QUOTATIONS, store.get_locked(tx, account, quotation_id), change, version)
    return store.get(tx, account, quotation_id)


def publish(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Issues a draft and gives it a share token, as far as it has none. Raises Conflict as ``mark_sent``."""
    return verbs.publish(tx, account, QUOTATIONS, _sendable_locked(tx, account, quotation_id))


def rotate_share(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Gives an issued quotation a new share token in place of the one that it had: see ``bills.verbs``."""
    return verbs.rotate_share(tx, account, QUOTATIONS, store.get_locked(tx, account, quotation_id))


def revoke_share(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Takes an issued quotation's share token away: see ``bills.verbs``."""
    return verbs.revoke_share(tx, account, QUOTATIONS, store.get_locked(tx, account, quotation_id))


def mark_sent(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Issues a draft without a share token; an issued quotation stays as it is.

    Raises Conflict where the quotation is answered in the negative, or is a draft that is no longer valid.
    """
    return issue(tx, account, _sendable_locked(tx, account, quotation_id))


def _sendable_locked(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    quotation = store.get_locked(tx, account, quotation_id)
    rules.check_sendable(quotation, account, tx.now)
    return quotation


def issue(tx: Tx, account: Account, quotation: Quotation) -> Quotation:
    """Gives a draft its number and makes it immutable; any other quotation stays as it is."""
    return verbs.issue(tx, account, QUOTATIONS, quotation, "mark-sent")


def accept(tx: Tx, account: Account, quotation_id: int, answer: CustomerAnswer) -> Quotation:
    """Records that the customer accepts; a draft is issued first. The first answer stays as it was given.

    Raises Conflict where the quotation is rejected, expired or converted.
    """
    quotation = store.get_locked(tx, account, quotation_id)
    rules.check_unexpired(quotation, account, tx.now)
    return _answer(tx, account, quotation, Action.ACCEPT, answer)


def reject(tx: Tx, account: Account, quotation_id: int, answer: CustomerAnswer) -> Quotation:
    """Records that the customer does not accept; a draft is issued first. The first answer stays as it was given.

    Raises Conflict where the quotation is accepted or converted.
    """
    quotation = store.get_locked(tx, account, quotation_id)
    return _answer(tx, account, quotation, Action.REJECT, answer)


def _answer(tx: Tx, account: Account, quotation: Quotation, action: Action, answer: CustomerAnswer) -> Quotation:
    state = next_state(quotation.row.state, action)
    if state is quotation.row.state:
        return quotation
    quotation = issue(tx, account, quotation)
    facts = QuotationAnswered(name=answer.by or UNSET, reason=answer.reason or UNSET)
    outbox.add(tx, account, Event(f"quotation.{state}"), quotation.row.id, facts)
    answered = {f"{state}_at": tx.now, "answered_by": answer.by or None, "answer_reason": answer.reason or None}
    return verbs.set_columns(tx, account, QUOTATIONS, quotation, {"state": state, **answered})


def duplicate(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """Makes a draft with the same content, dated today and valid for as many days."""
    copy_id = verbs.duplicate(tx, account, QUOTATIONS, store.get(tx, account, quotation_id))
    return store.get(tx, account, copy_id)


def delete(tx: Tx, account: Account, quotation_id: int) -> None:
    """Deletes a draft, for ever; Conflict where its number would be missing from the sequence."""
    quotation = store.get_locked(tx, account, quotation_id)
    check_allowed(quotation.row.state, Action.DELETE)
    QUOTATIONS.numbers.check_given_up(tx, account, quotation.row, rules.ISSUE_AND_REJECT)
    store.remove(tx, account, quotation_id)
    outbox.add(tx, account, Event.QUOTATION_DELETED, quotation_id)
