"""The verbs of invoices: each one use case and one transaction."""

from typing import Any

from msgspec import UNSET

from tallystick.bills import rules as bill_rules
from tallystick.bills import store as bill_store
from tallystick.bills.types import NewBill
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.numbering import Pattern
from tallystick.core.states import Action, InvoiceState, after
from tallystick.invoices import rules, store
from tallystick.invoices.types import Invoice, InvoiceChange
from tallystick.store import counters, journal, outbox, rows, secrets
from tallystick.store.db import TryAgain, Tx


def create(tx: Tx, account: Account, new: NewBill) -> Invoice:
    """Makes a draft."""
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


def update(tx: Tx, account: Account, invoice_id: int, change: InvoiceChange, version: int | None) -> Invoice:
    """Changes what ``change`` names of a draft; Conflict for any other, and for a stale ``version``."""
    invoice = store.get_locked(tx, account, invoice_id)
    after(invoice.row.state, Action.UPDATE)
    if version not in (None, invoice.row.version):
        raise rows.stale()
    customer_id = invoice.row.customer_id if change.customer_id is UNSET else change.customer_id
    found = bill_store.gather(tx, account, customer_id, () if change.items is UNSET else change.items)
    bill, totals = rules.changed_bill(invoice, change, found)
    columns = rules.changed_columns(invoice, change, account, tx.now)
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

    The number is taken after everything else, because its counter stays locked until the transaction ends.
    """
    after(invoice.row.state, Action.ISSUE)
    if invoice.row.state is InvoiceState.ISSUED:
        return invoice
    journal.post(tx, account, "issue", rules.subject(invoice), rules.revenue(invoice))
    outbox.add(tx, account, "invoice.issued", invoice.row.id)
    number = invoice.row.number or _take_number(tx, account, invoice)
    try:
        return _change(tx, account, invoice, rules.issued(invoice, account, number, tx.now))
    except Conflict:
        if invoice.row.number is None:
            raise TryAgain from None
        raise


def next_number(tx: Tx, account: Account) -> str:
    """The number that an invoice issued now would get; takes nothing."""
    today = account.today(tx.now)
    pattern = Pattern.parse(account.number_patterns[rules.KIND])
    sequence = counters.peek(tx, account, rules.KIND, pattern.scope(today))
    while store.is_taken(tx, account, number := pattern.render(today, sequence)):
        sequence += 1
    return number


def _take_number(tx: Tx, account: Account, invoice: Invoice) -> str:
    """The next number of the sequence, stepping over those that clients gave themselves."""
    day = invoice.row.issue_date
    pattern = Pattern.parse(account.number_patterns[rules.KIND])
    while True:
        number = pattern.render(day, counters.take(tx, account, rules.KIND, pattern.scope(day)))
        if not store.is_taken(tx, account, number):
            return number


def _change(tx: Tx, account: Account, invoice: Invoice, changes: dict[str, Any]) -> Invoice:
    store.change(tx, account, invoice.row, changes)
    return rules.changed(invoice, changes, tx.now)
