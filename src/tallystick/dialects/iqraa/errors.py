"""iqraa's errors: a status, a sentence that names each field that is wrong, and the status in words."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from tallystick.http.refusals import Refusal
from tallystick.http.schemas import Schema
from tallystick.store.idempotency import Answer
from tallystick.wire import render

OWN_NAMES = {
    "title": "description",
    "service_start": "startDate",
    "service_end": "renewalDate",
    "due_date": "paymentTerms",
    "total": "amount",
}
"""The fields of a bill that iqraa's clients know under another name."""
ITEM = re.compile("^items[.]")

SCHEMA: Schema = {
    "type": "object",
    "description": "Why a request was refused.",
    "properties": {
        "statusCode": {"type": "integer", "description": "The status of the reply."},
        "message": {"type": "string", "description": "A sentence for a person, which names each wrong field."},
        "error": {"type": "string", "description": "The status in words."},
    },
    "required": ["statusCode", "message", "error"],
}


def refusal(refused: Refusal) -> Answer:
    """The answer to every refusal; what others call unprocessable is a bad request here."""
    status = HTTPStatus.BAD_REQUEST if refused.status == HTTPStatus.UNPROCESSABLE_ENTITY else HTTPStatus(refused.status)
    message = _told(refused.fields) or refused.sentence
    return Answer(status, render.encode({"statusCode": int(status), "message": message, "error": status.phrase}))


def _told(fields: Mapping[str, list[str]]) -> str:
    return " ".join(f"{_own_name(field)}: {sentence}" for field, all in fields.items() for sentence in all)


def _own_name(field: str) -> str:
    return ITEM.sub("components.lineItems.", OWN_NAMES.get(field, field)).replace(".unit_price", ".unitPrice")
