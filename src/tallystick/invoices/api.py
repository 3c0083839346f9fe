"""The native wire of invoices."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.bills.api import (
    BillChange,
    BillQuery,
    ItemJson,
    Items,
    TaxJson,
    bill_filter,
    csv_columns,
    discount_errors,
    draft_change,
    new_bill,
    shared_fields,
    whole_fields,
)
from tallystick.bills.header import Header
from tallystick.bills.types import NewBill
from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors
from tallystick.core.events import Event
from tallystick.core.facts import in_major_units
from tallystick.core.labels import Metadata
from tallystick.core.money import digits
from tallystick.core.party import Buyer
from tallystick.core.states import InvoiceState, InvoiceStatus
from tallystick.invoices import ops, store
from tallystick.invoices.kind import INVOICES
from tallystick.invoices.types import CreditNoteOfInvoice, Invoice, InvoiceFilter, InvoiceRow, PaymentLine
from tallystick.store.outbox import Recorded
from tallystick.wire import render
from tallystick.wire.call import Call, Deleted
from tallystick.wire.csv import CsvFile, selected
from tallystick.wire.lists import ListQuery, among, listed, page_request, some_of
from tallystick.wire.reply import Listed, Reply
from tallystick.wire.scalars import BillNumber, Day, Id, Several, ShortText


class InvoiceBody(BillChange, kw_only=True):
    """A draft, as far as it is to change. ``due_date`` is not before ``issue_date``."""

    due_date: Day | None | UnsetType = UNSET
    invoice_number: BillNumber | None | UnsetType = UNSET


class NewInvoiceBody(InvoiceBody, kw_only=True):
    """A new draft: a customer and 1 to 1,000 items."""

    customer_id: Id
    items: Items

    def check(self) -> FieldErrors:
        """What single fields cannot tell; a change is checked against the draft that it changes."""
        return super().check() | discount_errors(self.discount_type, self.discount_value, "")


class InvoiceQuery(BillQuery, frozen=True, kw_only=True):
    """``status``: one of the six, or several with commas between; dates are issue dates, inclusive."""

    sort: Annotated[ShortText, among(store.SORTS)] | None = None
    status: Annotated[Several, some_of(InvoiceStatus)] | None = None
    recurring_id: Id | None = None


class TrashQuery(ListQuery, frozen=True, kw_only=True):
    """Which part of the trash to list."""

    sort: Annotated[ShortText, among(store.SORTS)] | None = None


def filter_from(query: InvoiceQuery, account: Account) -> InvoiceFilter:
    """What the query selects. Raises ValidationFailed for an unknown status."""
    shared = msgspec.structs.asdict(bill_filter(query, account, InvoiceStatus))
    return InvoiceFilter(**shared, recurring_id=query.recurring_id)


def from_json(body: NewInvoiceBody, account: Account) -> NewBill:
    """The invoice that a request asks for."""
    return new_bill(INVOICES, body, account, customer_id=body.customer_id, items=body.items)


class PaymentSummary(msgspec.Struct, frozen=True):
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


class CreditNoteSummary(msgspec.Struct, frozen=True):
    """A credit note as its invoice shows it."""

    id: int
    credit_note_number: str
    issue_date: date
    total: Decimal
    amount_applied: Decimal
    amount_to_credit: Decimal
    reason: str | None


class InvoiceRowJson(Header, frozen=True):
    """An invoice as a list shows it; amounts in major units with exactly the currency's digits."""

    id: int | None
    invoice_number: str
    customer_id: int
    customer_name: str
    status: InvoiceStatus
    issue_date: date
    issue_date_given: bool
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
    recurring_id: int | None
    period_start: date | None
    period_end: date | None
    prices_include_tax: bool
    share_token: str | None
    share_url: str | None
    viewed_at: datetime | None
    last_viewed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    issued_at: datetime | None
    revised_at: datetime | None
    external_id: str | None
    metadata: Metadata
    version: int


