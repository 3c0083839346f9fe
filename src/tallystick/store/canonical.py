"""One text for one content, whatever database or program version wrote it: what seals are hashed over.

The text is JSON in UTF-8 without white space, its keys sorted. A Decimal is a string with no exponent and no zeros at
its end, an instant is ISO 8601 in UTC, a day ``YYYY-MM-DD``. What is None is left out of an object, so that a field
which is added later changes nothing that was sealed before.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

DECIMALS_KEPT = 4096
INSTANTS_KEPT = 64

_ENCODER = msgspec.json.Encoder(order="deterministic")


def digest(content: Mapping[str, Any]) -> bytes:
    """SHA-256 over the canonical text of ``content``."""
    return sha256(text(content)).digest()


def text(content: Mapping[str, Any]) -> bytes:
    """The canonical text of ``content``."""
    return _ENCODER.encode(_object(content))


def _object(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if (write := _writer(type(value))) is None else write(value)
        for name, value in content.items()
        if value is not None
    }


@lru_cache(DECIMALS_KEPT)
def _decimal(value: Decimal) -> str:
    short = format(value.normalize(), "f")
    return "0" if short == "-0" else short


# All that is issued together has the same few.
@lru_cache(INSTANTS_KEPT)
def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _array(values: list[Any] | tuple[Any, ...]) -> list[Any]:
    return [value if (write := _writer(type(value))) is None else write(value) for value in values]


_WRITERS: Mapping[type, Callable[[Any], Any]] = {
    Decimal: _decimal,
    datetime: _instant,
    dict: _object,
    list: _array,
    tuple: _array,
}
_writer = _WRITERS.get
