"""What billingdb's requests ask for, and what its replies look like. Amounts in major units."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tallystick.bills.types import DraftChange, LineRow, NewBill
from tallystick.core.account import Account
from tallystick.core.money import digits, to_decimal
from tallystick.core.party import Buyer
from tallystick.core.states import InvoiceStatus
from tallystick.dialects import net, payable
from tallystick.invoices.types import Invoice, InvoiceRow, PaymentLine
from tallystick.wire import render
from tallystick.wire.call import Body
from tallystick.wire.scalars import Day, Id, NotNegative

LINE = "Invoice amount"
MIDNIGHT = dt.time(tzinfo=dt.UTC)


class AmountBody(Body, kw_only=True):
    """An invoice: all of its fields, also where it is changed."""

    customer_id: Annotated[Id, Meta(description="The customer who is billed.")]
    amount: Annotated[NotNegative, Meta(description="What is to be paid, with any tax.")]
    date: Annotated[Day, Meta(description="The date of issue.")]
    due_date: Annotated[Day, Meta(description="The day to pay by, not before the date of issue.")]


class ShortInvoice(msgspec.Struct, frozen=True):
    """An invoice in short."""

    id: int
    customer_id: int
    amount: Decimal
    date: dt.date
    due_date: dt.date


class LineItem(msgspec.Struct, frozen=True):
    """A line without its tax; ``subtotal`` is its part of the invoice's."""

    id: str
    description: str
    quantity: Decimal
    price: Decimal
    subtotal: Decimal


class Address(msgspec.Struct, frozen=True):
    """Where a customer is; what is not known is empty."""

    street: str
    city: str
    state: str
    zip: str
    country: str


class BilledCustomer(msgspec.Struct, frozen=True):
    """The customer as the invoice names them; what is not known is empty."""

    id: str
    name: str
    email: str
    address: Address


class LastPayment(msgspec.Struct, frozen=True):
    """A payment: what it settles of the invoice."""

    id: str
    date: dt.datetime
    amount: Decimal
    method: str


class WholeInvoice(ShortInvoice, frozen=True):
    """An invoice, whole: ``subtotal`` + ``tax`` = ``total``. ``payment`` is the last one that stands."""

    currency: str
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    line_items: list[LineItem]
    customer: BilledCustomer
    status: InvoiceStatus
    payment: LastPayment | None


def new_bill(body: AmountBody, account: Account) -> NewBill:
    """The bill that a request asks for."""
    return NewBill(
        customer_id=int(body.customer_id),
        issue_date=body.date.on_calendar_of(account),
        due_date=body.due_date.on_calendar_of(account),
        **payable.content(LINE, body.amount),
    )


def change(body: AmountBody, row: InvoiceRow, currency: str, account: Account) -> DraftChange:
    """What a request changes of an invoice; where the amount stays, so do the lines that it is made of."""
    is_kept = (currency, body.amount) == (row.currency, to_decimal(row.sums.total, digits(row.currency)))
    content: dict[str, Any] = {} if is_kept else payable.changed_content(LINE, body.amount, currency)
    return DraftChange(
        customer_id=int(body.customer_id),
        issue_date=body.date.on_calendar_of(account),
        due_date=body.due_date.on_calendar_of(account),
        **content,
    )


def short(row: InvoiceRow) -> ShortInvoice:
    """An invoice in short."""
    return ShortInvoice(**_short_fields(row))


def _short_fields(row: InvoiceRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "customer_id": row.customer_id,
        "amount": render.amount(row.sums.total, digits(row.currency)),
        "date": row.issue_date,
        "due_date": row.due_date,
    }


def whole(invoice: Invoice, status: InvoiceStatus) -> WholeInvoice:
    """An invoice, whole."""
    row = invoice.row
    places = digits(row.currency)
    standing = [payment for payment in invoice.payments if payment.status == "succeeded"]
    return WholeInvoice(
        **_short_fields(row),
        currency=row.currency,
        subtotal=render.amount(row.sums.net, places),
        tax=render.amount(row.sums.tax, places),
        total=render.amount(row.sums.total, places),
        line_items=[_line(line, row, places) for line in invoice.lines],
        customer=_customer(invoice.customer),
        status=status,
        payment=_payment(standing[-1], places) if standing else None,
    )


def _line(line: LineRow, row: InvoiceRow, places: int) -> LineItem:
    return LineItem(
        id=str(line.id),
        description=line.description,
        quantity=render.plain(line.quantity),
        price=render.unit_price(net.price(line, row, places), places),
        subtotal=render.amount(net.amount(line, row), places),
    )


def _customer(buyer: Buyer) -> BilledCustomer:
    lines = [line for line in (buyer.address_line1, buyer.address_line2) if line]
    return BilledCustomer(
        id=str(buyer.id),
        name=buyer.name,
        email=buyer.email or "",
        address=Address(
            street=", ".join(lines) or buyer.address or "",
            city=buyer.city or "",
            state=buyer.state or "",
            zip=buyer.postal_code or "",
            country=buyer.country or "",
        ),
    )


def _payment(payment: PaymentLine, places: int) -> LastPayment:
    return LastPayment(
        id=str(payment.id),
        date=dt.datetime.combine(payment.date, MIDNIGHT),
        amount=render.amount(payment.applied, places),
        method="credit_card" if payment.method == "card" else payment.method,
    )
