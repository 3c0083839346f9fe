"""What a quotation's share link shows, and the two answers that it takes.

Who answered and why is for the seller alone: whoever else has the link is not shown it.
"""

from datetime import date, datetime

from tallystick.bills.public import PublicBill, public_fields
from tallystick.core.states import QuotationStatus
from tallystick.quotations import ops, store
from tallystick.quotations.api import AnswerBody, answer_from
from tallystick.quotations.types import Quotation
from tallystick.wire.call import Call
from tallystick.wire.reply import Reply
from tallystick.wire.scalars import Token


class PublicQuotation(PublicBill, frozen=True, kw_only=True):
    """A quotation, as its customer sees it."""

    quotation_number: str
    status: QuotationStatus
    valid_until: date
    accepted_at: datetime | None
    rejected_at: datetime | None


def to_json(quotation: Quotation, call: Call) -> PublicQuotation:
    """An issued quotation, as its customer sees it."""
    row = quotation.row
    return PublicQuotation(
        **public_fields(row, quotation.lines),
        quotation_number=row.shown_number,
        status=row.status(call.account, call.tx.now),
        valid_until=row.valid_until,
        accepted_at=row.accepted_at,
        rejected_at=row.rejected_at,
    )


def get_shared(call: Call, token: Token) -> PublicQuotation:
    """Show the quotation of a share link."""
    return to_json(store.get_shared(call.tx, call.account, token), call)


def accept_shared(call: Call, token: Token, body: AnswerBody) -> Reply[PublicQuotation]:
    """Accept the quotation of a share link, as its customer."""
    quotation_id = store.id_of(call.tx, call.account, token)
    quotation = ops.accept(call.tx, call.account, quotation_id, answer_from(body))
    return Reply(to_json(quotation, call), "The quotation is accepted.")


def reject_shared(call: Call, token: Token, body: AnswerBody) -> Reply[PublicQuotation]:
    """Reject the quotation of a share link, as its customer."""
    quotation_id = store.id_of(call.tx, call.account, token)
    quotation = ops.reject(call.tx, call.account, quotation_id, answer_from(body))
    return Reply(to_json(quotation, call), "The quotation is rejected.")
