"""The native wire of invoices."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.bills.api import (
    DISCOUNT_TYPES,
    BillChange,
    Errors,
    ItemJson,
    Items,
    TaxJson,
    discount_errors,
    discount_from,
    item_json,
    items_from,
    taxes_json,
)
from tallystick.bills.types import NewBill
from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import digits
from tallystick.core.states import Status
from tallystick.invoices import ops, store
from tallystick.invoices.types import Invoice, InvoiceChange, InvoiceFilter, InvoiceRow, PaymentLine
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.lists import ListQuery, listed, page_request
from tallystick.wire.render import Listed, Reply
from tallystick.wire.scalars import BillNumber, Currency, Day, Id, ShortText

T = TypeVar("T")


class InvoiceBody(BillChange, kw_only=True):
    """A draft, as far as it is to change. ``due_date`` is not before ``issue_date``."""

    due_date: Day | None | UnsetType = UNSET
    invoice_number: BillNumber | None | UnsetType = UNSET


class NewInvoiceBody(InvoiceBody, kw_only=True):
    """A new draft: a customer and 1 to 1,000 items."""

    customer_id: Id
    items: Items

    def check(self) -> Errors:
        """What single fields cannot tell; a change is checked against the draft that it changes."""
        return super().check() | discount_errors(self.discount_type, self.discount_value, "")


class InvoiceQuery(ListQuery, frozen=True, kw_only=True):
    """``status``: one of the six, or several with commas between; dates are issue dates, inclusive."""

    status: ShortText | None = None
    customer_id: Id | None = None
    from_date: Day | None = None
    to_date: Day | None = None
    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None
    currency: Currency | None = None


def filter_from(query: InvoiceQuery, account: Account) -> InvoiceFilter:
    """What the query selects. Raises ValidationFailed for an unknown status."""
    first, last = query.from_date or query.from_, query.to_date or query.to
    return InvoiceFilter(
        statuses=_statuses(query.status),
        customer_id=query.customer_id,
        from_date=first.on_calendar_of(account) if first else None,
        to_date=last.on_calendar_of(account) if last else None,
        search=query.search,
        currency=query.currency,
    )


def _statuses(text: str | None) -> frozenset[Status]:
    try:
        return frozenset(Status(name.strip()) for name in (text or "").split(",") if name.strip())
    except ValueError:
        raise ValidationFailed({"status": [f"Must be among: {', '.join(Status)}."]}) from None


def from_json(body: NewInvoiceBody, account: Account) -> NewBill:
    """The invoice that a request asks for."""
    return NewBill(
        customer_id=body.customer_id,
        items=items_from(body.items),
        issue_date=_day(body.issue_date, account),
        due_date=_day(body.due_date, account),
        currency=body.currency or None,
        discount=discount_from(body.discount_type, body.discount_value),
        prices_include_tax=_or_none(body.prices_include_tax),
        notes=_or_none(body.notes),
        payment_terms=_or_none(body.payment_terms),
        template_id=_or_none(body.template_id),
        number=_or_none(body.invoice_number),
    )


def change_from_json(body: InvoiceBody, account: Account) -> InvoiceChange:
    """The change of a draft that a request asks for; null takes a field back to its default."""
    return InvoiceChange(
        customer_id=body.customer_id,
        items=body.items if body.items is UNSET else items_from(body.items),
        issue_date=body.issue_date if body.issue_date is UNSET else _day(body.issue_date, account),
        due_date=body.due_date if body.due_date is UNSET else _day(body.due_date, account),
        currency=body.currency or UNSET,
        discount_type=DISCOUNT_TYPES[body.discount_type] if body.discount_type else body.discount_type,
        discount_value=body.discount_value,
        prices_include_tax=UNSET if body.prices_include_tax is None else body.prices_include_tax,
        notes=body.notes,
        payment_terms=body.payment_terms,
        template_id=body.template_id,
        number=body.invoice_number,
    )


def _day(day: Day | None | UnsetType, account: Account) -> date | None:
    return day.on_calendar_of(account) if day else None


def _or_none(value: T | None | UnsetType) -> T | None:
    return None if value is UNSET else value


class PaymentJson(msgspec.Struct, frozen=True):
    """A payment as an invoice shows it. ``amount`` is the whole payment, ``applied`` its part for this invoice."""

    id: int
    amount: Decimal
    applied: Decimal
    method: str
    reference: str | None
    date: date
    notes: str | None
    status: str
    created_at: datetime


class InvoiceRowJson(msgspec.Struct, frozen=True):
    """An invoice as a list shows it; amounts in major units with exactly the currency's digits."""

    id: int | None
    invoice_number: str
    customer_id: int
    customer_name: str
    status: Status
    issue_date: date
    due_date: date
    currency: str
    subtotal: Decimal
    discount_type: str | None
    discount_value: Decimal | None
    discount_amount: Decimal
    tax_total: Decimal
    taxes: list[TaxJson]
    total: Decimal
    amount_paid: Decimal
    amount_credited: Decimal
    balance_due: Decimal
    notes: str | None
    payment_terms: str | None
    prices_include_tax: bool
    template_id: str | None
    share_token: str | None
    share_url: str | None
    created_at: datetime
    updated_at: datetime
    issued_at: datetime | None
    version: int