class InvoiceJson(InvoiceRowJson, frozen=True, kw_only=True):
    """An invoice, whole."""

    items: list[ItemJson]
    customer: Buyer
    payments: list[PaymentSummary]
    credit_notes: list[CreditNoteSummary]
    send_log: list[dict[str, Any]]


class Activity(msgspec.Struct, frozen=True):
    """What was done to a bill, or to a ``subject`` as ``payment:12`` that belongs to it: when, by whom, and what.

    Amounts in ``data`` are in major units, with exactly the digits of its ``currency``.
    """

    at: datetime
    actor: str
    type: Event
    subject: str
    data: dict[str, Any] | None


class NextNumber(msgspec.Struct, frozen=True):
    """The number that the next invoice will get, if nothing comes between."""

    number: str


def row_fields(row: InvoiceRow, call: Call) -> dict[str, Any]:
    """The fields that a list row and a whole invoice share."""
    return shared_fields(INVOICES, row) | {
        "status": row.status(call.account, call.tx.now),
        **settled_fields(row),
        "revised_at": row.revised_at,
        "recurring_id": row.recurring_id,
        "period_start": row.period_start,
        "period_end": row.period_end,
        "share_url": page_url(row, call.origin),
    }


def page_url(row: InvoiceRow, origin: str) -> str | None:
    """Where an invoice is shown to whoever has its token; None without one, and for a draft, which has no page."""
    is_shown = row.share_token and row.state is not InvoiceState.DRAFT
    return f"{origin}/public/invoices/{row.share_token}" if is_shown else None


def pdf_url(row: InvoiceRow, origin: str) -> str | None:
    """Where the PDF of an invoice in any state is for whoever has its token; None without one."""
    return row.share_token and f"{origin}/public/invoices/{row.share_token}/pdf"


def settled_fields(row: InvoiceRow) -> dict[str, Any]:
    """What is paid, what is credited, and what is left to pay."""
    places = digits(row.currency)
    return {
        "amount_paid": render.amount(row.paid, places),
        "amount_credited": render.amount(row.credited, places),
        "balance_due": render.amount(row.balance, places),
    }


def row_json(row: InvoiceRow, call: Call) -> InvoiceRowJson:
    """An invoice as a list shows it."""
    return InvoiceRowJson(**row_fields(row, call))


def to_json(invoice: Invoice, call: Call) -> InvoiceJson:
    """An invoice, whole."""
    places = digits(invoice.row.currency)
    return InvoiceJson(
        **row_fields(invoice.row, call),
        **whole_fields(invoice),
        payments=[payment_json(payment, places) for payment in invoice.payments],
        credit_notes=[credit_note_json(credit_note, places) for credit_note in invoice.credit_notes],
        send_log=[],
    )


