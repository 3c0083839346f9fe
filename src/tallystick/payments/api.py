"""The native wire of payments."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from tallystick.core.account import Account
from tallystick.core.money import digits
from tallystick.core.payment import Method, PaymentStatus
from tallystick.invoices import api as invoices
from tallystick.invoices import store as invoice_store
from tallystick.invoices.api import InvoiceJson
from tallystick.payments import ops, store
from tallystick.payments.types import CustomerPayment, Excess, NewPayment, Payment, PaymentFilter, WantedShare
from tallystick.wire import render
from tallystick.wire.call import Body, Call
from tallystick.wire.lists import ListQuery, listed, page_request
from tallystick.wire.render import Listed, Reply
from tallystick.wire.scalars import Currency, Day, Id, LongText, Positive, ShortText

MAX_ALLOCATIONS = 1000


class SettlementBody(Body, kw_only=True):
    """How an invoice was paid. ``payment_date`` is another name for ``date``."""

    method: Method = Method.BANK_TRANSFER
    reference: ShortText | None = None
    date: Day | None = None
    payment_date: Day | None = None
    notes: LongText | None = None


class NewPaymentBody(SettlementBody, kw_only=True):
    """A payment, or with ``status: failed`` an attempt at one, which changes no balance.

    ``amount`` in major units; what is above the balance is refused, or with ``excess: credit`` becomes the
    customer's credit.
    """

    amount: Positive
    excess: Excess = Excess.REFUSE
    status: Literal["succeeded", "failed"] = "succeeded"


class AllocationBody(Body, kw_only=True):
    """The part of a payment that shall settle one invoice."""

    invoice_id: Id
    amount: Positive


class CustomerPaymentBody(NewPaymentBody, kw_only=True):
    """A payment of several invoices; without ``allocations`` the oldest due first."""

    customer_id: Id
    currency: Currency | None = None
    allocations: Annotated[list[AllocationBody], msgspec.Meta(min_length=1, max_length=MAX_ALLOCATIONS)] | None = None


class PaymentQuery(ListQuery, frozen=True, kw_only=True):
    """Filters; dates are payment dates, inclusive; ``search`` looks in the reference."""

    customer_id: Id | None = None
    invoice_id: Id | None = None
    method: Method | None = None
    status: PaymentStatus | None = None
    currency: Currency | None = None
    from_date: Day | None = None
    to_date: Day | None = None


class AllocationJson(msgspec.Struct, frozen=True):
    """The part of a payment that settles one invoice."""

    invoice_id: int
    invoice_number: str | None
    amount: Decimal


class PaymentJson(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, whole; ``to_credit`` is its part that became the customer's credit."""

    id: int
    customer_id: int
    currency: str
    amount: Decimal
    to_credit: Decimal
    method: Method
    reference: str | None
    date: dt.date
    notes: str | None
    status: PaymentStatus
    created_at: dt.datetime
    reversed_at: dt.datetime | None
    allocations: list[AllocationJson]


class InvoicePaymentJson(PaymentJson, frozen=True, kw_only=True):
    """A payment, and the invoice as it stands after it."""

    invoice: InvoiceJson


def from_json(body: SettlementBody, account: Account) -> NewPayment:
    """The settlement of a balance that a request asks for."""
    return NewPayment(method=body.method, reference=body.reference, date=_day(body, account), notes=body.notes)


def payment_from_json(body: NewPaymentBody, account: Account) -> NewPayment:
    """The payment that a request asks for."""
    return msgspec.structs.replace(
        from_json(body, account), amount=body.amount, excess=body.excess, status=PaymentStatus(body.status)
    )


def customer_payment_from_json(body: CustomerPaymentBody, account: Account) -> CustomerPayment:
    """The payment of several invoices that a request asks for."""
    shares = body.allocations
    return CustomerPayment(
        customer_id=body.customer_id,
        currency=body.currency,
        shares=None if shares is None else tuple(WantedShare(share.invoice_id, share.amount) for share in shares),
        amount=body.amount,
        method=body.method,
        reference=body.reference,
        date=_day(body, account),
        notes=body.notes,
        status=PaymentStatus(body.status),
        excess=body.excess,
    )


