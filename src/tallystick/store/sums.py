"""Sums of amounts: 64-bit integers on both databases, which hold those of a thousand of the largest bills."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, ColumnElement, cast, func
from sqlalchemy.exc import DBAPIError

from tallystick.core.errors import ValidationFailed

NUMERIC_VALUE_OUT_OF_RANGE = "22003"
INTEGER_OVERFLOW = "integer overflow"


def summed(amount: ColumnElement[int]) -> ColumnElement[int]:
    """The sum of a column of integers; PostgreSQL's own is a NUMERIC."""
    return cast(func.sum(amount), BigInteger)


@contextmanager
def refusing_overflow() -> Iterator[None]:
    """Raises ValidationFailed where a sum of a query within the block needs more than 64 bits."""
    try:
        yield
    except DBAPIError as error:
        if not is_overflow(error):
            raise
        raise ValidationFailed({"total": ["Is larger than a sum can be, 2^63 - 1 minor units."]}) from None


def is_overflow(error: DBAPIError) -> bool:
    """Whether the database refused a sum that needs more than 64 bits."""
    is_of_postgresql = getattr(error.orig, "sqlstate", None) == NUMERIC_VALUE_OUT_OF_RANGE
    return is_of_postgresql or str(error.orig) == INTEGER_OVERFLOW
