"""What the record is told of invoices: the events, and the facts that they keep."""

from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType, structs, to_builtins

from tallystick.bills.seal import columns
from tallystick.core.events import Event
from tallystick.core.facts import FactsJson, InvoiceIssued, InvoicePaid, InvoiceRevised, IssueAction
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.store.outbox import NewEvent

NAMES = {"number": "invoice_number", "discount": "discount_amount", "tax": "tax_total"}
LINE_NAMES = {"amount": "line_total", "tax": "tax_amount"}
TAX_NAMES = ("rate", "category", "exemption_reason", "base", "amount")
"""The names that the native API has for columns, and for the parts of a stored breakdown."""
UNSAID = frozenset(
    {
        *(
            "id",
            "number_scope",
            "number_sequence",
            "number_key",
            "number_order",
            "wanted_number",
            "terms_days",
            "state",
        ),
        *("share_token", "paid", "credited", "calculation", "rounding", "rounding_mode"),
        *("created_at", "updated_at", "deleted_at"),
    }
)
UNSAID_OF_LINE = frozenset({"id", "discount"})


def issued(invoice: Invoice, action: IssueAction, *, auto_send: bool | UnsetType = UNSET) -> list[NewEvent]:
    """Of an issue: by what ``action``, and whether its schedule is to send it. An invoice of 0 is paid at once."""
    row = invoice.row
    facts = InvoiceIssued(action=action, currency=row.currency, total=row.sums.total, auto_send=auto_send)
    return [NewEvent(Event.INVOICE_ISSUED, row.id, facts), *paid(row, owed_before=None)]


def revised(before: Invoice, after: Invoice) -> list[NewEvent]:
    """Of a revision, with all that the invoice said before."""
    revision = NewEvent(Event.INVOICE_REVISED, before.row.id, InvoiceRevised(before=content(before)))
    return [revision, *paid(after.row, owed_before=before.row.balance)]


def paid(row: InvoiceRow, owed_before: int | None) -> list[NewEvent]:
    """That nothing is owed any more, where something was (minor units), or, with None, it was not issued before."""
    if row.balance or owed_before == 0:
        return []
    facts = InvoicePaid(currency=row.currency, amount_paid=row.paid, amount_credited=row.credited)
    return [NewEvent(Event.INVOICE_PAID, row.id, facts)]


def content(invoice: Invoice) -> FactsJson:
    """All that an invoice says, by the names that the native API has for it."""
    says = _named(columns(invoice.row), NAMES, UNSAID)
    says["taxes"] = [dict(zip(TAX_NAMES, tax, strict=True)) for tax in says["taxes"]]
    says["items"] = [_named(structs.asdict(line), LINE_NAMES, UNSAID_OF_LINE) for line in invoice.lines]
    return says


def _named(columns: dict[str, Any], names: dict[str, str], unsaid: frozenset[str]) -> FactsJson:
    says = {names.get(name, name): value for name, value in columns.items() if name not in unsaid}
    plain = {name: _digits(value) if isinstance(value, Decimal) else value for name, value in says.items()}
    facts: FactsJson = to_builtins(plain)
    return facts


def _digits(number: Decimal) -> str:
    return format(number.normalize(), "f")
