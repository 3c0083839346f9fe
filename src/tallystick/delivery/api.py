"""The native wire of delivery."""

from typing import Annotated

import msgspec

from tallystick.core.errors import FieldErrors
from tallystick.delivery import ops
from tallystick.invoices.api import InvoiceJson
from tallystick.quotations.api import QuotationJson
from tallystick.wire.call import Body, Call
from tallystick.wire.reply import Reply
from tallystick.wire.scalars import AN_ADDRESS, Email, Id, LongText, ShortText
from tallystick.wire.wanted import telling

MAX_RECIPIENTS = 20
ADDRESSES = f"{AN_ADDRESS}, or a list of at most {MAX_RECIPIENTS}"


class SendBody(Body, kw_only=True):
    """To whom to send, by default to the customer's own address, and what to say."""

    to: Email | None = None
    # Not `| Email`: where a union holds a list and a string with a pattern, msgspec 0.22 writes to memory it has freed.
    cc: Annotated[
        Annotated[list[Email], msgspec.Meta(max_length=MAX_RECIPIENTS)] | ShortText | None, telling(ADDRESSES)
    ] = None
    subject: ShortText | None = None
    message: LongText | None = None

    def check(self) -> FieldErrors:
        """Whether a ``cc`` that is no list is an address."""
        try:
            msgspec.convert(self.cc if isinstance(self.cc, str) else None, Email | None)
        except msgspec.ValidationError:
            return {"cc": [f"Must be {ADDRESSES}."]}
        return {}


def send_invoice(call: Call, invoice_id: Id, body: SendBody) -> Reply[InvoiceJson]:  # noqa: ARG001 - SMTP is not there yet
    """Send an invoice by e-mail."""
    ops.send_invoice(call.tx, call.account, invoice_id)


def send_quotation(call: Call, quotation_id: Id, body: SendBody) -> Reply[QuotationJson]:  # noqa: ARG001 - as above
    """Send a quotation by e-mail."""
    ops.send_quotation(call.tx, call.account, quotation_id)
