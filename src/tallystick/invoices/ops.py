"""The verbs of invoices: each one use case and one transaction."""

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy.exc import IntegrityError

from tallystick.bills import rules as bill_rules
from tallystick.bills import steps, verbs
from tallystick.bills.effects import Effects
from tallystick.bills.seal import seal_of
from tallystick.bills.steps import Step, bill_of, write
from tallystick.bills.types import DraftChange, NewBill
from tallystick.bills.verbs import Basis, basis
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.core.facts import IssueAction
from tallystick.core.states import Action, check_allowed, next_state
from tallystick.customers.types import Customer
from tallystick.invoices import news, rules, store
from tallystick.invoices.kind import INVOICES
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.store import journal, outbox, rows, seals
from tallystick.store.db import Tx
from tallystick.store.journal import JournalEntry
from tallystick.store.outbox import NewEvent
from tallystick.store.seals import Sealed


def create(tx: Tx, account: Account, new: NewBill, customer: Customer | None = None) -> Invoice:
    """Makes a draft: see ``bills.verbs``."""
    return verbs.create(tx, account, INVOICES, new, customer)


def preview(tx: Tx, account: Account, new: NewBill) -> Invoice:
    """The draft that ``create`` would make; nothing is stored."""
    return verbs.preview(tx, account, INVOICES, new)


def update(tx: Tx, account: Account, invoice_id: int, change: DraftChange, version: int | None) -> Invoice:
    """Changes what ``change`` names of a draft, labels of any: see ``bills.verbs``."""
    verbs.update(tx, account, INVOICES, store.get_locked(tx, account, invoice_id), change, version)
    return store.get(tx, account, invoice_id)


