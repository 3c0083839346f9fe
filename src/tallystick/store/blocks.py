"""Many rows at once, at the speed of the driver: SQLAlchemy's own work on each row costs more than its INSERT (ADR 29).

Nothing else here differs from an INSERT through SQLAlchemy: the values are converted by its column types, so that a row
is the same however it was written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import Date, Dialect, Table
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]

WORTH_A_COPY = 8
"""Rows from which PostgreSQL's COPY, with its extra round trip, is faster than an INSERT; fewer are one statement."""

MAX_BLOCKS = 64
MAX_INSERTS = MAX_BLOCKS * WORTH_A_COPY


class _Writer(NamedTuple):
    """How a column's values are written."""

    convert: Convert | None
    is_date: bool


class Block(NamedTuple):
    """How to write some columns of a table: the statements, and how each column's values are written."""

    table: str
    columns: tuple[str, ...]
    writers: tuple[_Writer, ...]
    is_numbered: bool
    """Whether parameters are ``$1`` and so on, as PostgreSQL has them, and not ``?``."""

    @property
    def copy(self) -> str:
        """PostgreSQL's ``COPY`` of any number of rows."""
        return f"COPY {self._target} FROM STDIN"

    def insert(self, rows: int = 1) -> str:
        """The statement that writes so many rows, all their values its parameters."""
        return _insert(self._target, len(self.writers), rows, is_numbered=self.is_numbered)

    def update(self, keys: int) -> str:
        """The statement that changes the row which the last so many of the columns find."""
        # psycopg's ``executemany`` makes the numbers.
        place = "%s" if self.is_numbered else "?"
        assigned = [f"{name} = {place}" for name in self.columns]
        return f"UPDATE {self.table} SET {', '.join(assigned[:-keys])} WHERE {' AND '.join(assigned[-keys:])}"  # noqa: S608

    @property
    def _target(self) -> str:
        return f"{self.table} ({', '.join(self.columns)})"

    def parameters(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """The values of a few rows, one row after the other, as the driver takes them."""
        return [
            value if writer.convert is None or value is None else writer.convert(value)
            for row in rows
            for value, writer in zip(row, self.writers, strict=True)
        ]

    def converted(self, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
        """The rows as the driver takes them."""
        columns = zip(*rows, strict=True)
        return zip(*map(_column, columns, self.writers), strict=True)


@lru_cache(maxsize=MAX_INSERTS)
def _insert(target: str, width: int, rows: int, *, is_numbered: bool) -> str:
    number = count(1)
    places = (", ".join(f"${next(number)}" if is_numbered else "?" for _ in range(width)) for _ in range(rows))
    written = ", ".join(f"({each})" for each in places)
    return f"INSERT INTO {target} VALUES {written}"  # noqa: S608


@lru_cache(maxsize=MAX_BLOCKS)
def block(table: Table, columns: tuple[str, ...], dialect: Dialect) -> Block:
    """How to write these columns of a table."""
    return Block(
        table=table.name,
        columns=tuple(map(dialect.identifier_preparer.quote, columns)),
        writers=tuple(_writer(table.c[name].type, dialect) for name in columns),
        is_numbered=dialect.name == "postgresql",
    )


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> _Writer:
    return _Writer(kind.dialect_impl(dialect).bind_processor(dialect), isinstance(kind, Date))


def _column(values: tuple[Any, ...], writer: _Writer) -> Iterable[Any]:
    """The values converted, but each that comes again only once, as what an account's invoices have in common does."""
    if writer.convert is None:
        return values
    # Values that are equal may yet differ, as 1.0 and 1.00 do; dates do not.
    keys = values if writer.is_date else tuple(map(id, values))
    distinct = dict(zip(keys, values, strict=True))
    converted = {key: None if value is None else writer.convert(value) for key, value in distinct.items()}
    return map(converted.__getitem__, keys)
