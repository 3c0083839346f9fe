"""The native wire of documents: the PDFs of bills, receipts and statements, and a statement's figures."""

import datetime as dt
from decimal import Decimal
from itertools import islice

import msgspec

from tallystick.core.errors import ValidationFailed
from tallystick.core.money import digits
from tallystick.credit_notes import store as credit_notes
from tallystick.customers.resource import CUSTOMERS
from tallystick.documents import logos, ops, printable, templates
from tallystick.documents.files import Archive, PdfFile, Printable, pdf_archive, pdf_file
from tallystick.documents.frame import For
from tallystick.documents.statements import Statement, statement_document
from tallystick.documents.templates import Wish
from tallystick.invoices import store as invoices
from tallystick.invoices.api import InvoiceQuery, filter_from
from tallystick.quotations import store as quotations
from tallystick.wire import render
from tallystick.wire.aging import AgingJson
from tallystick.wire.call import Call, Query
from tallystick.wire.lists import page_request
from tallystick.wire.scalars import Currency, Day, Id, Language, ShortText, Token

MOST_FILES = 1_000
TOO_MANY = f"More than {MOST_FILES:,} invoices are selected. Choose fewer days, or another filter."


def _file(call: Call, shown: Printable, asked: str | None) -> PdfFile:
    logo = logos.find(call.tx, call.account)
    return pdf_file(shown, templates.chosen(call.tx, call.account, logo, asked, shown.wish))


class PdfQuery(Query, frozen=True, kw_only=True):
    """How a document is to look, and in which language."""

    template: ShortText | None = None
    language: Language | None = None

    def whom(self, call: Call) -> For:
        """For whom it is made."""
        return For(call.account, call.tx.now, self.language)


class StatementQuery(Query, frozen=True, kw_only=True):
    """Which days, the last twelve months where they are not given, and which currency: else the customer's."""

    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None
    currency: Currency | None = None


class StatementPdfQuery(PdfQuery, frozen=True, kw_only=True):
    """As ``StatementQuery``, and how the document is to look."""

    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None
    currency: Currency | None = None


class StatementEntry(msgspec.Struct, frozen=True):
    """A bill or a payment that stands; ``amount`` is what it adds to the ``balance``, in major units."""

    date: dt.date
    kind: str
    number: str | None
    amount: Decimal
    balance: Decimal


class StatementJson(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's account in one currency: ``opening`` plus the amounts of the entries is ``closing``."""

    from_: dt.date = msgspec.field(name="from")
    to: dt.date
    currency: str
    opening: Decimal
    entries: list[StatementEntry]
    closing: Decimal
    aging: AgingJson


def invoice_pdf(call: Call, invoice_id: Id, query: PdfQuery) -> PdfFile:
    """Show an invoice as a PDF."""
    invoice = invoices.get(call.tx, call.account, invoice_id)
    return _file(call, printable.of_invoice(invoice, query.whom(call)), query.template)


def export_pdf(call: Call, query: InvoiceQuery) -> Archive:
    """Export the PDFs of the invoices that a list would show on all its pages, as a ZIP of at most 1,000.

    `page`, `limit` and `after` change nothing.
    """
    rows = invoices.every(call.tx, call.account, filter_from(query, call.account), page_request(query))
    found = list(islice(rows, MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise ValidationFailed({"from": [TOO_MANY]})
    whom, logo = For(call.account, call.tx.now), logos.find(call.tx, call.account)
    whole = (invoices.get(call.tx, call.account, row.id) for row in found)
    printables = (printable.of_invoice(invoice, whom) for invoice in whole)
    setters = ((each, templates.chosen(call.tx, call.account, logo, None, each.wish)) for each in printables)
    return pdf_archive("invoices.zip", list(setters))


def quotation_pdf(call: Call, quotation_id: Id, query: PdfQuery) -> PdfFile:
    """Show a quotation as a PDF."""
    quotation = quotations.get(call.tx, call.account, quotation_id)
    return _file(call, printable.of_quotation(quotation, query.whom(call)), query.template)


def credit_note_pdf(call: Call, credit_note_id: Id, query: PdfQuery) -> PdfFile:
    """Show a credit note as a PDF."""
    note = credit_notes.get(call.tx, call.account, credit_note_id)
    return _file(call, printable.of_credit_note(note, query.whom(call)), query.template)


def shared_invoice_pdf(call: Call, token: Token, query: PdfQuery) -> PdfFile:
    """Show the invoice of a share link as a PDF, be it a draft, marked as one, or voided."""
    invoice = invoices.get_by_token(call.tx, call.account, token)
    return _file(call, printable.of_invoice(invoice, query.whom(call)), query.template)


def shared_quotation_pdf(call: Call, token: Token, query: PdfQuery) -> PdfFile:
    """Show the quotation of a share link as a PDF."""
    quotation = quotations.get_shared(call.tx, call.account, token)
    return _file(call, printable.of_quotation(quotation, query.whom(call)), query.template)


def shared_credit_note_pdf(call: Call, token: Token, query: PdfQuery) -> PdfFile:
    """Show the credit note of a share link as a PDF."""
    note = credit_notes.get_shared(call.tx, call.account, token)
    return _file(call, printable.of_credit_note(note, query.whom(call)), query.template)


def receipt_pdf(call: Call, payment_id: Id, query: PdfQuery) -> PdfFile:
    """Show the receipt of a payment as a PDF.

    There is none of a payment that failed; that of a reversed one says so.
    """
    return _file(call, ops.receipt(call.tx, payment_id, query.whom(call)), query.template)


def statement(call: Call, customer_id: Id, query: StatementQuery) -> StatementJson:
    """Show what a customer was billed, has paid and owes.

    `entries` are the invoices, payments and credit notes that stand: what is voided or reversed is not among them, nor
    is what was paid from the customer's own credit. `aging` is of what is open now, by its age on the last day.
    """
    return statement_json(_statement(call, customer_id, query))


def statement_pdf(call: Call, customer_id: Id, query: StatementPdfQuery) -> PdfFile:
    """Show a customer's statement of account as a PDF."""
    found, whom = _statement(call, customer_id, query), query.whom(call)
    customer = CUSTOMERS.get(call.tx, call.account, customer_id).buyer
    document = statement_document(found, customer, whom)
    shown = Printable(document, f"statement-{customer_id}", call.account.created_at, Wish(None, customer_id))
    return _file(call, shown, query.template)


def _statement(call: Call, customer_id: int, query: StatementQuery | StatementPdfQuery) -> Statement:
    first, last = (None if day is None else day.on_calendar_of(call.account) for day in (query.from_, query.to))
    return ops.statement(call.tx, call.account, customer_id, (first, last), query.currency)


def statement_json(found: Statement) -> StatementJson:
    """A statement as the API shows it."""
    places = digits(found.currency)
    pairs = zip(found.movements, found.balances, strict=True)
    return StatementJson(
        from_=found.from_date,
        to=found.to_date,
        currency=found.currency,
        opening=render.amount(found.opening, places),
        entries=[
            StatementEntry(
                each.date, each.kind, each.number, render.amount(each.amount, places), render.amount(balance, places)
            )
            for each, balance in pairs
        ],
        closing=render.amount(found.closing, places),
        aging=AgingJson(*(render.amount(amount, places) for amount in found.aging)),
    )
