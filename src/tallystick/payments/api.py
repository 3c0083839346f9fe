"""The native wire of payments."""

from tallystick.core.account import Account
from tallystick.invoices import api as invoices
from tallystick.invoices.api import InvoiceJson
from tallystick.payments import ops
from tallystick.payments.types import Method, NewPayment
from tallystick.wire.call import Body, Call
from tallystick.wire.render import Reply
from tallystick.wire.scalars import Day, Id, LongText, Positive, ShortText


class SettlementBody(Body, kw_only=True):
    """How an invoice was paid. ``payment_date`` is another name for ``date``."""

    method: Method = Method.BANK_TRANSFER
    reference: ShortText | None = None
    date: Day | None = None
    payment_date: Day | None = None
    notes: LongText | None = None


class NewPaymentBody(SettlementBody, kw_only=True):
    """A payment; ``amount`` in major units."""

    amount: Positive


def from_json(body: SettlementBody, account: Account) -> NewPayment:
    """The payment that a request asks for."""
    day = body.date or body.payment_date
    return NewPayment(
        amount=body.amount if isinstance(body, NewPaymentBody) else None,
        method=body.method,
        reference=body.reference,
        date=day.on_calendar_of(account) if day else None,
        notes=body.notes,
    )


def record(call: Call, invoice_id: Id, body: NewPaymentBody) -> InvoiceJson:
    """Record a payment of an issued invoice."""
    payment = from_json(body, call.account)
    return invoices.to_json(ops.record(call.tx, call.account, invoice_id, payment), call)


def mark_paid(call: Call, invoice_id: Id, body: SettlementBody) -> Reply[InvoiceJson]:
    """Issue an invoice if needed, and record one payment of its balance."""
    payment = from_json(body, call.account)
    invoice = ops.mark_paid(call.tx, call.account, invoice_id, payment)
    return Reply(invoices.to_json(invoice, call), "The invoice is paid.")
