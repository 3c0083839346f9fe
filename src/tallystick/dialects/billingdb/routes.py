"""billingdb's API, as a value: invoices that are an amount, a date and a day to pay by."""

from tallystick.customers.resource import CUSTOMERS
from tallystick.dialects import description, payable, shown
from tallystick.dialects.billingdb import errors, usage, usage_report, wire
from tallystick.dialects.billingdb.examples import EXAMPLES
from tallystick.dialects.billingdb.wire import AmountBody, ShortInvoice, WholeInvoice
from tallystick.dialects.billingdb.words import WORDS
from tallystick.dialects.shown import PartQuery
from tallystick.http import auth
from tallystick.http.openapi import JSON
from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tallystick.invoices import ops
from tallystick.invoices.types import InvoiceRow
from tallystick.usage.events import MAX_BODY_BYTES
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.file import Listing
from tallystick.wire.parse import parse_json
from tallystick.wire.scalars import Id

PREFIX = "/v1"
ABOUT = """\
Create, read, update and delete invoices, as billingdb's Billing API does. Each is an amount to be paid, issued at once;
its tax, where the account has a default one, is contained in it.

Amounts are numbers with exactly the digits of their currency; send them as numbers or as strings. What is wrong with a
request is said by `error`, field by field. What was made by any other API of this server is shown here too.
"""


def index(call: Call, query: PartQuery) -> Listing[ShortInvoice]:
    """Get all invoices, the oldest first."""
    return Listing(None, render.array(map(wire.short, shown.listed(call, query, order="asc"))))


def create(call: Call, body: AmountBody) -> ShortInvoice:
    """Create a new invoice, and issue it."""
    draft = ops.create(call.tx, shown.seen_by_a_dialect(call.account), wire.new_bill(body, call.account))
    payable.check_total(draft.row, body.amount, "amount")
    return wire.short(ops.issue(call.tx, call.account, draft, "mark-sent").row)


def get(call: Call, id: Id) -> WholeInvoice:
    """Get an invoice by its id, with its lines, its customer and its last payment."""
    invoice = shown.get(call.tx, call.account, id)
    return wire.whole(invoice, invoice.row.status(call.account, call.tx.now))


def update(call: Call, id: Id, body: AmountBody) -> ShortInvoice:
    """Change an invoice on which nothing is paid or credited, and issue it again under its number.

    Where the amount stays, so do the lines that it is made of. 409 for a date that its number is not of.
    """
    row = shown.get_locked(call.tx, call.account, id).row
    change = wire.change(body, row, _currency(call, row, body.customer_id), call.account)
    revised = ops.revise(call.tx, call.account, id, change, None).row
    payable.check_total(revised, body.amount, "amount")
    return wire.short(revised)


def _currency(call: Call, row: InvoiceRow, customer_id: int) -> str:
    """The currency of an invoice that is to be this customer's."""
    if customer_id == row.customer_id:
        return row.currency
    return CUSTOMERS.named(call.tx, call.account, "customer_id", customer_id).currency or call.account.currency


def delete(call: Call, id: Id) -> None:
    """Delete an invoice on which nothing is paid or credited: it is voided, and its number stays taken."""
    shown.get_locked(call.tx, call.account, id)
    ops.void(call.tx, call.account, id)


ROUTES = (
    Route("GET", "/invoices", index),
    Route("POST", "/invoices", create, status=201, makes="/invoices"),
    Route("GET", "/invoices/{id}", get),
    Route("PUT", "/invoices/{id}", update),
    Route("DELETE", "/invoices/{id}", delete, status=204),
    Route("POST", "/usage/events", usage.take, of_usage=True, is_long=True, max_body_bytes=MAX_BODY_BYTES),
    Route("POST", "/usage/report", usage_report.report, of_usage=True, asks=True),
)

BILLINGDB = Surface(
    name="billingdb",
    prefix=PREFIX,
    routes=ROUTES,
    caller=auth.caller,
    decoders={JSON: parse_json},
    is_strict=False,
    success=render.encode,
    refusal=errors.refusal,
    description=description.bare("Billing API", ABOUT, errors.SCHEMA, WORDS, EXAMPLES),
    document_path="/docs/billingdb/openapi.json",
    yaml_paths=("/v1/billingAPI.yaml", "/billingAPI.yaml"),
)
