"""What a quotation is, as a kind of bill."""

from tallystick.bills.effects import Effects
from tallystick.bills.kind import DraftKind
from tallystick.core.events import Event
from tallystick.core.facts import IssueAction
from tallystick.core.states import QuotationState
from tallystick.quotations.types import Quotation, QuotationRow
from tallystick.store.outbox import NewEvent
from tallystick.store.tables import (
    quotation_lines,
    quotations,
    unique_quotation_key,
    unique_quotation_number,
    unique_wanted_quotation_number,
)


def _at_issue(quotation: Quotation, _action: IssueAction) -> Effects:
    """It is an offer, and moves no money."""
    return Effects([NewEvent(Event.QUOTATION_ISSUED, quotation.row.id)])


QUOTATIONS = DraftKind(
    name="quotation",
    bills=quotations,
    lines=quotation_lines,
    row=QuotationRow,
    whole=Quotation,
    states=QuotationState,
    due_column="valid_until",
    unique_numbers=(unique_quotation_number, unique_quotation_key, unique_wanted_quotation_number),
    created=Event.QUOTATION_CREATED,
    updated=Event.QUOTATION_UPDATED,
    at_issue=_at_issue,
    answers=frozenset({"accepted_at", "rejected_at", "answered_by", "answer_reason", "converted_at", "invoice_id"}),
    first_sealed=lambda row: {"valid_until": row.valid_until},
)
