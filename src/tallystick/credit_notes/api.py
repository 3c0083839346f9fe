"""The native wire of credit notes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import structs

from tallystick.bills import header, sums
from tallystick.bills.api import ItemJson, TaxJson, item_json, taxes_json
from tallystick.bills.header import Header
from tallystick.bills.labels import Labels
from tallystick.core.bill import MAX_LINES
from tallystick.core.labels import Metadata, merged
from tallystick.core.money import digits
from tallystick.core.party import Buyer
from tallystick.credit_notes import ops, store
from tallystick.credit_notes.types import CreditNote, CreditNoteFilter, CreditNoteRow, NewCreditNote, WantedCredit
from tallystick.invoices import api as invoices
from tallystick.invoices import store as invoice_store
from tallystick.invoices.api import InvoiceJson
from tallystick.wire import render
from tallystick.wire.call import Body, Call, given
from tallystick.wire.csv import CsvFile, selected
from tallystick.wire.labels import LabelsChange
from tallystick.wire.lists import ListQuery, among, listed, page_request
from tallystick.wire.reply import Listed, Reply
from tallystick.wire.scalars import ExternalId, Id, LongText, MetadataChange, Positive, ShortText


class CreditBody(Body, kw_only=True):
    """What to credit of one line: a quantity, or an amount of its ``line_total``; with neither, all that is left."""

    item_id: Id
    quantity: Positive | None = None
    amount: Positive | None = None


class CreditNoteBody(Body, kw_only=True):
    """What to credit; without ``items``, all that is left of the invoice."""

    items: Annotated[list[CreditBody], msgspec.Meta(min_length=1, max_length=MAX_LINES)] | None = None
    reason: LongText | None = None
    external_id: ExternalId | None = None
    metadata: MetadataChange | None = None

    def check(self) -> dict[str, list[str]]:
        """What single fields cannot tell."""
        return {
            f"items.{index}.amount": ["Give a quantity or an amount, not both."]
            for index, item in enumerate(self.items or ())
            if item.quantity is not None and item.amount is not None
        }


class CreditNoteQuery(ListQuery, frozen=True, kw_only=True):
    """Filters of the list."""

    sort: Annotated[ShortText, among(store.SORTS)] | None = None
    customer_id: Id | None = None
    invoice_id: Id | None = None
    external_id: ExternalId | None = None


class CreditNoteRowJson(Header, frozen=True):
    """A credit note as a list shows it.

    ``amount_applied`` lowered the invoice's balance, ``amount_to_credit`` exceeded it and is the customer's credit.
    When a payment of the invoice is reversed, credit that is unspent goes back onto it, from the second to the first.
    """

    id: int
    credit_note_number: str
    invoice_id: int
    customer_id: int
    customer_name: str
    issue_date: date
    currency: str
    subtotal: Decimal
    discount_amount: Decimal
    tax_total: Decimal
    taxes: list[TaxJson]
    total: Decimal
    amount_applied: Decimal
    amount_to_credit: Decimal
    prices_include_tax: bool
    reason: str | None
    share_token: str | None
    share_url: str | None
    viewed_at: datetime | None
    last_viewed_at: datetime | None
    created_at: datetime
    issued_at: datetime
    external_id: str | None
    metadata: Metadata
    version: int


class CreditItemJson(ItemJson, frozen=True, kw_only=True):
    """A line of a credit note, and the invoice's line that it credits."""

    invoice_item_id: int


class CreditNoteJson(CreditNoteRowJson, frozen=True, kw_only=True):
    """A credit note, whole."""

    invoice_number: str
    items: list[CreditItemJson]
    customer: Buyer


class NewCreditNoteJson(CreditNoteJson, frozen=True, kw_only=True):
    """A new credit note, and the invoice as it stands after it."""

    invoice: InvoiceJson


def from_json(body: CreditNoteBody) -> NewCreditNote:
    """The credit note that a request asks for."""
    labels = Labels(external_id=body.external_id, metadata=merged({}, body.metadata))
    if body.items is None:
        return NewCreditNote(reason=body.reason, labels=labels)
    return NewCreditNote(items=tuple(map(_wanted, body.items)), reason=body.reason, labels=labels)


def _wanted(item: CreditBody) -> WantedCredit:
    quantity = None if item.quantity is None else Decimal(item.quantity)
    return WantedCredit(line_id=item.item_id, quantity=quantity, amount=item.amount)


def filter_from(query: CreditNoteQuery) -> CreditNoteFilter:
    """What the query selects."""
    return CreditNoteFilter(query.customer_id, query.invoice_id, query.external_id)


