"""The decisions of invoices."""

from datetime import datetime
from typing import Any

from msgspec import UNSET

from tallystick.bills import rules as bills
from tallystick.bills.types import DraftChange
from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.party import Buyer
from tallystick.core.states import InvoiceState
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.store.journal import JournalEntry, LedgerAccount, Posting, Subject


def billed_again(original: InvoiceRow) -> dict[str, Any] | None:
    """The columns of the schedule's period that a copy bills: the original's, but only once that is voided."""
    if original.recurring_id is None or original.state is not InvoiceState.VOIDED:
        return None
    return {name: getattr(original, name) for name in ("recurring_id", "period_start", "period_end")}


def check_unbilled(bills_it: InvoiceRow | None) -> None:
    """Raises Conflict where an invoice that is not voided bills a schedule's period already."""
    if bills_it is None:
        return
    remedy = "Void it first"
    if bills_it.state is InvoiceState.DRAFT:
        remedy = "Change that draft, or delete it permanently first"
    if bills_it.deleted_at is not None:
        remedy = "It is in the trash: restore it, or delete it permanently first"
    raise Conflict(f"The invoice {bills_it.shown_number} (id {bills_it.id}) bills this period already. {remedy}.")


CLEARED_BY_UNPUBLISH: dict[str, Any] = {
    "customer_name": None,
    "revised_at": None,
    **bills.NOT_ISSUED,
}


def revised(row: InvoiceRow, customer: Buyer, account: Account, now: datetime) -> dict[str, Any]:
    """The columns that a revision sets, beside those that it changed in ``row``: it is issued anew, to the customer.

    Raises Conflict as ``bills.rules.issued_columns``.
    """
    return {**bills.issued_columns(row, customer, account, now, "due_date"), "revised_at": now}


def is_changed(row: InvoiceRow, columns: dict[str, Any]) -> bool:
    """Whether a revision that sets ``columns`` says anything new to the customer."""
    return any(columns[name] != getattr(row, name) for name in columns.keys() - UNTOLD_BY_A_REVISION)


UNTOLD_BY_A_REVISION = frozenset({"issued_at", "revised_at", "issue_date_given", "terms_days", "labels"})


def check_keeps_number(row: InvoiceRow, change: DraftChange) -> None:
    """Raises Conflict where a revision would give the invoice another number."""
    if change.number not in (UNSET, row.number):
        raise Conflict(f"The invoice keeps its number {row.number} when it is revised. Leave out the invoice_number.")


def check_untouched(invoice: Invoice) -> None:
    """Raises Conflict where something is paid or credited on the invoice."""
    if invoice.row.paid:
        raise Conflict("Something is paid on this invoice. Reverse the payments first, or write a credit note.")
    if invoice.credit_notes:
        raise Conflict("This invoice has a credit note. Credit what is left of it instead.")


ISSUE_AND_VOID = "Issue the draft again and void it."
RESTORE_AND_VOID = "Leave the draft in the trash, or restore it, issue it again and void it."
NAMED_ON_RECORD = (
    "This draft stays on record: it was issued before, or a quotation was converted to it. "
    "Leave it in the trash, or restore it."
)


def issue_entry(invoice: Invoice) -> JournalEntry:
    """What an issue means for the books."""
    return JournalEntry("issue", subject(invoice), revenue(invoice))


def revenue(invoice: Invoice) -> list[Posting]:
    """The postings of an issue: the customer owes the total, which is revenue and tax."""
    row = invoice.row
    return [
        Posting(LedgerAccount.RECEIVABLE, LedgerAccount.REVENUE, row.sums.net),
        Posting(LedgerAccount.RECEIVABLE, LedgerAccount.TAX, row.sums.tax),
    ]


def reversed_revenue(invoice: Invoice) -> list[Posting]:
    """The postings that take an issue back."""
    return [posting._replace(amount=-posting.amount) for posting in revenue(invoice)]


def subject(invoice: Invoice) -> Subject:
    """What the journal's postings for this invoice are about."""
    return Subject(invoice.row.customer_id, invoice.row.currency, invoice_id=invoice.row.id)
