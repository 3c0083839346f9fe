"""A list of any length as one parameter of a statement.

SQLAlchemy's own IN makes a parameter of each element: another statement for each length, and one that PostgreSQL may
plan while a table is small and keep while it grows, comparing each row to each of the elements.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Integer, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from tallystick.store.engines import to_json


def in_list(column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
    """The test that a column's value is among the elements of the list that the parameter holds."""
    return column.bool_op("IN")(_Elements(bindparam(parameter, type_=_List(column.type))))


class _List(TypeDecorator[Sequence[Any]]):
    """A list: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.element) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        if value is None:
            return value
        # Of a kind of int its driver would take the first for the largest.
        plain = list(map(int, value)) if isinstance(self.element, Integer) else value
        return plain if dialect.name == "postgresql" else to_json(plain)


class _Elements(FunctionElement[Any]):
    """The elements of a list, as rows."""

    inherit_cache = True


@compiles(_Elements, "postgresql")
def _unnest(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT unnest({compiler.process(element.clauses, **options)}))"


@compiles(_Elements, "sqlite")
def _json_each(element: _Elements, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"  # noqa: S608
