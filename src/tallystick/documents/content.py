"""The documents of bills: what an invoice, a quotation or a credit note says to its reader. Nothing is computed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import structs

from tallystick.bills.header import Header
from tallystick.bills.types import LineRow
from tallystick.core.account import Account
from tallystick.core.party import Buyer, Seller
from tallystick.core.totals import TaxTotal
from tallystick.credit_notes.types import CreditNote
from tallystick.documents import lines, parties, standing
from tallystick.documents.document import Document, DocumentKind, Labelled, Notice, Total
from tallystick.documents.frame import For, Frame, framed
from tallystick.documents.reader import Readership, block, line
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.quotations.types import Quotation

# EN 16931, BT-118 (codes of UNCL5305): what the customer must be told of a category of tax.
NOTICES = {"AE": "reverse_charge", "K": "intra_community", "G": "export"}
REFERENCES = ("purchase_order", "buyer_reference", "project")


class _Bill(NamedTuple):
    """What the document of any kind of bill is made of."""

    kind: DocumentKind
    number: str | None
    row: lines.Row
    lines: Sequence[LineRow]
    seller: Seller
    customer: Buyer


def of_invoice(invoice: Invoice, whom: For) -> Document:
    """An invoice: with the parties that it was issued by and to, or on a draft those of today."""
    row, customer = invoice.row, invoice.customer
    seller = row.seller or whom.account.seller
    reader = whom.reader(seller, customer, row.currency)
    bill = _Bill(DocumentKind.INVOICE, row.shown_number, row, invoice.lines, seller, customer)
    state = standing.of_invoice(invoice, row.status(whom.account, whom.now), reader)
    return structs.replace(
        _document(bill, _invoice_days(row, whom.account, reader), standing.settled(invoice, reader), reader, whom),
        mark=standing.invoice_mark(row.state, reader),
        state=state,
        headline=standing.invoice_headline(row, state, reader),
        history=standing.history(invoice, reader),
        payment=standing.payable(row, seller, reader),
    )


def of_quotation(quotation: Quotation, whom: For) -> Document:
    """A quotation: with the parties that it was issued by and to, or on a draft those of today."""
    row, customer = quotation.row, quotation.customer
    seller = row.seller or whom.account.seller
    reader = whom.reader(seller, customer, row.currency)
    bill = _Bill(DocumentKind.QUOTATION, row.shown_number, row, quotation.lines, seller, customer)
    until = reader.item("until", "label.valid_until", reader.notation.day(row.valid_until))
    return structs.replace(
        _document(bill, [_dated(row.issue_date, reader), until], [], reader, whom),
        mark=standing.quotation_mark(row.state, reader),
        state=standing.of_quotation(row, whom.account, whom.now, reader),
        headline=[_total_item(row.sums.total, "total.total", reader), until],
    )


def of_credit_note(note: CreditNote, whom: For) -> Document:
    """A credit note."""
    row = note.row
    reader = whom.reader(row.seller, row.customer, row.currency)
    bill = _Bill(DocumentKind.CREDIT_NOTE, row.number, row, note.lines, row.seller, row.customer)
    corrects = reader.item("corrects", "label.corrects", line(note.invoice_number))
    days = [_dated(row.issue_date, reader), corrects]
    reason = [reader.item("reason", "label.reason", line(row.reason))] if row.reason else []
    return structs.replace(
        _document(bill, [*days, *reason], standing.customer_credit(row, reader), reader, whom),
        state=standing.of_credit_note(row, reader),
        headline=[_total_item(row.sums.total, "total.credit_total", reader), corrects],
    )


def _document(
    bill: _Bill, days: Iterable[Labelled], settled: Iterable[Total], reader: Readership, whom: For
) -> Document:
    """What the kinds share; ``days`` follow the number, ``settled`` the total."""
    row, header = bill.row, bill.row.header
    frame = Frame(bill.kind, bill.seller, bill.customer, bill.number)
    document = framed(frame, reader, whom.account, is_taxed=row.sums.tax != 0)
    return structs.replace(
        document,
        subject=line(header.title) if header.title else None,
        meta=[*document.meta, *days, *_references(header, reader), *parties.customer_ids(bill.customer, reader)],
        table=lines.table(row, bill.lines, reader),
        totals=_counting([*lines.sums(row, _total_label(bill), reader), *settled]),
        notices=list(_notices(row.taxes, reader)),
        notes=[block(text) for text in (header.payment_terms, header.notes) if text],
    )


def _total_label(bill: _Bill) -> str:
    if bill.kind is DocumentKind.CREDIT_NOTE:
        return "total.credit_total"
    return "total.total_with_tax" if bill.row.sums.tax else "total.total"


def _counting(totals: list[Total]) -> list[Total]:
    """The totals, of which the last one with weight counts."""
    counts = max(at for at, total in enumerate(totals) if total.weight)
    return [structs.replace(total, weight=2) if at == counts else total for at, total in enumerate(totals)]


def _invoice_days(row: InvoiceRow, account: Account, reader: Readership) -> Iterator[Labelled]:
    yield _dated(row.issue_date, reader)
    if row.revised_at:
        yield reader.item("revised", "label.revised", reader.notation.day(account.today(row.revised_at)))
    yield reader.item("until", "label.due", reader.notation.day(row.due_date))
    if row.period_start and row.period_end and not row.header.service_start:
        yield _service(row.period_start, row.period_end, reader)


def _dated(day: date, reader: Readership) -> Labelled:
    return reader.item("date", "label.date", reader.notation.day(day))


def _total_item(amount: int, label: str, reader: Readership) -> Labelled:
    return reader.item("total", label, reader.notation.money(amount))


def _references(header: Header, reader: Readership) -> Iterator[Labelled]:
    """The days of service, and what the buyer knows the bill by."""
    start, end = header.service_start or header.service_end, header.service_end or header.service_start
    if start and end:
        yield _service(start, end, reader)
    for name in REFERENCES:
        if text := getattr(header, name):
            yield reader.item(name, f"label.{name}", line(text))


def _service(start: date, end: date, reader: Readership) -> Labelled:
    key = "service_date" if start == end else "service_period"
    return reader.item(key, f"label.{key}", reader.notation.days(start, end))


def _notices(taxes: Iterable[TaxTotal], reader: Readership) -> Iterator[Notice]:
    """Why no tax is charged: in the reader's words where a category has its own, and in the seller's."""
    for tax in taxes:
        key = NOTICES.get(tax.category, "exempt")
        general = reader.words(f"notice.{key}") if tax.category in NOTICES else ""
        reason = line(tax.exemption_reason or "")
        if text := " ".join(dict.fromkeys(part for part in (general, reason) if part)):
            yield Notice(key, text)
