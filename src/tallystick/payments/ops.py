"""The verbs of payments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import structs

from tallystick.bills import verbs
from tallystick.bills.effects import Effects
from tallystick.bills.steps import Step, bill_of, write_all
from tallystick.bills.verbs import Basis
from tallystick.core.account import Account
from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.core.events import Event
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import Action, InvoiceState, check_allowed
from tallystick.customers.resource import CUSTOMERS
from tallystick.invoices import ops as invoice_ops
from tallystick.invoices import store as invoice_store
from tallystick.invoices.kind import INVOICES
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.payments import rules, store
from tallystick.payments.types import CustomerPayment, Excess, NewPayment, Payment
from tallystick.store import customer_credit, journal, labels, outbox, rows
from tallystick.store.db import Tx
from tallystick.store.journal import JournalEntry, Subject
from tallystick.store.outbox import NewEvent
from tallystick.store.tables import payments


class Paid(NamedTuple):
    """A payment of one invoice, and the invoice as it stands after it."""

    payment: Payment
    invoice: Invoice


class Paying(NamedTuple):
    """An invoice, what is to become of it, and its payment, not stored yet; None where nothing is due."""

    invoice: Invoice
    step: Step[InvoiceRow]
    payment: Payment | None


def record(tx: Tx, account: Account, invoice_id: int, new: NewPayment) -> Paid:
    """Records a payment of one issued invoice, or a failed attempt at one.

    Raises Conflict where the invoice is not issued, Overpayment where the amount is above its balance and the excess
    may not become credit.
    """
    invoice = invoice_store.get_locked(tx, account, invoice_id)
    check_allowed(invoice.row.state, Action.PAY)
    payment, rows = _receive(tx, account, _payment(invoice.row, new, account, tx.now), [invoice.row])
    return Paid(payment, _showing(invoice, rows[0], payment))


def mark_paid(tx: Tx, account: Account, invoice_id: int, new: NewPayment) -> Invoice:
    """Issues the invoice if needed and records one payment of its balance; a paid one stays as it is."""
    invoice = invoice_store.get_locked(tx, account, invoice_id)
    (paid,) = pay_all(tx, account, [marking_paid(verbs.basis(tx, account, [invoice]), invoice, new)])
    return paid


def marking_paid(basis: Basis, invoice: Invoice, new: NewPayment) -> Paying:
    """What ``mark_paid`` makes of an invoice. Raises as ``bills.verbs.issuing`` and ``record``."""
    step = Step.of(invoice.row, invoice.lines)
    if step.row.state is InvoiceState.DRAFT:
        step = verbs.issuing(basis, INVOICES, invoice, "mark-paid")
    check_allowed(step.row.state, Action.PAY)
    return Paying(invoice, step, _payment(step.row, new, basis.account, basis.now) if step.row.balance else None)


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
    subject = Subject(customer.id, currency)
    payment = rules.payment(new, subject, amount, shares, account.today(tx.now), tx.now)
    received, _rows = _receive(tx, account, payment, [row for row, _share in shares])
    return received


def label(tx: Tx, account: Account, payment_id: int, changes: Mapping[str, Any], version: int | None) -> Payment:
    """Changes the labels of a payment, whatever became of it, and nothing of the money.

    Raises Conflict for a stale ``version`` and where the ``external_id`` is taken.
    """
    rows.check_version(store.get_locked(tx, account, payment_id).version, version)
    store.change(tx, account, payment_id, labels.of_changed(tx, account, payments, payment_id, changes))
    outbox.add(tx, account, Event.PAYMENT_UPDATED, payment_id)
    return store.get(tx, account, payment_id)


def _payment(row: InvoiceRow, new: NewPayment, account: Account, now: datetime) -> Payment:
    """The payment of one invoice. Raises as ``record``."""
    amount = row.balance if new.amount is None else rules.minor_amount(new.amount, row.currency)
    keeps_excess = new.excess is Excess.CREDIT and new.method is not PaymentMethod.CREDIT
    share = min(amount, row.balance) if keeps_excess else amount
    shares = [(row, share)] if share else []
    return rules.payment(new, Subject(row.customer_id, row.currency), amount, shares, account.today(now), now)


def pay_all(tx: Tx, account: Account, many: Sequence[Paying]) -> list[Invoice]:
    """Writes what becomes of invoices, which are locked, and their payments; answers them as they are then.

    Raises as ``payments.store.insert_all`` and ``bills.steps.write_all``, and Conflict where a credit is not enough.
    """
    made = iter(store.insert_all(tx, account, [each.payment for each in many if each.payment]))
    stored = [next(made) if each.payment else None for each in many]
    steps = [_paid(each.step, payment) for each, payment in zip(many, stored, strict=True)]
    written = write_all(tx, account, INVOICES, steps)
    for payment in stored:
        _move_credit(tx, account, payment)
    return [
        _showing(bill_of(each.invoice, step), step.row, payment)
        for each, step, payment in zip(many, written, stored, strict=True)
    ]


def _paid(step: Step[InvoiceRow], payment: Payment | None) -> Step[InvoiceRow]:
    """The step, and then that its invoice is paid."""
    if payment is None:
        return step
    return _settled(step.telling(Effects([_told(payment)])), payment)


def _receive(tx: Tx, account: Account, new: Payment, found: Sequence[InvoiceRow]) -> tuple[Payment, list[InvoiceRow]]:
    """Writes a payment, settles the invoices ``found`` by it and keeps what is left over; answers their rows."""
    (payment,) = store.insert_all(tx, account, [new])
    outbox.add_all(tx, account, [_told(payment)])
    steps = write_all(tx, account, INVOICES, [_settled(Step.of(row, []), payment) for row in found])
    _move_credit(tx, account, payment)
    return payment, [step.row for step in steps]


def _showing(invoice: Invoice, row: InvoiceRow, payment: Payment | None) -> Invoice:
    """The invoice as it stands after a payment."""
    paid = invoice.payments if payment is None else [*invoice.payments, *rules.as_lines(payment)]
    return structs.replace(invoice, row=row, payments=paid)


def _told(payment: Payment) -> NewEvent:
    failed = payment.status is PaymentStatus.FAILED
    return NewEvent(Event.PAYMENT_FAILED if failed else Event.PAYMENT_CREATED, payment.id, rules.facts(payment))


def _settled(step: Step[InvoiceRow], payment: Payment) -> Step[InvoiceRow]:
    """The step, and then that a payment settles its share of the invoice; one that failed settles nothing.

    Raises Conflict where the invoice is not issued.
    """
    share = rules.share_of(payment, step.row.id)
    if not share or payment.status is PaymentStatus.FAILED:
        return step
    check_allowed(step.row.state, Action.PAY)
    subject = Subject(payment.customer_id, payment.currency, invoice_id=step.row.id, payment_id=payment.id)
    entry = JournalEntry("payment", subject, [rules.settlement_posting(payment.method, share)])
    return invoice_ops.settling(step, paid=share).telling(Effects(entries=[entry]))


def _move_credit(tx: Tx, account: Account, payment: Payment | None) -> None:
    if payment is None or payment.status is PaymentStatus.FAILED:
        return
    spent = payment.amount if payment.method is PaymentMethod.CREDIT else 0
    if spent and not customer_credit.spend(tx, account, payment.customer_id, payment.currency, spent):
        raise Conflict("The customer's credit is not enough for this payment.")
    if payment.to_credit:
        customer_credit.add(tx, account, payment.customer_id, payment.currency, payment.to_credit)
        subject = Subject(payment.customer_id, payment.currency, payment_id=payment.id)
        journal.post(tx, account, "payment", subject, [rules.credit_posting(payment.method, payment.to_credit)])
