"""What of a bill is to be printed: its document, and what the file of it is called."""

from tallystick.bills.types import BillRow
from tallystick.credit_notes.types import CreditNote, CreditNoteRow
from tallystick.documents import content
from tallystick.documents.files import Printable
from tallystick.documents.frame import For
from tallystick.documents.templates import Wish
from tallystick.invoices.types import Invoice
from tallystick.quotations.types import Quotation


def of_invoice(invoice: Invoice, whom: For) -> Printable:
    """An invoice in any state."""
    row = invoice.row
    return Printable(content.of_invoice(invoice, whom), row.shown_number, row.updated_at, _wish(row))


def of_quotation(quotation: Quotation, whom: For) -> Printable:
    """A quotation in any state."""
    row = quotation.row
    return Printable(content.of_quotation(quotation, whom), row.shown_number, row.updated_at, _wish(row))


def of_credit_note(note: CreditNote, whom: For) -> Printable:
    """A credit note."""
    row = note.row
    return Printable(content.of_credit_note(note, whom), row.number, row.issued_at, _wish(row))


def _wish(row: BillRow | CreditNoteRow) -> Wish:
    return Wish(row.header.template_id, row.customer_id)
