"""The verbs of invoices: each one use case and one transaction."""

from typing import Any

from msgspec import UNSET
from sqlalchemy.exc import IntegrityError

from tallystick.bills import rules as bill_rules
from tallystick.bills import store as bill_store
from tallystick.bills.numbers import NumberInUse
from tallystick.bills.types import BillRow, DraftChange, LineRow, NewBill
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.states import Action, InvoiceState, after
from tallystick.core.totals import compute
from tallystick.invoices import rules, store
from tallystick.invoices.store import numbers
from tallystick.invoices.types import Invoice
from tallystick.store import journal, outbox, rows, seals, secrets
from tallystick.store.db import TryAgain, Tx
from tallystick.store.seals import Sealed


def create(tx: Tx, account: Account, new: NewBill) -> Invoice:
    """Makes a draft. Raises NumberInUse where the number that it is to have is another bill's."""
    numbers.check_unused(tx, account, new.number)
    found = bill_store.gather(tx, account, new.customer_id, new.items)
    bill, totals = bill_rules.bill_from(new, found, account)
    values = rules.draft_values(new, account, tx.now) | bill_store.bill_values(bill, totals)
    invoice_id = store.insert(tx, account, values)
    lines = store.lines.insert(tx, account, invoice_id, bill, totals)
    outbox.add(tx, account, "invoice.created", invoice_id)
    return rules.draft(invoice_id, values, lines, found)


def preview(tx: Tx, account: Account, new: NewBill) -> Invoice:
    """The draft that ``create`` would make; nothing is stored, so it and its lines have the id 0."""
    found = bill_store.gather(tx, account, new.customer_id, new.items)
    bill, totals = bill_rules.bill_from(new, found, account)
    values = rules.draft_values(new, account, tx.now) | bill_store.bill_values(bill, totals)
    return rules.draft(0, values, bill_store.unstored_lines(bill, totals), found)


def update(tx: Tx, account: Account, invoice_id: int, change: DraftChange, version: int | None) -> Invoice:
    """Changes what ``change`` names of a draft.

    Raises Conflict for what is no draft, for a stale ``version``, for a number in use, and where the draft's number of
    the sequence would be missing from it or contradict the draft's date.
    """
    invoice = store.get_locked(tx, account, invoice_id)
    after(invoice.row.state, Action.UPDATE)
    if version not in (None, invoice.row.version):
        raise rows.stale()
    if bill_rules.renumbers(invoice.row, change):
        numbers.check_given_up(tx, account, invoice.row, rules.KEEPS_NUMBER)
        numbers.check_unused(tx, account, change.number or None, but_for=invoice_id)
    customer_id = invoice.row.customer_id if change.customer_id is UNSET else change.customer_id
    found = bill_store.gather(tx, account, customer_id, () if change.items is UNSET else change.items)
    bill, totals = bill_rules.changed_bill(invoice.row, invoice.lines, change, found)
    columns = bill_rules.changed_columns(invoice.row, change, account, tx.now, rules.UNTIL)
    store.change(tx, account, invoice.row, columns | bill_store.bill_values(bill, totals))
    if bill != bill_rules.stored_bill(invoice.row, invoice.lines):
        store.lines.replace(tx, account, invoice_id, bill, totals)
    outbox.add(tx, account, "invoice.updated", invoice_id)
    return store.get(tx, account, invoice_id)


