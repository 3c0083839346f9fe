"""The decisions of quotations."""

from datetime import datetime
from typing import Any

from msgspec import structs

from tallystick.bills import rules as bills
from tallystick.bills.seal import seal_of
from tallystick.bills.types import Found, LineRow, NewBill
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.states import Action, QuotationState, QuotationStatus, first_state, next_state
from tallystick.quotations.types import Quotation, QuotationRow
from tallystick.store.seals import Sealed

KIND = "quotation"
UNTIL = "valid_until"


def draft_values(new: NewBill, account: Account, now: datetime) -> dict[str, Any]:
    """The columns of a new draft that do not follow from its bill."""
    return {"state": first_state(QuotationState), **bills.draft_columns(new, account, now, UNTIL)}


def copied_values(original: QuotationRow, account: Account, now: datetime) -> dict[str, Any]:
    """The columns of a duplicate that do not follow from its bill: it is valid for as many days."""
    valid_days = max(0, (original.valid_until - original.issue_date).days)
    return {"state": first_state(QuotationState), **bills.copied_columns(original, account, now, valid_days, UNTIL)}


def draft(quotation_id: int, values: dict[str, Any], lines: list[LineRow], found: Found) -> Quotation:
    """A new draft, from the columns and the lines that were written."""
    customer = bills.customer_copy(found.customer)
    row = QuotationRow(**(UNTOUCHED | values), id=quotation_id, customer_name=customer["name"])
    return Quotation(row=row, lines=lines, customer=customer)


UNTOUCHED: dict[str, Any] = {
    **bills.UNISSUED,
    "number_scope": None,
    "number_sequence": None,
    "accepted_at": None,
    "rejected_at": None,
    "converted_at": None,
    "invoice_id": None,
    "version": 1,
}


def issued(quotation: Quotation, account: Account, now: datetime) -> dict[str, Any]:
    """The columns that an issue sets. Raises Conflict as ``bills.rules.issued_columns``."""
    columns = bills.issued_columns(quotation.row, quotation.customer, account, now, UNTIL)
    return {"state": next_state(quotation.row.state, Action.ISSUE), **columns}


def changed(quotation: Quotation, changes: dict[str, Any], now: datetime) -> Quotation:
    """The quotation after a change of its row."""
    row = structs.replace(quotation.row, **changes, version=quotation.row.version + 1, updated_at=now)
    return structs.replace(quotation, row=row)


def sealed(quotation: Quotation) -> Sealed:
    """What the seal of an issued quotation is set on."""
    return seal_of(KIND, quotation.row, quotation.lines)


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


KEEPS_NUMBER = "Leave the draft its number."
ISSUE_AND_REJECT = "Issue the draft and reject it."
