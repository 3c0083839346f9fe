"""How invoice.ng refuses: ``{"status": "error", "message": …}``, with the status of HTTP that fits."""

from tallystick.core.errors import Overpayment
from tallystick.dialects.told import told
from tallystick.http.refusals import Refusal
from tallystick.http.schemas import Schema
from tallystick.store.idempotency import Answer
from tallystick.wire import render

NAMES = {
    "customer_id": "client",
    "invoice_number": "invoice_no",
    "title": "description",
    "notes": "note",
    "unit_price": "rate",
    "amount": "amount_paid",
}
"""Its names for the fields that the verbs refuse."""

SENTENCES = {Overpayment.code: "The payment is above what is due on the invoice."}
"""In place of a sentence that would advise what this API does not have."""

SCHEMA: Schema = {
    "type": "object",
    "description": "Why a request was refused.",
    "properties": {
        "status": {"const": "error", "description": "Whether the request succeeded."},
        "message": {"type": "string", "description": "For a person; it names every field that is wrong."},
    },
    "required": ["status", "message"],
}


def refusal(refused: Refusal) -> Answer:
    """The answer to every refusal."""
    message = SENTENCES.get(refused.code) or told(refused, _name)
    return Answer(refused.status, render.encode({"status": "error", "message": message}))


def _name(path: str) -> str:
    """The field as this API has it; its one tax rate is that of the whole invoice."""
    *above, last = path.split(".")
    return last if last == "tax_rate" else ".".join([*above, NAMES.get(last, last)])
