"""billingdb's errors: a sentence that names each field that is wrong."""

from collections.abc import Mapping

from tallystick.http.refusals import Refusal
from tallystick.http.schemas import Schema
from tallystick.store.idempotency import Answer
from tallystick.wire import render

OWN_NAMES = {
    "issue_date": "date",
    "items": "amount",
    "items.0.unit_price": "amount",
    "items.0.tax_id": "amount",
    "total": "amount",
}
"""The fields of a bill that billingdb's clients know under another name, or as the amount that they asked for."""

SCHEMA: Schema = {
    "type": "object",
    "description": "Why a request was refused.",
    "properties": {"error": {"type": "string", "description": "A sentence for a person."}},
    "required": ["error"],
}


def refusal(refused: Refusal) -> Answer:
    """The answer to every refusal; what others call unprocessable is a bad request here."""
    status = 400 if refused.status == 422 else refused.status
    return Answer(status, render.encode({"error": _told(refused.fields) or refused.sentence}))


def _told(fields: Mapping[str, list[str]]) -> str:
    told = (f"{OWN_NAMES.get(field, field)}: {sentence}" for field, all in fields.items() for sentence in all)
    return " ".join(dict.fromkeys(told))
