"""The verbs of invoices: each one use case and one transaction."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import UNSET, structs
from sqlalchemy.exc import IntegrityError

from tallystick.bills import ops as bill_ops
from tallystick.bills import rules as bill_rules
from tallystick.bills import store as bill_store
from tallystick.bills.numbers import NumberInUse
from tallystick.bills.types import BillRow, DraftChange, LineRow, NewBill
from tallystick.core.account import Account
from tallystick.core.bill import Bill
from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.core.facts import BillCreated, BillUpdated, IssueAction
from tallystick.core.states import Action, check_allowed, next_state
from tallystick.core.totals import Totals, compute
from tallystick.customers.types import Customer
from tallystick.invoices import news, rules, store
from tallystick.invoices.store import numbers
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.store import journal, outbox, rows, seals, secrets
from tallystick.store.db import TryAgain, Tx
from tallystick.store.seals import Sealed

NOTHING: Mapping[str, Any] = MappingProxyType({})


def create(tx: Tx, account: Account, new: NewBill, customer: Customer | None = None) -> Invoice:
    """Makes a draft; ``customer`` is whom it names, where that row was read already.

    Raises NumberInUse where the number that it is to have is another bill's.
    """
    numbers.check_unused(tx, account, new.number)
    found = bill_store.gather(tx, account, new.customer_id, new.items, customer)
    bill, totals = bill_rules.bill_from(new, found, account)
    values = rules.draft_values(new, account, tx.now) | bill_store.bill_values(bill, totals)
    invoice_id = store.insert(tx, account, values)
    lines = store.lines.insert(tx, account, invoice_id, bill, totals)
    outbox.add(tx, account, Event.INVOICE_CREATED, invoice_id)
    return rules.draft(invoice_id, values, lines, found)


def preview(tx: Tx, account: Account, new: NewBill) -> Invoice:
    """The draft that ``create`` would make; nothing is stored, so it and its lines have the id 0."""
    found = bill_store.gather(tx, account, new.customer_id, new.items)
    bill, totals = bill_rules.bill_from(new, found, account)
    values = rules.draft_values(new, account, tx.now) | bill_store.bill_values(bill, totals)
    return rules.draft(0, values, bill_store.unstored_lines(bill, totals), found)


def update(tx: Tx, account: Account, invoice_id: int, change: DraftChange, version: int | None) -> Invoice:
    """Changes what ``change`` names of a draft; labels, of a bill in any state.

    Raises Conflict for what is no draft, for a stale ``version``, for a number in use, and where the draft's number of
    the sequence would be missing from it or contradict the draft's date.
    """
    invoice = store.get_locked(tx, account, invoice_id)
    if version not in (None, invoice.row.version):
        raise rows.stale()
    if change.is_of_labels_alone:
        return _label(tx, account, invoice, change)
    check_allowed(invoice.row.state, Action.UPDATE)
    if bill_rules.renumbers(invoice.row, change):
        numbers.check_given_up(tx, account, invoice.row, rules.KEEPS_NUMBER)
        numbers.check_unused(tx, account, change.number or None, but_for=invoice_id)
    changed = _changed(tx, account, invoice, change)
    _write(tx, account, invoice, changed)
    outbox.add(tx, account, Event.INVOICE_UPDATED, invoice_id)
    return store.get(tx, account, invoice_id)


def _label(tx: Tx, account: Account, invoice: Invoice, change: DraftChange) -> Invoice:
    """Changes the labels, and nothing that an issue fixes: no seal is set."""
    outbox.add(tx, account, Event.INVOICE_UPDATED, invoice.row.id)
    return _change(tx, account, invoice, {"labels": invoice.row.labels.changed(change.labels)})


class Changed(NamedTuple):
    """What is to become of an invoice: its columns but for the bill's own, the bill, and the customer."""

    columns: dict[str, Any]
    bill: Bill
    totals: Totals
    customer: dict[str, Any]


def _changed(tx: Tx, account: Account, invoice: Invoice, change: DraftChange) -> Changed:
    customer_id = invoice.row.customer_id if change.customer_id is UNSET else change.customer_id
    found = bill_store.gather(tx, account, customer_id, () if change.items is UNSET else change.items)
    bill, totals = bill_rules.changed_bill(invoice.row, invoice.lines, change, found)
    columns = bill_rules.changed_columns(invoice.row, change, account, tx.now, rules.UNTIL)
    return Changed(columns, bill, totals, bill_rules.customer_copy(found.customer))


