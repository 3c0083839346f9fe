"""Sums of amounts: 64-bit integers on both databases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, RowMapping, Select, cast, func
from sqlalchemy.exc import DBAPIError

from tallystick.core.errors import ValidationFailed
from tallystick.store.db import Parameters, Tx

NUMERIC_VALUE_OUT_OF_RANGE = "22003"
INTEGER_OVERFLOW = "integer overflow"


def summed(amount: ColumnElement[int]) -> ColumnElement[int]:
    """The sum of a column of integers; PostgreSQL's own is a NUMERIC."""
    return cast(func.sum(amount), BigInteger)


def summed_rows(tx: Tx, query: Select[Any], parameters: Parameters | None = None) -> Sequence[RowMapping]:
    """The rows of a query that sums amounts. Raises ValidationFailed where a sum needs more than 64 bits."""
    try:
        return tx.execute(query, parameters).mappings().all()
    except DBAPIError as error:
        if not _is_overflow(error):
            raise
        raise ValidationFailed({"total": ["Is larger than a sum can be, 2^63 - 1 minor units."]}) from None


def _is_overflow(error: DBAPIError) -> bool:
    is_of_postgresql = getattr(error.orig, "sqlstate", None) == NUMERIC_VALUE_OUT_OF_RANGE
    return is_of_postgresql or str(error.orig) == INTEGER_OVERFLOW