class InvoiceJson(InvoiceRowJson, frozen=True, kw_only=True):
    """An invoice, whole."""

    items: list[ItemJson]
    customer: dict[str, Any]
    payments: list[PaymentJson]
    credit_notes: list[dict[str, Any]]
    send_log: list[dict[str, Any]]


class NextNumber(msgspec.Struct, frozen=True):
    """The number that the next invoice will get, if nothing comes between."""

    number: str


def row_fields(row: InvoiceRow, call: Call) -> dict[str, Any]:
    """The fields that a list row and a whole invoice share."""
    places = digits(row.currency)
    return {
        "id": row.id or None,
        "invoice_number": row.shown_number,
        "customer_id": row.customer_id,
        "customer_name": row.customer_name,
        "status": row.status(call.account, call.tx.now),
        "issue_date": row.issue_date,
        "due_date": row.due_date,
        "currency": row.currency,
        "subtotal": render.amount(row.subtotal, places),
        "discount_type": row.discount_type,
        "discount_value": None if row.discount_value is None else render.plain(row.discount_value),
        "discount_amount": render.amount(row.discount, places),
        "tax_total": render.amount(row.tax, places),
        "taxes": taxes_json(row.taxes, places),
        "total": render.amount(row.total, places),
        "amount_paid": render.amount(row.paid, places),
        "amount_credited": render.amount(row.credited, places),
        "balance_due": render.amount(row.balance, places),
        "notes": row.notes,
        "payment_terms": row.payment_terms,
        "prices_include_tax": row.prices_include_tax,
        "template_id": row.template_id,
        "share_token": row.share_token,
        "share_url": row.share_token and f"{call.origin}/public/invoices/{row.share_token}",
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "issued_at": row.issued_at,
        "version": row.version,
    }


def row_json(row: InvoiceRow, call: Call) -> InvoiceRowJson:
    """An invoice as a list shows it."""
    return InvoiceRowJson(**row_fields(row, call))


def to_json(invoice: Invoice, call: Call) -> InvoiceJson:
    """An invoice, whole."""
    places = digits(invoice.row.currency)
    return InvoiceJson(
        **row_fields(invoice.row, call),
        items=[item_json(line, places) for line in invoice.lines],
        customer=invoice.customer,
        payments=[payment_json(payment, places) for payment in invoice.payments],
        credit_notes=[],
        send_log=[],
    )


def payment_json(payment: PaymentLine, places: int) -> PaymentJson:
    """A payment as an invoice shows it."""
    return PaymentJson(
        id=payment.id,
        amount=render.amount(payment.amount, places),
        applied=render.amount(payment.applied, places),
        method=payment.method,
        reference=payment.reference,
        date=payment.date,
        notes=payment.notes,
        status=payment.status,
        created_at=payment.created_at,
    )


def index(call: Call, query: InvoiceQuery) -> Listed[InvoiceRowJson]:
    """List the invoices."""
    page = store.page(call.tx, call.account, filter_from(query, call.account), page_request(query))
    return listed(page, lambda row: row_json(row, call))


def create(call: Call, body: NewInvoiceBody) -> InvoiceJson:
    """Make a draft."""
    return to_json(ops.create(call.tx, call.account, from_json(body, call.account)), call)


def preview(call: Call, body: NewInvoiceBody) -> InvoiceJson:
    """Compute the draft that a create would make, and store nothing."""
    return to_json(ops.preview(call.tx, call.account, from_json(body, call.account)), call)


def get(call: Call, invoice_id: Id) -> InvoiceJson:
    """Get one invoice with its items, customer and payments."""
    return to_json(store.get(call.tx, call.account, invoice_id), call)


def update(call: Call, invoice_id: Id, body: InvoiceBody) -> InvoiceJson:
    """Change a draft."""
    change = change_from_json(body, call.account)
    return to_json(ops.update(call.tx, call.account, invoice_id, change, body.seen_version), call)


def publish(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Issue a draft and give it a share link."""
    return Reply(to_json(ops.publish(call.tx, call.account, invoice_id), call), "The invoice is published.")


def mark_sent(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Issue a draft without a share link or an e-mail."""
    return Reply(to_json(ops.mark_sent(call.tx, call.account, invoice_id), call), "The invoice is marked as sent.")


def next_number(call: Call) -> NextNumber:
    """Show the number that the next invoice will get; takes nothing."""
    return NextNumber(ops.next_number(call.tx, call.account))
