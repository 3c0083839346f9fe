"""The file that a share link opens."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tallystick.documents import content, pdf
from tallystick.documents.document import Document
from tallystick.invoices import store
from tallystick.wire.call import Call
from tallystick.wire.file import File
from tallystick.wire.scalars import Token


@dataclass(frozen=True)
class PdfFile(File):
    """A PDF."""

    media: str = "application/pdf"


def invoice_pdf(call: Call, token: Token) -> PdfFile:
    """The PDF of the invoice whose share token it is, be it a draft, marked as one, or voided; or NotFound."""
    invoice = store.get_by_token(call.tx, call.account, token)
    document = content.of_invoice(invoice, content.For(call.account, call.tx.now))
    return PdfFile(f"{invoice.row.shown_number}.pdf", _made(document, invoice.row.updated_at))


def _made(document: Document, at: datetime) -> Iterator[bytes]:
    """The file, when it is asked for: once the transaction has ended."""
    yield pdf.written(document, pdf.BUILT_INS["classic"], at)
