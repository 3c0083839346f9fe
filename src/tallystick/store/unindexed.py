"""Columns in a form that a database takes for no reason to go by their index.

SQLite plans without knowing how many rows there are, and believes that few have any one value. PostgreSQL knows better,
once it has counted them.
"""

from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Column, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Unindexed(FunctionElement[Any]):
    """A column as an expression."""

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(_Unindexed)
def _as_it_is(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Unindexed, "sqlite")
def _with_a_plus(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same column, which leads to none of its indexes."""
    return _Unindexed(column)


class _HasValue(FunctionElement[Any]):
    """That a text is not NULL. Of no type: of one that is true, SQLite would be asked whether it equals 1."""

    inherit_cache = True


@compiles(_HasValue)
def _is_not_null(element: _HasValue, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} IS NOT NULL"


@compiles(_HasValue, "postgresql")
def _is_measured(element: _HasValue, compiler: SQLCompiler, **options: Any) -> str:
    return f"length({compiler.process(element.clauses, **options)}) >= 0"


def has_value(text: ColumnElement[str]) -> ColumnElement[bool]:
    """The test that a text is not NULL: it opens partial indexes of which that is the condition, and no other.

    While PostgreSQL has not counted the first values, it believes that it finds them fastest by themselves.
    """
    return _HasValue(text)


def tested_unindexed(test: ColumnElement[bool], columns: AbstractSet[Column[Any]]) -> ColumnElement[bool]:
    """The same test, which leads to no index of these columns."""

    def replaced(element: Any, **_options: Any) -> Any:
        return _Unindexed(element) if element in columns else None

    found: ColumnElement[bool] = visitors.replacement_traverse(test, {}, replaced)
    return found
