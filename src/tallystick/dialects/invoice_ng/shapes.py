"""The shapes of invoice.ng: what its requests hold and what its replies show, field by field in its document's order.

Amounts are in major units and as short as can be, some as numbers and some as strings, as the document prints them.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tallystick.core.bill import MAX_LINES
from tallystick.wire.call import Body
from tallystick.wire.scalars import (
    BillNumber,
    Currency,
    Day,
    Email,
    Id,
    LongText,
    Number,
    Percent,
    Positive,
    ShortText,
    Title,
)
from tallystick.wire.wanted import filled

Standing = Literal["Paid", "Not Paid"]
Clock = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$",
        examples=["2017-06-06 11:11:07"],
    ),
]
Amount = Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$", examples=["168000"])]


class ItemBody(Body, kw_only=True):
    """A line. ``rate`` is the price of one, in major units, without tax; below 0 it is a rebate."""

    description: Annotated[str, filled(10_000)]
    quantity: Positive
    rate: Number


Items = Annotated[list[ItemBody], Meta(min_length=1, max_length=MAX_LINES)]


class InvoiceBody(Body, kw_only=True):
    """An invoice, as far as it is to change; what is left out, or null, stays.

    ``client`` is a customer's id; ``tax_rate``, in percent, is that of all items; ``note`` stands at the foot.
    """

    client: Id | None = None
    invoice_no: BillNumber | None = None
    payment_status: Standing | None = None
    description: Title | None = None
    currency: Currency | None = None
    tax_rate: Percent | None = None
    issue_date: Day | None = None
    due_date: Day | None = None
    note: LongText | None = None
    items: Items | None = None


class NewInvoiceBody(InvoiceBody, kw_only=True):
    """A new invoice. Without a ``tax_rate`` there is no tax."""

    client: Id
    invoice_no: BillNumber
    payment_status: Standing
    items: Items


class SendBody(Body, kw_only=True):
    """To whom to send an invoice; a ``phone`` is ignored."""

    id: Id
    email: Email
    phone: ShortText | None = None


class PaymentBody(Body, kw_only=True):
    """A payment. ``payment_method``: Cash, Bank Transfer, Cheque, Credit Card or Others, as any other word is."""

    id: Id
    payment_date: Day
    amount_paid: Positive
    payment_method: ShortText | None = None


class InvoiceJson(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice. ``short_code`` is a label for people, unique and fixed; texts that are not set are empty."""

    id: str
    short_code: str
    invoice_no: str
    description: str
    customer_id: str
    customer_name: str
    customer_phone: str
    customer_address: str
    currency: str
    payment_status: Standing
    tax_rate: Decimal
    tax_amount: Decimal
    sub_total: Decimal
    total: Decimal
    amount_paid: Amount
    outstanding_balance: Amount
    issue_date: date
    due_date: date
    note: str


class WrittenInvoiceJson(InvoiceJson, frozen=True, kw_only=True):
    """An invoice, as the reply to its writing has it."""

    created_at: Clock
    updated_at: Clock


class RowJson(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice, as the list has it."""

    id: str
    short_code: str
    invoice_no: str
    description: str
    customer_id: str
    customer_name: str
    customer_phone: str
    customer_address: str
    payment_status: Standing
    currency: str
    tax_rate: Decimal
    tax_amount: Decimal
    sub_total: Decimal
    total: Decimal
    amount_paid: Amount
    outstanding_balance: Amount
    issue_date: date
    due_date: date
    note: str
    created_at: Clock
    updated_at: Clock


class WrittenItemJson(msgspec.Struct, frozen=True):
    """A line, as the reply to its writing has it; ``rate`` without tax."""

    description: str
    quantity: Decimal
    rate: Amount


class ItemJson(WrittenItemJson, frozen=True):
    """A line; ``amount`` before any discount, without tax."""

    amount: Amount


class PaymentJson(msgspec.Struct, frozen=True):
    """A payment that stands, or an attempt that failed; ``amount`` is its part for this invoice."""

    status: Literal["success", "failed"]
    reference: str
    amount: Decimal
    bank: str
    created_at: Clock


class SentJson(msgspec.Struct, frozen=True):
    """One time that the invoice was sent by e-mail."""

    email: str
    date: Clock


class ListJson(msgspec.Struct, frozen=True, kw_only=True):
    """The issued invoices, newest first."""

    status: Literal["success"] = "success"
    data: list[RowJson]


class FoundJson(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice, whole; ``invoice`` holds just it."""

    status: Literal["success"] = "success"
    invoice: list[InvoiceJson]
    items: list[ItemJson]
    payments: list[PaymentJson]
    send_log: list[SentJson]


class WrittenJson(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that was written; ``invoice`` holds just it."""

    status: Literal["success"] = "success"
    invoice: list[WrittenInvoiceJson]
    items: list[WrittenItemJson]


class MessageJson(msgspec.Struct, frozen=True, kw_only=True):
    """What was done."""

    status: Literal["success"] = "success"
    message: str