def publish(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Issues a draft and gives it a share token; an issued invoice only gets the token that it lacks."""
    invoice = issue(tx, account, store.get_locked(tx, account, invoice_id))
    if invoice.row.share_token:
        return invoice
    return _change(tx, account, invoice, {"share_token": secrets.new_secret(account.id)})


def mark_sent(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Issues a draft without a share token; an issued invoice stays as it is."""
    return issue(tx, account, store.get_locked(tx, account, invoice_id))


def issue(tx: Tx, account: Account, invoice: Invoice) -> Invoice:
    """Gives a draft its number and makes it immutable; an issued invoice stays as it is, a voided one is a Conflict.

    So is a draft whose wanted number another invoice has taken, or whose number contradicts its date.
    The number is taken after everything else, because its counter stays locked until the transaction ends.
    """
    after(invoice.row.state, Action.ISSUE)
    if invoice.row.state is InvoiceState.ISSUED:
        return invoice
    journal.post(tx, account, "issue", rules.subject(invoice), rules.revenue(invoice))
    outbox.add(tx, account, "invoice.issued", invoice.row.id)
    columns = rules.issued(invoice, account, tx.now)
    try:
        issued = _change(tx, account, invoice, columns | numbers.at_issue(tx, account, invoice.row))
    except NumberInUse:
        if invoice.row.wanted_number is not None:
            raise
        raise TryAgain from None
    seals.append(tx, account, [rules.sealed(issued)])
    return issued


def unpublish(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Takes an issued invoice on which nothing was paid or credited back to draft; it keeps its number."""
    invoice = store.get_locked(tx, account, invoice_id)
    after(invoice.row.state, Action.UNPUBLISH)
    rules.check_untouched(invoice)
    journal.post(tx, account, "unpublish", rules.subject(invoice), rules.reversed_revenue(invoice))
    outbox.add(tx, account, "invoice.unpublished", invoice_id)
    store.change(tx, account, invoice.row, rules.UNPUBLISHED)
    seals.append(tx, account, [Sealed(rules.KIND, invoice_id, None)])
    return store.get(tx, account, invoice_id)


def void(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Voids an issued invoice on which nothing was paid or credited, for ever."""
    invoice = store.get_locked(tx, account, invoice_id)
    after(invoice.row.state, Action.VOID)
    rules.check_untouched(invoice)
    journal.post(tx, account, "void", rules.subject(invoice), rules.reversed_revenue(invoice))
    outbox.add(tx, account, "invoice.voided", invoice_id)
    return _change(tx, account, invoice, {"state": InvoiceState.VOIDED})


def duplicate(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Makes a draft with the same content, dated today, with the same number of days to pay."""
    original = store.get(tx, account, invoice_id)
    terms_days = max(0, (original.row.due_date - original.row.issue_date).days)
    origin = {"duplicate_of": invoice_id}
    return create_like(tx, account, original.row, original.lines, terms_days=terms_days, origin=origin)


def create_like(
    tx: Tx, account: Account, original: BillRow, lines: list[LineRow], *, terms_days: int, origin: dict[str, int]
) -> Invoice:
    """Makes a draft with the content of another bill, dated today; ``origin`` tells the record which bill it was."""
    bill = bill_rules.stored_bill(original, lines)
    totals = compute(bill)
    values = rules.copied_values(original, account, tx.now, terms_days) | bill_store.bill_values(bill, totals)
    invoice_id = store.insert(tx, account, values)
    store.lines.insert(tx, account, invoice_id, bill, totals)
    outbox.add(tx, account, "invoice.created", invoice_id, origin)
    return store.get(tx, account, invoice_id)


def delete(tx: Tx, account: Account, invoice_id: int) -> None:
    """Moves a draft to the trash; Conflict where its number would be missing from the sequence."""
    invoice = store.get_locked(tx, account, invoice_id)
    after(invoice.row.state, Action.DELETE)
    numbers.check_given_up(tx, account, invoice.row, rules.ISSUE_AND_VOID)
    store.change(tx, account, invoice.row, {"deleted_at": tx.now})
    outbox.add(tx, account, "invoice.deleted", invoice_id)


def restore(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """Takes a draft out of the trash."""
    invoice = store.get_trashed_locked(tx, account, invoice_id)
    outbox.add(tx, account, "invoice.restored", invoice_id)
    return _change(tx, account, invoice, {"deleted_at": None})


def purge(tx: Tx, account: Account, invoice_id: int) -> None:
    """Deletes a draft in the trash for ever; Conflict where it holds a number of the sequence or is on record."""
    invoice = store.get_trashed_locked(tx, account, invoice_id)
    numbers.check_given_up(tx, account, invoice.row, rules.RESTORE_AND_VOID)
    try:
        store.purge(tx, account, invoice_id)
    except IntegrityError:
        raise Conflict(rules.NAMED_ON_RECORD) from None
    outbox.add(tx, account, "invoice.purged", invoice_id)


def next_number(tx: Tx, account: Account) -> str:
    """The number that an invoice issued now would get; takes nothing."""
    return numbers.peek(tx, account, account.today(tx.now))


def _change(tx: Tx, account: Account, invoice: Invoice, changes: dict[str, Any]) -> Invoice:
    store.change(tx, account, invoice.row, changes)
    return rules.changed(invoice, changes, tx.now)
