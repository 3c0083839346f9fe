"""iqraa's API, as a value: invoices of a plan, made in one call, each with a link to its PDF."""

from collections.abc import Iterable, Iterator
from itertools import islice

from tallystick.core.account import Account
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceState
from tallystick.customers import ops as customers
from tallystick.customers.resource import CUSTOMERS
from tallystick.dialects import description, shown
from tallystick.dialects.iqraa import errors, wire
from tallystick.dialects.iqraa.examples import EXAMPLES
from tallystick.dialects.iqraa.wire import IqraaInvoice, IqraaInvoiceBody, IqraaStatus
from tallystick.dialects.iqraa.words import WORDS
from tallystick.dialects.shown import PartQuery
from tallystick.http import auth
from tallystick.http.openapi import JSON
from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tallystick.invoices import ops, store
from tallystick.invoices.types import Invoice, InvoiceFilter, InvoiceRow
from tallystick.payments import ops as payments
from tallystick.payments import store as payment_store
from tallystick.payments.types import NewPayment
from tallystick.store import secrets
from tallystick.store.db import Tx
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.file import Listing
from tallystick.wire.parse import parse_json
from tallystick.wire.scalars import Id

PREFIX = "/api/v1/api/v1"
SHOWN_AT_ONCE = 200
ALL = InvoiceFilter()
ABOUT = """\
Create invoices as iqraa's billing API does: an amount in the currency's smallest unit, a plan, a customer by e-mail,
and what is to become of it. Each answers a link to its PDF, which opens without a key.

Tax, where the account has a default one, is contained in the amount. What is wrong with a request is said by `message`,
field by field. What was made by any other API of this server is shown here too.
"""


def create(call: Call, body: IqraaInvoiceBody) -> IqraaInvoice:
    """Create new invoice.

    Its line items must add up to its amount. `FINALIZED` issues it, `PAID` and `PAYMENT_FAILED` also record a payment
    of all of it, or an attempt at one, and `VOID` voids it: all but `DRAFT` take a number.
    """
    account = wire.settings_for(body, call.account)
    customer = customers.find_or_create(call.tx, account, wire.customer(body))
    new = wire.new_bill(body, customer.id, secrets.new_secret(account.id))
    draft = ops.create(call.tx, account, new, customer)
    wire.check_amounts(body, draft)
    return _whole(call, BECOMING[body.status or IqraaStatus.DRAFT](call.tx, account, draft))


def _draft(_tx: Tx, _account: Account, draft: Invoice) -> Invoice:
    return draft


def _finalized(tx: Tx, account: Account, draft: Invoice) -> Invoice:
    return ops.publish(tx, account, draft.row.id)


def _paid(tx: Tx, account: Account, draft: Invoice) -> Invoice:
    return payments.mark_paid(tx, account, draft.row.id, NewPayment(method=PaymentMethod.OTHER))


def _payment_failed(tx: Tx, account: Account, draft: Invoice) -> Invoice:
    invoice_id = _finalized(tx, account, draft).row.id
    payments.record(tx, account, invoice_id, NewPayment(method=PaymentMethod.OTHER, status=PaymentStatus.FAILED))
    return store.get(tx, account, invoice_id)


def _void(tx: Tx, account: Account, draft: Invoice) -> Invoice:
    return ops.void(tx, account, _finalized(tx, account, draft).row.id)


BECOMING = {
    IqraaStatus.DRAFT: _draft,
    IqraaStatus.FINALIZED: _finalized,
    IqraaStatus.PAID: _paid,
    IqraaStatus.PAYMENT_FAILED: _payment_failed,
    IqraaStatus.VOID: _void,
}


def index(call: Call, query: PartQuery) -> Listing[IqraaInvoice]:
    """Get all invoices, the newest first."""
    return Listing(None, render.array(_shown(call, shown.listed(call, query, ALL))))


def get(call: Call, id: Id) -> IqraaInvoice:
    """Get one invoice."""
    return _whole(call, store.get(call.tx, call.account, id))


def _whole(call: Call, invoice: Invoice) -> IqraaInvoice:
    status = invoice.row.status(call.account, call.tx.now)
    return wire.to_json(invoice.row, invoice.customer, status, call.origin, has_failed=wire.has_failed(invoice))


def _shown(call: Call, rows: Iterable[InvoiceRow]) -> Iterator[IqraaInvoice]:
    """Each row as it is shown, with what only other tables know asked for some rows at once."""
    waiting = iter(rows)
    while some := list(islice(waiting, SHOWN_AT_ONCE)):
        failed = payment_store.failed_last(call.tx, call.account, [row.id for row in some if row.balance])
        drafts = {row.customer_id for row in some if row.state is InvoiceState.DRAFT}
        buyers = CUSTOMERS.find(call.tx, call.account, drafts)
        for row in some:
            buyer = row.customer or buyers[row.customer_id].buyer
            status = row.status(call.account, call.tx.now)
            yield wire.to_json(row, buyer, status, call.origin, has_failed=row.id in failed)


ROUTES = (
    Route("POST", "/invoices", create, status=201, makes="/invoices"),
    Route("GET", "/invoices", index),
    Route("GET", "/invoices/{id}", get),
)

IQRAA = Surface(
    name="iqraa",
    prefix=PREFIX,
    routes=ROUTES,
    caller=auth.caller,
    decoders={JSON: parse_json},
    is_strict=False,
    success=render.encode,
    refusal=errors.refusal,
    description=description.bare("iqraa billing", ABOUT, errors.SCHEMA, WORDS, EXAMPLES),
    document_path="/docs/iqraa/openapi.json",
)
