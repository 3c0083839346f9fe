"""What an invoice is, as a kind of bill."""

from tallystick.bills.effects import Effects
from tallystick.bills.kind import DraftKind
from tallystick.core.events import Event
from tallystick.core.facts import IssueAction
from tallystick.core.states import InvoiceState
from tallystick.invoices import news, rules
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.store.tables import (
    invoice_lines,
    invoices,
    unique_invoice_key,
    unique_invoice_number,
    unique_wanted_invoice_number,
)


def _at_issue(invoice: Invoice, action: IssueAction) -> Effects:
    """Its total is owed and its revenue earned, and the record says so."""
    return Effects(news.issued(invoice, action), [rules.issue_entry(invoice)])


INVOICES = DraftKind(
    name="invoice",
    bills=invoices,
    lines=invoice_lines,
    row=InvoiceRow,
    whole=Invoice,
    states=InvoiceState,
    due_column="due_date",
    unique_numbers=(unique_invoice_number, unique_invoice_key, unique_wanted_invoice_number),
    created=Event.INVOICE_CREATED,
    updated=Event.INVOICE_UPDATED,
    at_issue=_at_issue,
    first_sealed=lambda row: {"due_date": row.due_date, "period": [row.period_start, row.period_end]},
)
