"""What of an issued bill is sealed: all that its issue fixes, in one canonical form for each ``Form`` of a seal."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import structs

from tallystick.bills.header import Header
from tallystick.bills.kind import Kind
from tallystick.bills.types import LineRow
from tallystick.store import canonical, kept
from tallystick.store.seals import Form, Sealed

BOOKKEEPING = frozenset(
    {"state", "version", "updated_at", "deleted_at", "paid", "credited", "number_key", "number_order"}
)
"""What goes on after an issue, or follows from what is sealed: ``verify`` checks it against other rows instead."""


def seal_of(kind: Kind, row: Any, lines: Sequence[LineRow]) -> Sealed:
    """What a new seal on an issued bill of this kind is set on."""
    return Sealed(kind.name, row.id, content_hash(kind, row, lines))


def content_hash(kind: Kind, row: Any, lines: Sequence[LineRow]) -> bytes:
    """The hash of a bill's content: every column but ``BOOKKEEPING`` and what answers it later, and its lines."""
    unsealed = BOOKKEEPING | kind.answers
    content = {name: value for name, value in columns(row).items() if name not in unsealed}
    return canonical.digest({**content, "lines": [_line(line) for line in lines]})


def columns(row: Any) -> dict[str, Any]:
    """A bill's row by the names of its columns, on which seals do not depend how the row is divided in structs.

    What it keeps as JSON is as JSON has it. Its labels and its views are left out: they change whatever becomes of the
    bill.
    """
    content = _with_sums(structs.asdict(row))
    del content["labels"], content["views"]
    header: Header = content.pop("header")
    copies = {name: kept.as_json(content[name]) for name in ("taxes", "customer", "seller")}
    return content | copies | structs.asdict(header)


def _with_sums(content: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in content.items():
        if name == "sums":
            flat.update(structs.asdict(value))
        else:
            flat[name] = value
    return flat


def _line(line: LineRow) -> dict[str, Any]:
    """A line, whole but for its id, which a block of new lines does not know yet."""
    content = structs.asdict(line)
    del content["id"]
    return content


_ENCODER = msgspec.json.Encoder(order="deterministic")
_FIRST_COLUMNS = (
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
_FIRST = itemgetter(*_FIRST_COLUMNS)


def first_content_hash(kind: Kind, row: Any, lines: Sequence[LineRow]) -> bytes:
    """As ``content_hash``, in the form of the first seals: some columns, whatever others there are by now."""
    content = dict(zip(_FIRST_COLUMNS, _FIRST(columns(row)), strict=True)) | kind.first_sealed(row)
    content["discount_value"] = None if row.discount_value is None else _digits(row.discount_value)
    content["lines"] = [_first_line(line) for line in lines]
    return sha256(_ENCODER.encode(content)).digest()


def _first_line(line: LineRow) -> list[object]:
    return [
        line.product_id,
        line.description,
        _digits(line.quantity),
        line.unit,
        _digits(line.unit_price),
        line.discount_type,
        None if line.discount_value is None else _digits(line.discount_value),
        _digits(line.tax_rate),
        line.tax_category,
        line.exemption_reason,
        line.amount,
        line.discount,
        line.tax,
    ]


def _digits(number: Any) -> str:
    short = number.normalize()
    return str(short if short.as_tuple().exponent <= 0 else short.quantize(1))


CONTENT_HASHES: Mapping[Form, Callable[[Kind, Any, Sequence[LineRow]], bytes]] = {
    Form.FIRST: first_content_hash,
    Form.CANONICAL: content_hash,
    Form.KEYED: content_hash,
}
"""By the form of a seal, how the content that it is set on is hashed."""
