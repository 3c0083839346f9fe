"""Converting a quotation: the one place where a quotation knows of invoices (ADR 22)."""

from tallystick.bills import verbs
from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.facts import BillCreated, QuotationConverted
from tallystick.invoices import api as invoice_api
from tallystick.invoices import store as invoice_store
from tallystick.invoices.api import InvoiceJson
from tallystick.invoices.kind import INVOICES
from tallystick.invoices.types import Invoice
from tallystick.quotations import ops, rules, store
from tallystick.quotations.kind import QUOTATIONS
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.wire.call import Call
from tallystick.wire.reply import Reply
from tallystick.wire.scalars import Id


def to_invoice(tx: Tx, account: Account, quotation_id: int) -> Invoice:
    """Makes a draft invoice with the quotation's content, dated today, on the account's terms.

    A draft quotation is issued by it. Raises Conflict where the quotation is rejected, expired or converted already.
    """
    quotation = store.get_locked(tx, account, quotation_id)
    state = rules.converted(quotation, account, tx.now)
    invoice_id = verbs.copy(
        tx,
        account,
        INVOICES,
        quotation,
        terms_days=account.payment_terms_days,
        origin=BillCreated(quotation_id=quotation_id),
    )
    issued = ops.issue(tx, account, quotation)
    outbox.add(tx, account, Event.QUOTATION_CONVERTED, quotation_id, QuotationConverted(invoice_id=invoice_id))
    converted = {"state": state, "converted_at": tx.now, "invoice_id": invoice_id}
    verbs.set_columns(tx, account, QUOTATIONS, issued, converted)
    return invoice_store.get(tx, account, invoice_id)


def convert(call: Call, quotation_id: Id) -> Reply[InvoiceJson]:
    """Make a draft invoice of a quotation."""
    invoice = to_invoice(call.tx, call.account, quotation_id)
    return Reply(invoice_api.to_json(invoice, call), "The quotation is converted to a draft invoice.")
