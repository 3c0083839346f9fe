"""What every document has: for whom it is made, who sends it to whom, and how it looks."""

from datetime import datetime
from typing import NamedTuple

from tallystick.core.account import Account
from tallystick.core.party import Buyer, Seller
from tallystick.documents import parties
from tallystick.documents.colours import palette
from tallystick.documents.document import Carry, Document, DocumentKind, Table
from tallystick.documents.papers import paper
from tallystick.documents.reader import Readership, line

ACCENT = "#3d4a57"
CUSTOMER_LABELS = {
    DocumentKind.INVOICE: "party.to",
    DocumentKind.QUOTATION: "party.quote_to",
    DocumentKind.CREDIT_NOTE: "party.customer",
    DocumentKind.RECEIPT: "party.customer",
    DocumentKind.STATEMENT: "party.customer",
}


class For(NamedTuple):
    """What a document is made for: the account that sends it, the instant of reading, and the language asked for."""

    account: Account
    now: datetime
    language: str | None = None

    def reader(self, seller: Seller, customer: Buyer, currency: str) -> Readership:
        """Who reads a document in this currency."""
        today = self.account.today(self.now)
        return Readership(seller, customer, language=self.language, currency=currency, today=today)


class Frame(NamedTuple):
    """Who sends a document of a kind to whom, and its number, where it has one."""

    kind: DocumentKind
    seller: Seller
    customer: Buyer
    number: str | None = None


def framed(frame: Frame, reader: Readership, account: Account, *, is_taxed: bool = False) -> Document:
    """A document that says nothing yet."""
    number = line(frame.number or "") or None
    title = reader.title(frame.kind, is_taxed=is_taxed)
    seller = parties.seller_party(frame.seller, reader)
    return Document(
        kind=frame.kind,
        language=reader.language,
        region=reader.region,
        direction=reader.words.direction,
        title=title,
        number=number,
        heading=reader.numbered(title, number) if number else title,
        subject=None,
        paper=paper(frame.seller.country),
        palette=palette(account.brand_color or ACCENT),
        seller=seller,
        sender=parties.sender_line(seller),
        customer=parties.customer_party(frame.customer, frame.seller, CUSTOMER_LABELS[frame.kind], reader),
        meta=[reader.item("number", f"label.{frame.kind}_number", number)] if number else [],
        table=Table([], []),
        totals=[],
        footer=parties.footer(frame.seller, seller, account.footer, reader),
        page=reader.words("label.page", page="{page}", pages="{pages}"),
        carry=Carry(forward=reader.words("total.carried"), brought=reader.words("total.brought")),
    )
