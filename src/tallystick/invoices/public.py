"""What an invoice's share link shows."""

from datetime import date
from decimal import Decimal

from tallystick.bills.public import PublicBill, public_fields
from tallystick.core.states import InvoiceStatus
from tallystick.invoices import store
from tallystick.invoices.api import settled_fields
from tallystick.invoices.types import Invoice
from tallystick.wire.call import Call
from tallystick.wire.scalars import Token


class PublicInvoice(PublicBill, frozen=True, kw_only=True):
    """An invoice, as its customer sees it."""

    invoice_number: str
    status: InvoiceStatus
    due_date: date
    revised_on: date | None
    amount_paid: Decimal
    amount_credited: Decimal
    balance_due: Decimal


def to_json(invoice: Invoice, call: Call) -> PublicInvoice:
    """An issued invoice, as its customer sees it."""
    return PublicInvoice(
        **public_fields(invoice.row, invoice.lines),
        **settled_fields(invoice.row),
        invoice_number=invoice.row.shown_number,
        status=invoice.row.status(call.account, call.tx.now),
        due_date=invoice.row.due_date,
        revised_on=invoice.row.revised_at and call.account.today(invoice.row.revised_at),
    )


def get_shared(call: Call, token: Token) -> PublicInvoice:
    """Show the invoice of a share link."""
    return to_json(store.get_shared(call.tx, call.account, token), call)
