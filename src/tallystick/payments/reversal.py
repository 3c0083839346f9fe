"""Reversal: a payment is taken back, and what credit notes gave the customer settles their own invoices first (ADR 21).

Every reversal locks in one order: the payment, its invoices by their ids, the customer's credit. A credit note changes
only under the lock of its invoice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.core.facts import InvoiceCredited
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import Action, next_state
from tallystick.credit_notes import ops as credit_note_ops
from tallystick.credit_notes import rules as credit_note_rules
from tallystick.credit_notes import store as credit_note_store
from tallystick.credit_notes.types import Given
from tallystick.invoices import ops as invoice_ops
from tallystick.invoices import store as invoice_store
from tallystick.invoices.types import InvoiceRow
from tallystick.payments import rules, store
from tallystick.payments.types import Payment, Returned, Reversal
from tallystick.store import customer_credit, journal, outbox, rows
from tallystick.store.db import Tx
from tallystick.store.journal import Subject
from tallystick.store.tables import payments


def reverse(tx: Tx, account: Account, payment_id: int, invoice_id: int | None = None) -> Reversal:
    """Takes a payment back: it stays on record, and every balance is as if it had not been.

    What its invoices' credit notes gave as credit goes back onto them, as far as it is unspent.

    Raises NotFound where ``invoice_id`` is given and the payment is none of that invoice's, Conflict where it failed,
    is reversed already, or became credit that is spent.
    """
    payment = store.get_locked(tx, account, payment_id)
    shares = {share.invoice_id: share.amount for share in payment.allocations}
    if invoice_id is not None and invoice_id not in shares:
        raise rows.not_found(payments)
    status = next_state(payment.status, Action.REVERSE)
    found = _invoices_locked(tx, account, payment, shares)
    _take_back_credit(tx, account, payment)
    back = _put_back(tx, account, payment, found, shares)
    concerned = [row for row in found if row.id in shares or row.id in back]
    returned = [Returned(row, shares.get(row.id, 0), back.get(row.id, [])) for row in concerned]
    for each in returned:
        _return(tx, account, payment, each)
    store.change(tx, account, payment.id, {"status": status, "reversed_at": tx.now})
    reversed_payment = store.get(tx, account, payment.id)
    outbox.add(tx, account, Event.PAYMENT_REVERSED, payment.id, rules.reversal_facts(reversed_payment, returned))
    return Reversal(reversed_payment, returned)


def reverse_all(tx: Tx, account: Account, invoice_id: int) -> None:
    """Takes back every payment that stands on an invoice; where none does, nothing changes.

    Raises NotFound where there is no such invoice, Conflict where what a payment left over is spent.
    """
    received = [line.id for line in invoice_store.get(tx, account, invoice_id).payments]
    # All are locked before the first is taken back: what another transaction has reversed meanwhile, it shows.
    for payment in [store.get_locked(tx, account, payment_id) for payment_id in received]:
        if payment.status is PaymentStatus.SUCCEEDED:
            reverse(tx, account, payment.id)


def _invoices_locked(tx: Tx, account: Account, payment: Payment, settled: Iterable[int]) -> list[InvoiceRow]:
    """The invoices that the payment settled, and those that lack the credit which it gives back."""
    wanted = set(settled)
    if payment.method is PaymentMethod.CREDIT:
        wanted |= credit_note_store.short(tx, account, payment.customer_id, payment.currency)
    return invoice_store.rows_locked(tx, account, wanted)


def _take_back_credit(tx: Tx, account: Account, payment: Payment) -> None:
    if payment.method is PaymentMethod.CREDIT:
        customer_credit.add(tx, account, payment.customer_id, payment.currency, payment.amount)
    if payment.to_credit:
        if not customer_credit.spend(tx, account, payment.customer_id, payment.currency, payment.to_credit):
            raise Conflict("The excess of this payment became credit, and that is spent. Reverse its use first.")
        subject = Subject(payment.customer_id, payment.currency, payment_id=payment.id)
        journal.post(tx, account, "reversal", subject, [rules.credit_posting(payment.method, -payment.to_credit)])


def _put_back(
    tx: Tx, account: Account, payment: Payment, found: Sequence[InvoiceRow], shares: Mapping[int, int]
) -> dict[int, list[Given]]:
    """What goes back onto each invoice from its credit notes; the payment's own invoices come first."""
    owed = {row.id: row.balance + shares.get(row.id, 0) for row in found}
    given = credit_note_store.given(tx, account, owed)
    by_invoice: dict[int, list[Given]] = defaultdict(list)
    if given:
        unspent = customer_credit.amount_locked(tx, account, payment.customer_id, payment.currency)
        own_first = sorted(given, key=lambda note: (note.invoice_id not in shares, note.credit_note_id))
        for back in credit_note_rules.put_back(owed, own_first, unspent):
            credit_note_ops.put_back(tx, account, payment.customer_id, payment.currency, back)
            by_invoice[back.invoice_id].append(back)
    return by_invoice


def _return(tx: Tx, account: Account, payment: Payment, returned: Returned) -> None:
    row = returned.invoice
    invoice_ops.settle(tx, account, row, paid=-returned.share, credited=returned.put_back)
    subject = Subject(row.customer_id, row.currency, invoice_id=row.id, payment_id=payment.id)
    journal.post(tx, account, "reversal", subject, [rules.settlement_posting(payment.method, -returned.share)])
    if returned.notes and not returned.share:
        put_back = rules.put_back([returned])
        credited = InvoiceCredited(currency=payment.currency, payment_id=payment.id, put_back=put_back)
        outbox.add(tx, account, Event.INVOICE_CREDITED, row.id, credited)