def publish(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Issues a draft and gives it a share token, as far as it has none; an issued invoice only gets its token."""
    return verbs.publish(tx, account, INVOICES, store.get_locked(tx, account, invoice_id))


def publishing(basis: Basis, invoice: Invoice) -> Step[InvoiceRow]:
    """What ``publish`` makes of an invoice."""
    return verbs.publishing(basis, INVOICES, invoice)


def rotate_share(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Gives an issued invoice a new share token in place of the one that it had: see ``bills.verbs``."""
    return verbs.rotate_share(tx, account, INVOICES, store.get_locked(tx, account, invoice_id))


def revoke_share(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Takes an issued invoice's share token away: see ``bills.verbs``."""
    return verbs.revoke_share(tx, account, INVOICES, store.get_locked(tx, account, invoice_id))


def mark_sent(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Issues a draft without a share token; an issued invoice stays as it is."""
    return issue(tx, account, store.get_locked(tx, account, invoice_id), "mark-sent")


def marking_sent(basis: Basis, invoice: Invoice) -> Step[InvoiceRow]:
    """What ``mark_sent`` makes of an invoice."""
    return verbs.issuing(basis, INVOICES, invoice, "mark-sent")


def issue(tx: Tx, account: Account, invoice: Invoice, action: IssueAction) -> Invoice:
    """Gives a draft its number and makes it immutable; an issued invoice stays as it is, a voided one is a Conflict.

    Raises as ``bills.verbs.issue``. ``action`` tells the record what it was issued by.
    """
    return verbs.issue(tx, account, INVOICES, invoice, action)


def write_all(tx: Tx, account: Account, decided: Sequence[Step[InvoiceRow]]) -> None:
    """Writes what was decided on invoices, which are locked."""
    steps.write_all(tx, account, INVOICES, decided)


def settle(tx: Tx, account: Account, row: InvoiceRow, *, paid: int = 0, credited: int = 0) -> InvoiceRow:
    """As ``settling``, and answers the row as it is then."""
    return write(tx, account, INVOICES, settling(Step.of(row, []), paid=paid, credited=credited)).row


def settling(step: Step[InvoiceRow], *, paid: int = 0, credited: int = 0) -> Step[InvoiceRow]:
    """Adds to what is paid and credited on an invoice (minor units, below 0 to take back); tells when that is all."""
    row = step.row
    settled = step.then({"paid": row.paid + paid, "credited": row.credited + credited})
    return settled.telling(Effects(news.paid(settled.row, owed_before=row.balance)))


def revise(tx: Tx, account: Account, invoice_id: int, change: DraftChange, version: int | None) -> Invoice:
    """Takes an issued invoice back, changes it and issues it again at once, to the customer as it is by now.

    Its number and its share link stay; one that would say what it says already stays as it is, but for its labels, and
    labels alone revise nothing. Raises Conflict where something is paid or credited, for another number, a day that is
    not its number's, and a stale ``version``.
    """
    invoice = store.get_locked(tx, account, invoice_id)
    state = next_state(invoice.row.state, Action.REVISE)
    rows.check_version(invoice.row.version, version)
    rules.check_untouched(invoice)
    rules.check_keeps_number(invoice.row, change)
    if change.is_of_labels_alone:
        return _labelled(tx, account, invoice, change)
    changed = verbs.changed(tx, account, INVOICES, invoice, change)
    columns = rules.revised(structs.replace(invoice.row, **changed.columns), changed.customer, account, tx.now)
    changed = changed._replace(columns={**changed.columns, **columns, "state": state})
    is_same_bill = changed.bill == bill_rules.stored_bill(invoice.row, invoice.lines)
    if is_same_bill and not rules.is_changed(invoice.row, changed.columns):
        return _labelled(tx, account, invoice, change)
    verbs.write_changed(tx, account, INVOICES, invoice, changed)
    revised = store.get(tx, account, invoice_id)
    bill_rules.check_issuable(changed.bill.lines)
    journal.post(tx, account, "unpublish", rules.subject(invoice), rules.reversed_revenue(invoice))
    journal.post(tx, account, "issue", rules.subject(revised), rules.revenue(revised))
    outbox.add_all(tx, account, news.revised(invoice, revised))
    seals.append(tx, account, [_withdrawn(invoice), seal_of(INVOICES, revised.row, revised.lines)])
    return revised


def _labelled(tx: Tx, account: Account, invoice: Invoice, change: DraftChange) -> Invoice:
    is_labelled = invoice.row.labels.changed(change.labels) != invoice.row.labels
    return verbs.label(tx, account, INVOICES, invoice, change) if is_labelled else invoice


def unpublish(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Takes an issued invoice on which nothing was paid or credited back to draft; it keeps its number."""
    invoice = store.get_locked(tx, account, invoice_id)
    state = next_state(invoice.row.state, Action.UNPUBLISH)
    rules.check_untouched(invoice)
    journal.post(tx, account, "unpublish", rules.subject(invoice), rules.reversed_revenue(invoice))
    outbox.add(tx, account, Event.INVOICE_UNPUBLISHED, invoice_id)
    INVOICES.rows.change(tx, account, invoice.row, {"state": state, **rules.CLEARED_BY_UNPUBLISH})
    seals.append(tx, account, [_withdrawn(invoice)])
    return store.get(tx, account, invoice_id)


def void(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Voids an issued invoice on which nothing was paid or credited, for ever."""
    invoice = store.get_locked(tx, account, invoice_id)
    return bill_of(invoice, write(tx, account, INVOICES, voiding(basis(tx, account, [invoice]), invoice)))


def voiding(_basis: Basis, invoice: Invoice) -> Step[InvoiceRow]:
    """What ``void`` makes of an invoice. Raises Conflict where it is not issued, or something is paid or credited."""
    state = next_state(invoice.row.state, Action.VOID)
    rules.check_untouched(invoice)
    told = NewEvent(Event.INVOICE_VOIDED, invoice.row.id)
    entry = JournalEntry("void", rules.subject(invoice), rules.reversed_revenue(invoice))
    return Step.of(invoice.row, invoice.lines).then({"state": state}, Effects([told], [entry]))


def _withdrawn(invoice: Invoice) -> Sealed:
    """What takes an invoice's seal out of force."""
    return Sealed(INVOICES.name, invoice.row.id, None)


def duplicate(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Makes a draft with the same content, dated today, with the same number of days to pay.

    That of a voided invoice bills the same period of its schedule again, if it has one: Conflict where another invoice,
    even one in the trash, bills it already.
    """
    original = store.get(tx, account, invoice_id)
    period = rules.billed_again(original.row)
    if period:
        rules.check_unbilled(store.of_period(tx, account, period))
    copy_id = verbs.duplicate(tx, account, INVOICES, original, period or {})
    return store.get(tx, account, copy_id)


def delete(tx: Tx, account: Account, invoice_id: int) -> None:
    """Moves a draft to the trash; Conflict where its number would be missing from the sequence."""
    invoice = store.get_locked(tx, account, invoice_id)
    check_allowed(invoice.row.state, Action.DELETE)
    INVOICES.numbers.check_given_up(tx, account, invoice.row, rules.ISSUE_AND_VOID)
    INVOICES.rows.change(tx, account, invoice.row, {"deleted_at": tx.now})
    outbox.add(tx, account, Event.INVOICE_DELETED, invoice_id)


def restore(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Takes a draft out of the trash."""
    invoice = store.get_trashed_locked(tx, account, invoice_id)
    outbox.add(tx, account, Event.INVOICE_RESTORED, invoice_id)
    return verbs.set_columns(tx, account, INVOICES, invoice, {"deleted_at": None})


def purge(tx: Tx, account: Account, invoice_id: int) -> None:
    """Deletes a draft in the trash for ever; Conflict where it holds a number of the sequence or is on record."""
    invoice = store.get_trashed_locked(tx, account, invoice_id)
    INVOICES.numbers.check_given_up(tx, account, invoice.row, rules.RESTORE_AND_VOID)
    try:
        store.purge(tx, account, invoice_id)
    except IntegrityError:
        raise Conflict(rules.NAMED_ON_RECORD) from None
    outbox.add(tx, account, Event.INVOICE_PURGED, invoice_id)


def next_number(tx: Tx, account: Account) -> str:
    """The number that an invoice issued now would get; takes nothing."""
    return INVOICES.numbers.peek(tx, account, account.today(tx.now))
