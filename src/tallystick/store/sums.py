"""Sums of amounts that are exact at any size.

A sum of 64-bit amounts may need more than 64 bits, which SQLite refuses. So the halves of the amounts are summed, and
put together when they are read.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Integer, RowMapping, func, literal

HALF_BITS: Final = 32
SHIFT = literal(HALF_BITS, Integer)
LOWER = literal((1 << HALF_BITS) - 1, BigInteger)


def half_names(*names: str) -> list[str]:
    """The columns that hold the halves of these sums."""
    return [f"{name}_{half}" for name in names for half in ("upper", "lower")]


def halves(amounts: Mapping[str, ColumnElement[int]]) -> Iterator[ColumnElement[int]]:
    """The sums of the amounts' upper and lower halves; the upper one carries the sign."""
    for name, amount in amounts.items():
        upper, lower = half_names(name)
        yield func.sum(amount.bitwise_rshift(SHIFT)).label(upper)
        yield func.sum(amount.bitwise_and(LOWER)).label(lower)


def wholes(row: RowMapping, *names: str) -> dict[str, int]:
    """The sums of which ``row`` has the halves; 0 where there was nothing to add."""
    parts = {name: [int(row[half] or 0) for half in half_names(name)] for name in names}
    return {name: (upper << HALF_BITS) + lower for name, (upper, lower) in parts.items()}
