"""The decisions of quotations."""

from datetime import datetime

from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.states import Action, QuotationState, QuotationStatus, next_state
from tallystick.quotations.types import Quotation


def converted(quotation: Quotation, account: Account, now: datetime) -> QuotationState:
    """The state of a quotation that becomes an invoice.

    Raises Conflict where it has its invoice, which it names, or cannot get one any more.
    """
    if quotation.row.state is QuotationState.CONVERTED:
        raise Conflict(f"The quotation is converted already: to the invoice with the id {quotation.row.invoice_id}.")
    state = next_state(quotation.row.state, Action.CONVERT)
    check_unexpired(quotation, account, now)
    return state


def check_unexpired(quotation: Quotation, account: Account, now: datetime) -> None:
    """Raises Conflict where the quotation has expired without an answer."""
    if quotation.row.status(account, now) is QuotationStatus.EXPIRED:
        raise Conflict(
            f"The quotation was valid until {quotation.row.valid_until}. Duplicate it to offer the same again."
        )


def check_sendable(quotation: Quotation, account: Account, now: datetime) -> None:
    """Raises Conflict where the quotation is a draft that nobody could accept once it is sent."""
    row = quotation.row
    if row.state is QuotationState.DRAFT and row.valid_until < account.today(now):
        raise Conflict(f"The draft is valid until {row.valid_until}, which is past. Give a later valid_until first.")


ISSUE_AND_REJECT = "Issue the draft and reject it."
