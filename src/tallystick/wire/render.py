"""From structs to bytes. Rendering runs no query and cannot fail."""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from functools import lru_cache
from itertools import islice

import msgspec

from tallystick.core import money


def _as_builtin(value: object) -> object:
    """A request's scalar (``wire.scalars``), which msgspec does not know, as the built-in type that it extends."""
    if isinstance(value, WrittenOut):
        return msgspec.Raw(format(value, "f").encode())
    for builtin in (int, str, Decimal):
        if isinstance(value, builtin):
            return builtin(value)
    raise NotImplementedError(f"{type(value)} is no type of a reply")


ROWS_AT_ONCE = 200
# Sums of usage have more digits than the 28 of a calculation.
_WIDE = Context(prec=200)
NUMBERS_KEPT = 4096

_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_as_builtin)


def encode(value: object) -> bytes:
    """JSON in which a Decimal is a number with just the digits that it has."""
    return _ENCODER.encode(value)


def array(rows: Iterable[object]) -> Iterator[bytes]:
    """A JSON array in parts of some rows each, so that a long one costs no memory."""
    waiting, start = iter(rows), b"["
    while batch := list(islice(waiting, ROWS_AT_ONCE)):
        yield start + encode(batch)[1:-1]
        start = b","
    yield b"]" if start == b"," else b"[]"


amount = money.to_decimal
"""An amount of minor units as the API shows it: exactly the currency's digits after the point."""


class WrittenOut(Decimal):
    """A decimal that JSON has without an exponent, however many zeros follow its point."""


def shortest(number: Decimal) -> Decimal:
    """A decimal without trailing zeros, and without an exponent for those before its point."""
    short = number.normalize(_WIDE)
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1), context=_WIDE)  # type: ignore[operator]


# Rates, quantities and prices come again and again, on each line of a bill and each row of a list.
@lru_cache(NUMBERS_KEPT)
def plain(number: Decimal) -> Decimal:
    """A quantity or rate without trailing zeros and without an exponent."""
    return _written_out(shortest(number))


@lru_cache(NUMBERS_KEPT)
def unit_price(price: Decimal, digits: int) -> Decimal:
    """A unit price with at least the currency's digits, and more only where it has them; without an exponent."""
    short = shortest(price)
    if short.as_tuple().exponent > -digits:  # type: ignore[operator]
        short = short.quantize(Decimal(1).scaleb(-digits), context=_WIDE)
    return _written_out(short)


def _written_out(number: Decimal) -> Decimal:
    return WrittenOut(number) if "E" in str(number) else number
