"""What a credit note's share link shows."""

from decimal import Decimal

from tallystick.bills.public import PublicBill, public_fields
from tallystick.core.money import digits
from tallystick.credit_notes import store
from tallystick.credit_notes.types import CreditNote
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.scalars import Token


class PublicCreditNote(PublicBill, frozen=True, kw_only=True):
    """A credit note, as its customer sees it."""

    credit_note_number: str
    invoice_number: str
    reason: str | None
    amount_applied: Decimal
    amount_to_credit: Decimal


def to_json(credit_note: CreditNote) -> PublicCreditNote:
    """A credit note, as its customer sees it."""
    row = credit_note.row
    places = digits(row.currency)
    return PublicCreditNote(
        **public_fields(row, credit_note.lines),
        credit_note_number=row.number,
        invoice_number=credit_note.invoice_number,
        reason=row.reason,
        amount_applied=render.amount(row.sums.total - row.to_credit, places),
        amount_to_credit=render.amount(row.to_credit, places),
    )


def get_shared(call: Call, token: Token) -> PublicCreditNote:
    """Show the credit note of a share link."""
    return to_json(store.get_shared(call.tx, call.account, token))
