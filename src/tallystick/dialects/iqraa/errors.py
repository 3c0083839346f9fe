"""iqraa's errors: a status, a sentence that names each field that is wrong, and the status in words."""

import re
from http import HTTPStatus

from tallystick.dialects.told import told
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
    content = {"statusCode": int(status), "message": told(refused, _own_name), "error": status.phrase}
    return Answer(status, render.encode(content))


def _own_name(path: str) -> str:
    return ITEM.sub("components.lineItems.", OWN_NAMES.get(path, path)).replace(".unit_price", ".unitPrice")