def row_json(row: CreditNoteRow, call: Call) -> CreditNoteRowJson:
    """A credit note as a list shows it."""
    return CreditNoteRowJson(**_row_fields(row, call))


def _row_fields(row: CreditNoteRow, call: Call) -> dict[str, Any]:
    places = digits(row.currency)
    return header.shown(row.header) | {
        "id": row.id,
        "credit_note_number": row.number,
        "invoice_id": row.invoice_id,
        "customer_id": row.customer_id,
        "customer_name": row.customer_name,
        "issue_date": row.issue_date,
        "currency": row.currency,
        **sums.shown(row.sums, places),
        "taxes": taxes_json(row.taxes, places),
        "amount_applied": render.amount(row.sums.total - row.to_credit, places),
        "amount_to_credit": render.amount(row.to_credit, places),
        "prices_include_tax": row.prices_include_tax,
        "reason": row.reason,
        "share_token": row.share_token,
        **structs.asdict(row.views),
        "share_url": row.share_token and f"{call.origin}/public/credit-notes/{row.share_token}",
        "created_at": row.created_at,
        "issued_at": row.issued_at,
        "external_id": row.labels.external_id,
        "metadata": row.labels.metadata,
        "version": row.version,
    }


def to_json(credit_note: CreditNote, call: Call) -> CreditNoteJson:
    """A credit note, whole."""
    return CreditNoteJson(**_fields(credit_note, call))


def _fields(credit_note: CreditNote, call: Call) -> dict[str, Any]:
    places = digits(credit_note.row.currency)
    return {
        **_row_fields(credit_note.row, call),
        "invoice_number": credit_note.invoice_number,
        "items": [
            CreditItemJson(**msgspec.structs.asdict(item_json(line, places)), invoice_item_id=line.invoice_line_id)
            for line in credit_note.lines
        ],
        "customer": credit_note.row.customer,
    }


def create(call: Call, invoice_id: Id, body: CreditNoteBody) -> Reply[NewCreditNoteJson]:
    """Issue a credit note of an invoice: whole, by quantity or by amount."""
    credit_note = ops.create(call.tx, call.account, invoice_id, from_json(body))
    invoice = invoices.to_json(invoice_store.get(call.tx, call.account, invoice_id), call)
    return Reply(NewCreditNoteJson(**_fields(credit_note, call), invoice=invoice), "The credit note is issued.")


def index(call: Call, query: CreditNoteQuery) -> Listed[CreditNoteRowJson]:
    """List the credit notes."""
    page = store.page(call.tx, call.account, filter_from(query), page_request(query))
    return listed(page, lambda row: row_json(row, call))


CSV_COLUMNS = {
    "Credit Note Number": "credit_note_number",
    "Invoice Number": "invoice_number",
    "Customer": "customer_name",
    "Issue Date": "issue_date",
    "Subtotal": "subtotal",
    "Tax": "tax_total",
    "Discount": "discount_amount",
    "Total": "total",
    "To Credit": "amount_to_credit",
    "Currency": "currency",
    "Reason": "reason",
    "Created": "created_at",
}
"""As the columns of invoices, and the fields that they show."""


def export_csv(call: Call, query: CreditNoteQuery) -> CsvFile:
    """Export the credit notes that a list would show on all its pages.

    `page`, `limit` and `after` change nothing.
    """
    found = store.every(call.tx, call.account, filter_from(query), page_request(query))
    shown = ({**_row_fields(row, call), "invoice_number": number} for row, number in found)
    return selected("credit-notes.csv", CSV_COLUMNS, shown)


def get(call: Call, credit_note_id: Id) -> CreditNoteJson:
    """Get one credit note."""
    return to_json(store.get(call.tx, call.account, credit_note_id), call)


def update(call: Call, credit_note_id: Id, body: LabelsChange) -> CreditNoteJson:
    """Change the `external_id` and `metadata` of a credit note; what it says stays."""
    return to_json(ops.label(call.tx, call.account, credit_note_id, given(body), body.seen_version), call)


def rotate_share(call: Call, credit_note_id: Id) -> Reply[CreditNoteJson]:
    """Give a credit note a new share link; the old one opens nothing any more."""
    credit_note = ops.rotate_share(call.tx, call.account, credit_note_id)
    return Reply(to_json(credit_note, call), "The credit note has a new share link.")


def revoke_share(call: Call, credit_note_id: Id) -> Reply[CreditNoteJson]:
    """Withdraw the share link of a credit note: it opens nothing any more."""
    credit_note = ops.revoke_share(call.tx, call.account, credit_note_id)
    return Reply(to_json(credit_note, call), "The credit note has no share link.")
