"""What a credit note is, as a kind of bill."""

from tallystick.bills.kind import Kind
from tallystick.core.bill import Calculation
from tallystick.core.totals import Totals
from tallystick.credit_notes import rules
from tallystick.credit_notes.types import CreditLine, CreditNoteLine, CreditNoteRow
from tallystick.store.tables import credit_note_lines, credit_notes


def _totals(row: CreditNoteRow, lines: list[CreditNoteLine]) -> Totals:
    credited = [CreditLine(line, line.quantity, line.amount, line.discount, line.tax) for line in lines]
    calculation = Calculation(row.calculation)
    return rules.totals(credited, prices_include_tax=row.prices_include_tax, calculation=calculation)


CREDIT_NOTES = Kind(
    name="credit_note",
    bills=credit_notes,
    lines=credit_note_lines,
    row=CreditNoteRow,
    line=CreditNoteLine,
    totals=_totals,
    first_sealed=lambda row: {"invoice_id": row.invoice_id, "reason": row.reason},
)