def payment_json(payment: PaymentLine, places: int) -> PaymentSummary:
    """A payment as an invoice shows it."""
    return PaymentSummary(
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


def credit_note_json(credit_note: CreditNoteOfInvoice, places: int) -> CreditNoteSummary:
    """A credit note as its invoice shows it."""
    return CreditNoteSummary(
        id=credit_note.id,
        credit_note_number=credit_note.number,
        issue_date=credit_note.issue_date,
        total=render.amount(credit_note.total, places),
        amount_applied=render.amount(credit_note.total - credit_note.to_credit, places),
        amount_to_credit=render.amount(credit_note.to_credit, places),
        reason=credit_note.reason,
    )


def activity_json(event: Recorded) -> Activity:
    """What happened, as it is shown."""
    return Activity(
        at=event.at,
        actor=event.actor,
        type=event.type,
        subject=f"{event.type.kind}:{event.subject_id}",
        data=None if event.data is None else in_major_units(event.data),
    )


def index(call: Call, query: InvoiceQuery) -> Listed[InvoiceRowJson]:
    """List the invoices."""
    page = store.page(call.tx, call.account, filter_from(query, call.account), page_request(query))
    return listed(page, lambda row: row_json(row, call))


def export_csv(call: Call, query: InvoiceQuery) -> CsvFile:
    """Export the invoices that a list would show on all its pages.

    `page`, `limit` and `after` change nothing.
    """
    invoices = store.every(call.tx, call.account, filter_from(query, call.account), page_request(query))
    shown = (row_fields(row, call) for row in invoices)
    return selected("invoices.csv", csv_columns(INVOICES), shown)


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
    """Change a draft; of any other invoice, `external_id` and `metadata`."""
    change = draft_change(INVOICES, body, call.account)
    return to_json(ops.update(call.tx, call.account, invoice_id, change, body.seen_version), call)


def publish(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Issue a draft and give it a share link."""
    return Reply(to_json(ops.publish(call.tx, call.account, invoice_id), call), "The invoice is published.")


def rotate_share(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Give an issued invoice a new share link; the old one opens nothing any more."""
    invoice = ops.rotate_share(call.tx, call.account, invoice_id)
    return Reply(to_json(invoice, call), "The invoice has a new share link.")


def revoke_share(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Withdraw the share link of an issued invoice: it opens nothing any more."""
    invoice = ops.revoke_share(call.tx, call.account, invoice_id)
    return Reply(to_json(invoice, call), "The invoice has no share link.")


def mark_sent(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Issue a draft without a share link or an e-mail."""
    return Reply(to_json(ops.mark_sent(call.tx, call.account, invoice_id), call), "The invoice is marked as sent.")


def revise(call: Call, invoice_id: Id, body: InvoiceBody) -> Reply[InvoiceJson]:
    """Change an issued invoice on which nothing is paid or credited, and issue it again under its number.

    Its number, share token and link stay, and its page says "Revised on". It is issued to the customer as it is by now.
    What it said before is kept in its activity, by the event `invoice.revised`. 409 where a payment stands on it or a
    credit note is written, for another number, and for a date that its number is not of. A body that would change
    nothing changes nothing.
    """
    change = draft_change(INVOICES, body, call.account)
    invoice = ops.revise(call.tx, call.account, invoice_id, change, body.seen_version)
    return Reply(to_json(invoice, call), _revision(invoice.row, call.tx.now))


def _revision(row: InvoiceRow, now: datetime) -> str:
    """What became of an invoice that was to be revised at this instant."""
    if row.revised_at == now:
        return "The invoice is revised."
    if row.updated_at == now:
        return "The external_id and metadata are changed; what the invoice says is not."
    return "The invoice says this already; nothing is changed."


def unpublish(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Revoke the share link and take an invoice back to draft; it keeps its number."""
    invoice = ops.unpublish(call.tx, call.account, invoice_id)
    return Reply(to_json(invoice, call), "The invoice is a draft again, and keeps its number.")


def void(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Void an issued invoice, for ever; it keeps its number."""
    return Reply(to_json(ops.void(call.tx, call.account, invoice_id), call), "The invoice is voided.")


def duplicate(call: Call, invoice_id: Id) -> InvoiceJson:
    """Make a draft with the same content, dated today."""
    return to_json(ops.duplicate(call.tx, call.account, invoice_id), call)


def delete(call: Call, invoice_id: Id) -> Reply[Deleted]:
    """Move a draft to the trash."""
    ops.delete(call.tx, call.account, invoice_id)
    return Reply(Deleted(invoice_id), "The draft is in the trash.")


def trash(call: Call, query: TrashQuery) -> Listed[InvoiceRowJson]:
    """List the trash."""
    return listed(store.trash(call.tx, call.account, page_request(query)), lambda row: row_json(row, call))


def restore(call: Call, invoice_id: Id) -> Reply[InvoiceJson]:
    """Take a draft out of the trash."""
    return Reply(to_json(ops.restore(call.tx, call.account, invoice_id), call), "The draft is back.")


def activity(call: Call, invoice_id: Id) -> list[Activity]:
    """Show who did what to an invoice, and when."""
    return [activity_json(event) for event in store.activity(call.tx, call.account, invoice_id)]


def next_number(call: Call) -> NextNumber:
    """Show the number that the next invoice will get; takes nothing."""
    return NextNumber(ops.next_number(call.tx, call.account))
