"""What of an issued bill is sealed: everything that the customer was told, in one canonical form."""

from hashlib import sha256
from operator import attrgetter
from typing import Any

import msgspec

from tallystick.bills.types import LineRow
from tallystick.wire import render

_ENCODER = msgspec.json.Encoder(order="deterministic")
SEALED_COLUMNS = (
    "id",
    "number",
    "customer_id",
    "issue_date",
    "currency",
    "discount_type",
    "prices_include_tax",
    "rounding",
    "rounding_mode",
    "subtotal",
    "discount",
    "tax",
    "total",
    "taxes",
    "notes",
    "payment_terms",
    "customer",
    "seller",
)

_SEALED = attrgetter(*SEALED_COLUMNS)


def content_hash(row: Any, lines: list[LineRow], **own: object) -> bytes:
    """The hash of a bill's content: its columns, those that its kind alone has (``own``), and its lines."""
    content = dict(zip(SEALED_COLUMNS, _SEALED(row), strict=True)) | own
    content["discount_value"] = None if row.discount_value is None else render.shortest(row.discount_value)
    content["lines"] = [_line(line) for line in lines]
    return sha256(_ENCODER.encode(content)).digest()


def _line(line: LineRow) -> list[object]:
    return [
        line.product_id,
        line.description,
        render.shortest(line.quantity),
        line.unit,
        render.shortest(line.unit_price),
        line.discount_type,
        None if line.discount_value is None else render.shortest(line.discount_value),
        render.shortest(line.tax_rate),
        line.tax_category,
        line.exemption_reason,
        line.amount,
        line.discount,
        line.tax,
    ]
