"""The verbs of payments."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import structs

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.core.events import Event
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import Action, InvoiceState, check_allowed
from tallystick.customers.resource import CUSTOMERS
from tallystick.invoices import ops as invoice_ops
from tallystick.invoices import store as invoice_store
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.payments import rules, store
from tallystick.payments.types import CustomerPayment, Excess, NewPayment, Payment
from tallystick.store import customer_credit, journal, labels, outbox, rows
from tallystick.store.db import Tx
from tallystick.store.journal import Subject
from tallystick.store.tables import payments

Shares = Sequence[tuple[InvoiceRow, int]]


class Paid(NamedTuple):
    """A payment of one invoice, and the invoice as it stands after it."""

    payment: Payment
    invoice: Invoice


def record(tx: Tx, account: Account, invoice_id: int, new: NewPayment) -> Paid:
    """Records a payment of one issued invoice, or a failed attempt at one.

    Raises Conflict where the invoice is not issued, Overpayment where the amount is above its balance and the excess
    may not become credit.
    """
    invoice = invoice_store.get_locked(tx, account, invoice_id)
    check_allowed(invoice.row.state, Action.PAY)
    return _pay(tx, account, invoice, new)


def mark_paid(tx: Tx, account: Account, invoice_id: int, new: NewPayment) -> Invoice:
    """Issues the invoice if needed and records one payment of its balance; a paid one stays as it is."""
    invoice = invoice_store.get_locked(tx, account, invoice_id)
    if invoice.row.state is InvoiceState.DRAFT:
        invoice = invoice_ops.issue(tx, account, invoice, "mark-paid")
    check_allowed(invoice.row.state, Action.PAY)
    if not invoice.row.balance:
        return invoice
    return _pay(tx, account, invoice, new).invoice


def record_for_customer(tx: Tx, account: Account, new: CustomerPayment) -> Payment:
    """Records a payment of several invoices: as its shares say, or else the oldest due first.

    Raises as ``record`` does, and ValidationFailed for an invoice that is not this customer's in this currency.
    """
    customer = CUSTOMERS.named(tx, account, "customer_id", new.customer_id)
    currency = new.currency or customer.currency or account.currency
    amount = rules.minor_amount(new.amount, currency)
    if new.shares is None:
        found = invoice_store.open_rows_locked(tx, account, customer.id, currency)
        shares = rules.oldest_due_first(found, amount)
    else:
        found = invoice_store.rows_locked(tx, account, {share.invoice_id for share in new.shares})
        shares = rules.shares_as_wanted(new.shares, found, customer.id, currency)
    if sum(share for _row, share in shares) > amount:
        raise ValidationFailed({"allocations": ["Must not add up to more than the amount."]})
    payment, _settled = _receive(tx, account, Subject(customer.id, currency), amount, shares, new)
    return payment


def label(tx: Tx, account: Account, payment_id: int, changes: Mapping[str, Any], version: int | None) -> Payment:
    """Changes the labels of a payment, whatever became of it, and nothing of the money.

    Raises Conflict for a stale ``version`` and where the ``external_id`` is taken.
    """
    rows.check_version(store.get_locked(tx, account, payment_id).version, version)
    store.change(tx, account, payment_id, labels.of_changed(tx, account, payments, payment_id, changes))
    outbox.add(tx, account, Event.PAYMENT_UPDATED, payment_id)
    return store.get(tx, account, payment_id)


def _pay(tx: Tx, account: Account, invoice: Invoice, new: NewPayment) -> Paid:
    row = invoice.row
    amount = row.balance if new.amount is None else rules.minor_amount(new.amount, row.currency)
    keeps_excess = new.excess is Excess.CREDIT and new.method is not PaymentMethod.CREDIT
    share = min(amount, row.balance) if keeps_excess else amount
    shares = [(row, share)] if share else []
    payment, settled = _receive(tx, account, Subject(row.customer_id, row.currency), amount, shares, new)
    paid = [*invoice.payments, *rules.as_lines(payment)]
    return Paid(payment, structs.replace(invoice, row=settled[0] if settled else row, payments=paid))


def _receive(
    tx: Tx, account: Account, subject: Subject, amount: int, shares: Shares, new: NewPayment
) -> tuple[Payment, list[InvoiceRow]]:
    """Writes a payment, settles its shares and keeps what is left over; answers the settled rows as they are then."""
    values = {
        "customer_id": subject.customer_id,
        "currency": subject.currency,
        **rules.columns(new, amount, account.today(tx.now)),
    }
    if new.status is PaymentStatus.FAILED:
        payment = store.insert(tx, account, values, rules.as_allocations(shares))
        outbox.add(tx, account, Event.PAYMENT_FAILED, payment.id, rules.facts(payment))
        return payment, []
    excess = amount - sum(share for _row, share in shares)
    rules.check_shares(shares)
    rules.check_excess(excess, new)
    payment = store.insert(tx, account, values | {"to_credit": excess}, rules.as_allocations(shares))
    outbox.add(tx, account, Event.PAYMENT_CREATED, payment.id, rules.facts(payment))
    subject = subject._replace(payment_id=payment.id)
    settled = [_settle(tx, account, row, share, payment, subject) for row, share in shares]
    _move_credit(tx, account, payment, subject)
    return payment, settled


def _settle(tx: Tx, account: Account, row: InvoiceRow, share: int, payment: Payment, subject: Subject) -> InvoiceRow:
    check_allowed(row.state, Action.PAY)
    settled = invoice_ops.settle(tx, account, row, paid=share)
    posting = rules.settlement_posting(payment.method, share)
    journal.post(tx, account, "payment", subject._replace(invoice_id=row.id), [posting])
    return settled


def _move_credit(tx: Tx, account: Account, payment: Payment, subject: Subject) -> None:
    spent = payment.amount if payment.method is PaymentMethod.CREDIT else 0
    if spent and not customer_credit.spend(tx, account, payment.customer_id, payment.currency, spent):
        raise Conflict("The customer's credit is not enough for this payment.")
    if payment.to_credit:
        customer_credit.add(tx, account, payment.customer_id, payment.currency, payment.to_credit)
        journal.post(tx, account, "payment", subject, [rules.credit_posting(payment.method, payment.to_credit)])
