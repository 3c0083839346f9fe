"""What a document says, before it looks like anything."""

import re
from datetime import date, datetime

import msgspec

from tallystick.core.account import Account
from tallystick.core.money import digits, to_decimal
from tallystick.core.party import Party
from tallystick.core.states import InvoiceState
from tallystick.invoices.types import Invoice

MARKS = {InvoiceState.DRAFT: "DRAFT", InvoiceState.ISSUED: None, InvoiceState.VOIDED: "VOID"}
# Control characters but the line feed, and those that turn the direction of what follows (Unicode, UAX 9).
UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as its reader sees it. ``mark`` says that it is no bill, or none any more; parties are lines of text.

    ``total`` has exactly the digits of its currency, which follows it. ``changed_at`` is when it became what it says.
    """

    kind: str
    number: str
    mark: str | None
    title: str | None
    issue_date: date
    due_date: date
    seller: list[str]
    buyer: list[str]
    total: str
    changed_at: datetime


def of_invoice(invoice: Invoice, account: Account) -> Document:
    """The document of an invoice: with the parties that it was issued by and to, or on a draft those of today."""
    row = invoice.row
    return Document(
        kind="Invoice",
        number=_shown(row.shown_number),
        mark=MARKS[row.state],
        title=row.header.title and _shown(row.header.title),
        issue_date=row.issue_date,
        due_date=row.due_date,
        seller=_party(row.seller or account.seller),
        buyer=_party(invoice.customer),
        total=f"{to_decimal(row.sums.total, digits(row.currency))} {row.currency}",
        changed_at=row.updated_at,
    )


def _party(party: Party) -> list[str]:
    lines = (party.name, *party.lines(party.country), party.tax_id, party.email)
    return [_shown(line) for line in lines if line]


def _shown(text: str) -> str:
    return UNSHOWN.sub("", text)
