"""The native wire of payments."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from tallystick.core.account import Account
from tallystick.core.labels import Metadata, merged
from tallystick.core.money import digits, to_decimal
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.invoices import api as invoices
from tallystick.invoices import store as invoice_store
from tallystick.invoices.api import InvoiceJson
from tallystick.invoices.types import Invoice
from tallystick.payments import ops, reversal, rules, store
from tallystick.payments.types import (
    CustomerPayment,
    Excess,
    NewPayment,
    Payment,
    PaymentFilter,
    Returned,
    WantedShare,
)
from tallystick.wire import render
from tallystick.wire.call import Body, Call, given
from tallystick.wire.csv import Cell, CsvFile
from tallystick.wire.labels import LabelsChange
from tallystick.wire.lists import DatedQuery, among, days_selected, listed, page_request
from tallystick.wire.reply import Listed, Reply
from tallystick.wire.scalars import (
    Currency,
    Day,
    ExternalId,
    Id,
    LongText,
    MetadataChange,
    Positive,
    ShortText,
    one_of_two_names,
)

MAX_ALLOCATIONS = 1000


class SettlementBody(Body, kw_only=True):
    """How an invoice was paid. ``payment_date`` is another name for ``date``: from 1970-01-01 to tomorrow."""

    method: PaymentMethod = PaymentMethod.BANK_TRANSFER
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
    external_id: ExternalId | None = None
    metadata: MetadataChange | None = None


class AllocationBody(Body, kw_only=True):
    """The part of a payment that shall settle one invoice."""

    invoice_id: Id
    amount: Positive


class CustomerPaymentBody(NewPaymentBody, kw_only=True):
    """A payment of several invoices; without ``allocations`` the oldest due first."""

    customer_id: Id
    currency: Currency | None = None
    allocations: Annotated[list[AllocationBody], msgspec.Meta(min_length=1, max_length=MAX_ALLOCATIONS)] | None = None


class PaymentQuery(DatedQuery, frozen=True, kw_only=True):
    """Filters; dates are payment dates, inclusive; ``search`` looks in the reference."""

    sort: Annotated[ShortText, among(store.SORTS)] | None = None
    external_id: ExternalId | None = None
    customer_id: Id | None = None
    invoice_id: Id | None = None
    method: PaymentMethod | None = None
    status: PaymentStatus | None = None
    currency: Currency | None = None


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
    method: PaymentMethod
    reference: str | None
    date: dt.date
    notes: str | None
    status: PaymentStatus
    created_at: dt.datetime
    reversed_at: dt.datetime | None
    external_id: str | None
    metadata: Metadata
    version: int
    allocations: list[AllocationJson]


class InvoicePaymentJson(PaymentJson, frozen=True, kw_only=True):
    """A payment, and the invoice as it stands after it."""

    invoice: InvoiceJson


def from_json(body: SettlementBody, call: Call) -> NewPayment:
    """The settlement of a balance that a request asks for."""
    return NewPayment(method=body.method, reference=body.reference, date=_day(body, call), notes=body.notes)


def payment_from_json(body: NewPaymentBody, call: Call) -> NewPayment:
    """The payment that a request asks for."""
    return msgspec.structs.replace(
        from_json(body, call),
        amount=body.amount,
        excess=body.excess,
        status=PaymentStatus(body.status),
        external_id=body.external_id,
        metadata=merged({}, body.metadata),
    )


def customer_payment_from_json(body: CustomerPaymentBody, call: Call) -> CustomerPayment:
    """The payment of several invoices that a request asks for."""
    shares = body.allocations
    return CustomerPayment(
        customer_id=body.customer_id,
        currency=body.currency,
        shares=None if shares is None else tuple(WantedShare(share.invoice_id, share.amount) for share in shares),
        amount=body.amount,
        method=body.method,
        reference=body.reference,
        date=_day(body, call),
        notes=body.notes,
        status=PaymentStatus(body.status),
        excess=body.excess,
        external_id=body.external_id,
        metadata=merged({}, body.metadata),
    )


def filter_from(query: PaymentQuery, account: Account) -> PaymentFilter:
    """What the query selects. Raises ValidationFailed where two names for one day differ."""
    days = days_selected(query, account)
    return PaymentFilter(
        external_id=query.external_id,
        customer_id=query.customer_id,
        invoice_id=query.invoice_id,
        method=query.method,
        status=query.status,
        currency=query.currency,
        from_date=days.first,
        to_date=days.last,
        search=query.search,
    )


def _day(body: SettlementBody, call: Call) -> dt.date | None:
    """The day of a payment under either name. Raises ValidationFailed where they differ, or nobody can have paid."""
    names = {"date": body.date, "payment_date": body.payment_date}
    days = {name: day.on_calendar_of(call.account) if day else None for name, day in names.items()}
    (found,) = one_of_two_names(days)
    for name, day in days.items():
        if day:
            rules.check_day(name, day, call.account.today(call.tx.now))
    return found


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


def _with_invoice(payment: Payment, invoice: Invoice, call: Call) -> InvoicePaymentJson:
    return InvoicePaymentJson(**_fields(payment), invoice=invoices.to_json(invoice, call))


def index(call: Call, query: PaymentQuery) -> Listed[PaymentJson]:
    """List the payments."""
    page = store.page(call.tx, call.account, filter_from(query, call.account), page_request(query))
    return listed(page, to_json)


CSV_COLUMNS = (
    *("Customer", "Date", "Amount", "Currency", "Method", "Status", "Invoice Numbers", "To Credit"),
    *("Reference", "Notes", "Created"),
)


def export_csv(call: Call, query: PaymentQuery) -> CsvFile:
    """Export the payments that a list would show on all its pages.

    `page`, `limit` and `after` change nothing.
    """
    found = store.every(call.tx, call.account, filter_from(query, call.account), page_request(query))
    return CsvFile("payments.csv", CSV_COLUMNS, (_cells(payment, customer) for payment, customer in found))


def _cells(payment: Payment, customer: str) -> list[Cell]:
    shown = to_json(payment)
    numbers = ", ".join(share.invoice_number or "" for share in shown.allocations)
    return [
        *(customer, shown.date, shown.amount, shown.currency, shown.method, shown.status, numbers, shown.to_credit),
        *(shown.reference, shown.notes, shown.created_at),
    ]


def get(call: Call, payment_id: Id) -> PaymentJson:
    """Get one payment."""
    return to_json(store.get(call.tx, call.account, payment_id))


def create(call: Call, body: CustomerPaymentBody) -> PaymentJson:
    """Record a payment of several invoices of a customer."""
    payment = customer_payment_from_json(body, call)
    return to_json(ops.record_for_customer(call.tx, call.account, payment))


def update(call: Call, payment_id: Id, body: LabelsChange) -> PaymentJson:
    """Change the `external_id` and `metadata` of a payment, whatever became of it."""
    return to_json(ops.label(call.tx, call.account, payment_id, given(body), body.seen_version))


def reverse(call: Call, payment_id: Id) -> Reply[PaymentJson]:
    """Reverse a payment; it stays on record.

    What credit notes of its invoices gave as the customer's credit settles them first, as far as it is unspent.
    `message` names every invoice whose balance came back, and what was put back from credit.
    """
    reversed_ = reversal.reverse(call.tx, call.account, payment_id)
    return Reply(to_json(reversed_.payment), _told(reversed_.returned))


def _told(returned: list[Returned]) -> str:
    """What a reversal did, each invoice by its number."""
    return " ".join(["The payment is reversed.", *map(_told_of, returned)])


def _told_of(returned: Returned) -> str:
    invoice = returned.invoice
    share, put_back, balance = (
        f"{to_decimal(minor, digits(invoice.currency))} {invoice.currency}"
        for minor in (returned.share, returned.put_back, returned.balance)
    )
    done = [f"{share} came back"] if returned.share else []
    done += [f"{put_back} is settled by its credit notes"] if returned.put_back else []
    return f"{invoice.shown_number}: {', '.join(done)}; {balance} is due."


def index_of_invoice(call: Call, invoice_id: Id) -> list[PaymentJson]:
    """List the payments of an invoice."""
    invoice_store.check_known(call.tx, call.account, invoice_id)
    return [to_json(payment) for payment in store.of_invoice(call.tx, call.account, invoice_id)]


def record(call: Call, invoice_id: Id, body: NewPaymentBody) -> InvoicePaymentJson:
    """Record a payment of an issued invoice, or a failed attempt."""
    return _with_invoice(*ops.record(call.tx, call.account, invoice_id, payment_from_json(body, call)), call)


def reverse_of_invoice(call: Call, invoice_id: Id, payment_id: Id) -> Reply[InvoicePaymentJson]:
    """Reverse a payment of an invoice; it stays on record, and the balance comes back.

    A payment of several invoices is reversed on all of them. What their credit notes gave as the customer's credit
    settles them first, as far as it is unspent. `message` names every invoice whose balance came back, and what was put
    back from credit.
    """
    reversed_ = reversal.reverse(call.tx, call.account, payment_id, invoice_id)
    invoice = invoice_store.get(call.tx, call.account, invoice_id)
    return Reply(_with_invoice(reversed_.payment, invoice, call), _told(reversed_.returned))


def mark_paid(call: Call, invoice_id: Id, body: SettlementBody) -> Reply[InvoiceJson]:
    """Issue an invoice if needed, and record one payment of its balance."""
    invoice = ops.mark_paid(call.tx, call.account, invoice_id, from_json(body, call))
    return Reply(invoices.to_json(invoice, call), "The invoice is paid.")
