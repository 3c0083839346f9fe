"""The verbs of payments."""

from tallystick.core.account import Account
from tallystick.core.errors import Overpayment, ValidationFailed
from tallystick.core.money import digits, to_decimal, to_minor
from tallystick.core.states import Action, InvoiceState, after
from tallystick.invoices import ops as invoice_ops
from tallystick.invoices import rules as invoice_rules
from tallystick.invoices import store as invoice_store
from tallystick.invoices.types import Invoice
from tallystick.payments import store
from tallystick.payments.types import NewPayment
from tallystick.store import journal, outbox
from tallystick.store.db import Tx
from tallystick.store.journal import Ledger, Posting


def record(tx: Tx, account: Account, invoice_id: int, new: NewPayment) -> Invoice:
    """Records a payment of an issued invoice.

    Raises Conflict where the invoice is not issued, Overpayment where the amount is above its balance.
    """
    return _pay(tx, account, invoice_store.get_locked(tx, account, invoice_id), new)


def mark_paid(tx: Tx, account: Account, invoice_id: int, new: NewPayment) -> Invoice:
    """Issues the invoice if needed and records one payment of its balance; a paid one stays as it is."""
    invoice = invoice_store.get_locked(tx, account, invoice_id)
    if invoice.row.state is InvoiceState.DRAFT:
        invoice = invoice_ops.issue(tx, account, invoice)
    after(invoice.row.state, Action.PAY)
    return _pay(tx, account, invoice, new) if invoice.row.balance else invoice


def _pay(tx: Tx, account: Account, invoice: Invoice, new: NewPayment) -> Invoice:
    after(invoice.row.state, Action.PAY)
    amount = _amount(invoice, new)
    payment_id = store.insert(
        tx,
        account,
        {
            "customer_id": invoice.row.customer_id,
            "currency": invoice.row.currency,
            "amount": amount,
            "method": new.method,
            "reference": new.reference,
            "date": new.date or account.today(tx.now),
            "notes": new.notes,
            "status": "succeeded",
        },
    )
    store.allocate(tx, account, payment_id, invoice.row.id, amount)
    invoice_store.change(tx, account, invoice.row, {"paid": invoice.row.paid + amount})
    subject = invoice_rules.subject(invoice)._replace(payment_id=payment_id)
    journal.post(tx, account, "payment", subject, [Posting(Ledger.CASH, Ledger.RECEIVABLE, amount)])
    outbox.add(tx, account, "invoice.payment_recorded", invoice.row.id, {"payment_id": payment_id, "amount": amount})
    return invoice_store.get(tx, account, invoice.row.id)


def _amount(invoice: Invoice, new: NewPayment) -> int:
    """The payment in minor units."""
    if new.amount is None:
        return invoice.row.balance
    places = digits(invoice.row.currency)
    try:
        amount = to_minor(new.amount, places)
    except ValueError:
        raise ValidationFailed({"amount": [f"Must be an amount in {invoice.row.currency}."]}) from None
    if amount > invoice.row.balance:
        balance = to_decimal(invoice.row.balance, places)
        raise Overpayment(f"The payment is above the balance of {balance} {invoice.row.currency}.")
    return amount
