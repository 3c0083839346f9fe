"""billingdb's errors: a sentence that names each field that is wrong."""

from collections.abc import Mapping

from tallystick.dialects.told import fields_told, told
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
    return Answer(status, render.encode({"error": told(refused, _own_name)}))


def sentence(fields: Mapping[str, list[str]]) -> str:
    """What is wrong with some fields, in one text."""
    return fields_told(fields, _own_name)


def _own_name(path: str) -> str:
    return OWN_NAMES.get(path, path)