def filter_from(query: PaymentQuery, account: Account) -> PaymentFilter:
    """What the query selects."""
    return PaymentFilter(
        customer_id=query.customer_id,
        invoice_id=query.invoice_id,
        method=query.method,
        status=query.status,
        currency=query.currency,
        from_date=query.from_date.on_calendar_of(account) if query.from_date else None,
        to_date=query.to_date.on_calendar_of(account) if query.to_date else None,
        search=query.search,
    )


def _day(body: SettlementBody, account: Account) -> dt.date | None:
    day = body.date or body.payment_date
    return day.on_calendar_of(account) if day else None


def to_json(payment: Payment) -> PaymentJson:
    """A payment as the API shows it."""
    return PaymentJson(**_fields(payment))


def _fields(payment: Payment) -> dict[str, Any]:
    places = digits(payment.currency)
    return {
        **msgspec.structs.asdict(payment),
        "amount": render.amount(payment.amount, places),
        "to_credit": render.amount(payment.to_credit, places),
        "allocations": [
            AllocationJson(share.invoice_id, share.invoice_number, render.amount(share.amount, places))
            for share in payment.allocations
        ],
    }


def _with_invoice(payment: Payment, invoice_id: int, call: Call) -> InvoicePaymentJson:
    invoice = invoices.to_json(invoice_store.get(call.tx, call.account, invoice_id), call)
    return InvoicePaymentJson(**_fields(payment), invoice=invoice)


def index(call: Call, query: PaymentQuery) -> Listed[PaymentJson]:
    """List the payments."""
    page = store.page(call.tx, call.account, filter_from(query, call.account), page_request(query))
    return listed(page, to_json)


def get(call: Call, payment_id: Id) -> PaymentJson:
    """Get one payment."""
    return to_json(store.get(call.tx, call.account, payment_id))


def create(call: Call, body: CustomerPaymentBody) -> PaymentJson:
    """Record a payment of several invoices of a customer."""
    payment = customer_payment_from_json(body, call.account)
    return to_json(ops.record_for_customer(call.tx, call.account, payment))


def reverse(call: Call, payment_id: Id) -> Reply[PaymentJson]:
    """Reverse a payment; it stays on record."""
    return Reply(to_json(ops.reverse(call.tx, call.account, payment_id)), "The payment is reversed.")


def index_of_invoice(call: Call, invoice_id: Id) -> list[PaymentJson]:
    """List the payments of an invoice."""
    invoice_store.check_known(call.tx, call.account, invoice_id)
    return [to_json(payment) for payment in store.of_invoice(call.tx, call.account, invoice_id)]


def record(call: Call, invoice_id: Id, body: NewPaymentBody) -> InvoicePaymentJson:
    """Record a payment of an issued invoice, or a failed attempt."""
    payment = ops.record(call.tx, call.account, invoice_id, payment_from_json(body, call.account))
    return _with_invoice(payment, invoice_id, call)


def reverse_of_invoice(call: Call, invoice_id: Id, payment_id: Id) -> Reply[InvoicePaymentJson]:
    """Reverse a payment of an invoice; it stays on record, and the balance comes back."""
    payment = ops.reverse(call.tx, call.account, payment_id, invoice_id)
    return Reply(_with_invoice(payment, invoice_id, call), "The payment is reversed.")


def mark_paid(call: Call, invoice_id: Id, body: SettlementBody) -> Reply[InvoiceJson]:
    """Issue an invoice if needed, and record one payment of its balance."""
    invoice = ops.mark_paid(call.tx, call.account, invoice_id, from_json(body, call.account))
    return Reply(invoices.to_json(invoice, call), "The invoice is paid.")
