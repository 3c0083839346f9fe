"""The calls of invoice.ng, and the API as a value."""

from itertools import chain
from typing import Any, get_origin

from tallystick.bills.numbers import NumberInUse
from tallystick.core.errors import Conflict
from tallystick.delivery import ops as delivery_ops
from tallystick.dialects import description, shown
from tallystick.dialects.invoice_ng import errors, wire
from tallystick.dialects.invoice_ng.examples import EXAMPLES
from tallystick.dialects.invoice_ng.shapes import (
    FoundJson,
    InvoiceBody,
    ListJson,
    MessageJson,
    NewInvoiceBody,
    PaymentBody,
    RowJson,
    SendBody,
    WrittenJson,
)
from tallystick.dialects.invoice_ng.words import WORDS
from tallystick.dialects.shown import PartQuery
from tallystick.http import auth
from tallystick.http.openapi import JSON
from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tallystick.invoices import ops
from tallystick.payments import ops as payment_ops
from tallystick.payments import reversal
from tallystick.payments.types import NewPayment
from tallystick.wire import form, render
from tallystick.wire.call import Call
from tallystick.wire.file import Listing
from tallystick.wire.parse import parse_form, parse_json
from tallystick.wire.scalars import Id

PREFIX = "/v1/invoice"
UPDATED = MessageJson(message="Invoice update was successful.")


def index(call: Call, query: PartQuery) -> Listing[RowJson]:
    """List the invoices, newest first."""
    array = render.array(wire.row_json(row, call.account) for row in shown.listed(call, query))
    return Listing(None, chain((b'{"status":"success","data":',), array, (b"}",)))


def get(call: Call, invoice_id: Id) -> FoundJson:
    """Get an invoice with its items and payments."""
    return wire.found_json(shown.get(call.tx, call.account, invoice_id), call.account)


def add(call: Call, body: NewInvoiceBody) -> WrittenJson:
    """Make an invoice and issue it under the given number.

    `payment_status: Paid` records a payment of the total.
    """
    account = shown.seen_by_a_dialect(call.account)
    try:
        draft = ops.create(call.tx, account, wire.new_bill(body, account))
        invoice = ops.issue(call.tx, account, draft, "mark-sent")
    except NumberInUse:
        raise Conflict(f"The invoice_no {body.invoice_no} is in use. Give another.") from None
    if body.payment_status == wire.PAID:
        invoice = payment_ops.mark_paid(call.tx, account, invoice.row.id, NewPayment())
    return wire.written_json(invoice, account)


def update(call: Call, invoice_id: Id, body: InvoiceBody) -> WrittenJson:
    """Change an invoice, and issue it again under its number.

    First a change of `payment_status` pays what is due, or reverses the payments. What the invoice says can change only
    while nothing is paid or credited on it, and its `invoice_no` never; what is left out stays.
    """
    tx, account = call.tx, call.account
    balance = shown.get(tx, account, invoice_id).row.balance
    if body.payment_status == wire.PAID:
        payment_ops.mark_paid(tx, account, invoice_id, NewPayment())
    elif body.payment_status == wire.NOT_PAID and not balance:
        reversal.reverse_all(tx, account, invoice_id)
    invoice = shown.get_locked(tx, account, invoice_id)
    change = wire.change(body, invoice, account)
    if change != wire.NO_CHANGE:
        invoice = ops.revise(tx, account, invoice_id, change, None)
    return wire.written_json(invoice, account)


def send(call: Call, body: SendBody) -> MessageJson:
    """Send an invoice by e-mail."""
    shown.get_locked(call.tx, call.account, body.id)
    delivery_ops.send_invoice(call.tx, call.account, body.id)


def record_payment(call: Call, body: PaymentBody) -> MessageJson:
    """Record a payment, of what is due or less."""
    shown.get_locked(call.tx, call.account, body.id)
    payment_ops.record(call.tx, call.account, body.id, wire.payment(body, call))
    return MessageJson(message="Invoice payment update was successful.")


def mark_paid(call: Call, invoice_id: Id) -> MessageJson:
    """Pay what is due on an invoice; where nothing is, nothing changes."""
    shown.get_locked(call.tx, call.account, invoice_id)
    payment_ops.mark_paid(call.tx, call.account, invoice_id, NewPayment())
    return UPDATED


def mark_not_paid(call: Call, invoice_id: Id) -> MessageJson:
    """Reverse the payments of an invoice; where there is none, nothing changes."""
    shown.get(call.tx, call.account, invoice_id)
    reversal.reverse_all(call.tx, call.account, invoice_id)
    return UPDATED


def delete(call: Call, invoice_id: Id) -> MessageJson:
    """Void an invoice on which nothing is paid or credited; its number stays taken."""
    shown.get_locked(call.tx, call.account, invoice_id)
    ops.void(call.tx, call.account, invoice_id)
    return MessageJson(message="Invoice was successfully deleted.")


ROUTES = (
    Route("GET", "/all", index),
    Route("GET", "/{invoice_id}", get),
    Route("POST", "/add", add),
    Route("PUT", "/{invoice_id}", update),
    Route("POST", "/send", send),
    Route("POST", "/record-payment", record_payment),
    Route("GET", "/paid/{invoice_id}", mark_paid, writes=True),
    Route("GET", "/not-paid/{invoice_id}", mark_not_paid, writes=True),
    Route("DELETE", "/{invoice_id}", delete),
)

ABOUT = """\
The API that invoice.ng documents, over the bills of this server: a client of it changes the host name.

- **Keys.** Send an API key as `X-API-Key`, as `Authorization: Bearer`, or as the parameter `api_key`. The two calls by
  GET that write want it in a header.
- **Bodies** are JSON, or forms with items as `items[0][description]`. What they hold beside the documented is ignored.
- **Failures** are `{"status": "error", "message": "…"}` with the status of HTTP that fits.
- **Money.** Amounts are in major units and as short as can be: `168000`, `"68000"`, `29.97`.
"""


def _data(reply: Any) -> Any:
    """The type that a reply is described by: of the list that is streamed, that which it would be in one piece."""
    return ListJson if get_origin(reply) is Listing else reply


INVOICE_NG = Surface(
    name="invoice_ng",
    prefix=PREFIX,
    routes=ROUTES,
    caller=auth.caller,
    decoders={JSON: parse_json, form.MEDIA_TYPE: parse_form},
    is_strict=False,
    success=render.encode,
    refusal=errors.refusal,
    description=description.bare("invoice.ng", ABOUT, errors.SCHEMA, WORDS, EXAMPLES, data=_data, tag="invoice"),
    document_path="/docs/invoice_ng/openapi.json",
)