def _write(tx: Tx, account: Account, invoice: Invoice, changed: Changed) -> None:
    store.change(tx, account, invoice.row, changed.columns | bill_store.bill_values(changed.bill, changed.totals))
    if changed.bill != bill_rules.stored_bill(invoice.row, invoice.lines):
        store.lines.replace(tx, account, invoice.row.id, changed.bill, changed.totals)


def publish(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Issues a draft and gives it a share token, as far as it has none; an issued invoice only gets its token."""
    invoice = store.get_locked(tx, account, invoice_id)
    state = next_state(invoice.row.state, Action.ISSUE)
    share = {"share_token": invoice.row.share_token or secrets.new_secret(account.id)}
    if state is not invoice.row.state:
        return issue(tx, account, invoice, "publish", share)
    if invoice.row.share_token:
        return invoice
    outbox.add(tx, account, Event.INVOICE_UPDATED, invoice_id, BillUpdated(shared=True))
    shared = _change(tx, account, invoice, share)
    seals.append(tx, account, [rules.sealed(shared)])
    return shared


def mark_sent(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Issues a draft without a share token; an issued invoice stays as it is."""
    return issue(tx, account, store.get_locked(tx, account, invoice_id), "mark-sent")


def issue(
    tx: Tx, account: Account, invoice: Invoice, action: IssueAction, also: Mapping[str, Any] = NOTHING
) -> Invoice:
    """Gives a draft its number and makes it immutable; an issued invoice stays as it is, a voided one is a Conflict.

    So is a draft whose wanted number another invoice has taken, or whose number contradicts its date. Raises
    ValidationFailed where EN 16931 has no such bill with its taxes. ``action`` tells the record what it was issued by;
    ``also`` are columns that are set with it. The number is taken after everything else, because its counter stays
    locked until the transaction ends.
    """
    if next_state(invoice.row.state, Action.ISSUE) is invoice.row.state:
        return invoice
    changes, lines = bill_ops.readied(tx, account, store.lines, invoice.row, invoice.lines)
    invoice = structs.replace(invoice, row=structs.replace(invoice.row, **changes), lines=lines)
    journal.post(tx, account, "issue", rules.subject(invoice), rules.revenue(invoice))
    outbox.add_all(tx, account, news.issued(invoice, action))
    changes = {**changes, **rules.issued(invoice, account, tx.now)}
    try:
        numbered = numbers.at_issue(tx, account, invoice.row)
        issued = _change(tx, account, invoice, {**changes, **numbered, **also})
    except NumberInUse:
        if invoice.row.wanted_number is not None:
            raise
        raise TryAgain from None
    seals.append(tx, account, [rules.sealed(issued)])
    return issued


def settle(tx: Tx, account: Account, row: InvoiceRow, *, paid: int = 0, credited: int = 0) -> None:
    """Adds to what is paid and credited on an invoice (minor units, below 0 to take back); tells when that is all."""
    settled = {"paid": row.paid + paid, "credited": row.credited + credited}
    store.change(tx, account, row, settled)
    outbox.add_all(tx, account, news.paid(structs.replace(row, **settled), owed_before=row.balance))


def revise(tx: Tx, account: Account, invoice_id: int, change: DraftChange, version: int | None) -> Invoice:
    """Takes an issued invoice back, changes it and issues it again at once, to the customer as it is by now.

    Its number and its share link stay; one that would say what it says already stays as it is. Raises Conflict where
    something is paid or credited, for another number, a day that is not its number's, and a stale ``version``.
    """
    invoice = store.get_locked(tx, account, invoice_id)
    state = next_state(invoice.row.state, Action.REVISE)
    if version not in (None, invoice.row.version):
        raise rows.stale()
    rules.check_untouched(invoice)
    rules.check_keeps_number(invoice.row, change)
    changed = _changed(tx, account, invoice, change)
    columns = rules.revised(structs.replace(invoice.row, **changed.columns), changed.customer, account, tx.now)
    changed = changed._replace(columns={**changed.columns, **columns, "state": state})
    is_same_bill = changed.bill == bill_rules.stored_bill(invoice.row, invoice.lines)
    if is_same_bill and not rules.is_changed(invoice.row, changed.columns):
        is_labelled = invoice.row.labels.changed(change.labels) != invoice.row.labels
        return _label(tx, account, invoice, change) if is_labelled else invoice
    _write(tx, account, invoice, changed)
    revised = store.get(tx, account, invoice_id)
    bill_rules.check_issuable(revised.lines)
    journal.post(tx, account, "unpublish", rules.subject(invoice), rules.reversed_revenue(invoice))
    journal.post(tx, account, "issue", rules.subject(revised), rules.revenue(revised))
    outbox.add_all(tx, account, news.revised(invoice, revised))
    seals.append(tx, account, [Sealed(rules.KIND, invoice_id, None), rules.sealed(revised)])
    return revised


def unpublish(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Takes an issued invoice on which nothing was paid or credited back to draft; it keeps its number."""
    invoice = store.get_locked(tx, account, invoice_id)
    state = next_state(invoice.row.state, Action.UNPUBLISH)
    rules.check_untouched(invoice)
    journal.post(tx, account, "unpublish", rules.subject(invoice), rules.reversed_revenue(invoice))
    outbox.add(tx, account, Event.INVOICE_UNPUBLISHED, invoice_id)
    store.change(tx, account, invoice.row, {"state": state, **rules.UNPUBLISHED})
    seals.append(tx, account, [Sealed(rules.KIND, invoice_id, None)])
    return store.get(tx, account, invoice_id)


def void(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Voids an issued invoice on which nothing was paid or credited, for ever."""
    invoice = store.get_locked(tx, account, invoice_id)
    state = next_state(invoice.row.state, Action.VOID)
    rules.check_untouched(invoice)
    journal.post(tx, account, "void", rules.subject(invoice), rules.reversed_revenue(invoice))
    outbox.add(tx, account, Event.INVOICE_VOIDED, invoice_id)
    return _change(tx, account, invoice, {"state": state})


def duplicate(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Makes a draft with the same content, dated today, with the same number of days to pay.

    That of a voided invoice bills the same period of its schedule again, if it has one: Conflict where another invoice,
    even one in the trash, bills it already.
    """
    original = store.get(tx, account, invoice_id)
    period = rules.billed_again(original.row)
    if period:
        rules.check_unbilled(store.of_period(tx, account, period))
    terms_days = max(0, (original.row.due_date - original.row.issue_date).days)
    origin = BillCreated(duplicate_of=invoice_id)
    return create_like(tx, account, original.row, original.lines, terms_days=terms_days, origin=origin, period=period)


def create_like(
    tx: Tx,
    account: Account,
    original: BillRow,
    lines: list[LineRow],
    *,
    terms_days: int,
    origin: BillCreated,
    period: dict[str, Any] | None = None,
) -> Invoice:
    """Makes a draft with the content of another bill, dated today; ``origin`` tells the record which bill it was.

    ``period`` are the columns of the schedule's period that it bills, if it does.
    """
    bill = bill_rules.renewed(bill_rules.stored_bill(original, lines))
    totals = compute(bill)
    values = {
        **rules.copied_values(original, account, tx.now, terms_days),
        **bill_store.bill_values(bill, totals),
        **(period or {}),
    }
    invoice_id = store.insert(tx, account, values)
    store.lines.insert(tx, account, invoice_id, bill, totals)
    outbox.add(tx, account, Event.INVOICE_CREATED, invoice_id, origin)
    return store.get(tx, account, invoice_id)


def delete(tx: Tx, account: Account, invoice_id: int) -> None:
    """Moves a draft to the trash; Conflict where its number would be missing from the sequence."""
    invoice = store.get_locked(tx, account, invoice_id)
    check_allowed(invoice.row.state, Action.DELETE)
    numbers.check_given_up(tx, account, invoice.row, rules.ISSUE_AND_VOID)
    store.change(tx, account, invoice.row, {"deleted_at": tx.now})
    outbox.add(tx, account, Event.INVOICE_DELETED, invoice_id)


def restore(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Takes a draft out of the trash."""
    invoice = store.get_trashed_locked(tx, account, invoice_id)
    outbox.add(tx, account, Event.INVOICE_RESTORED, invoice_id)
    return _change(tx, account, invoice, {"deleted_at": None})


def purge(tx: Tx, account: Account, invoice_id: int) -> None:
    """Deletes a draft in the trash for ever; Conflict where it holds a number of the sequence or is on record."""
    invoice = store.get_trashed_locked(tx, account, invoice_id)
    numbers.check_given_up(tx, account, invoice.row, rules.RESTORE_AND_VOID)
    try:
        store.purge(tx, account, invoice_id)
    except IntegrityError:
        raise Conflict(rules.NAMED_ON_RECORD) from None
    outbox.add(tx, account, Event.INVOICE_PURGED, invoice_id)


def next_number(tx: Tx, account: Account) -> str:
    """The number that an invoice issued now would get; takes nothing."""
    return numbers.peek(tx, account, account.today(tx.now))


def _change(tx: Tx, account: Account, invoice: Invoice, changes: dict[str, Any]) -> Invoice:
    store.change(tx, account, invoice.row, changes)
    return rules.changed(invoice, changes, tx.now)
