"""Search: a text is found in a column whatever the case and the accents of either."""

import re
from typing import Any
from unicodedata import normalize

from sqlalchemy import ColumnElement, Text, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

FOLDED = "folded"
"""The function's name on SQLite, where each connection has to bring it along."""

_ACCENTS = re.compile("[\u0300-\u036f]")


def folded(text: str | None) -> str | None:
    """The text in small letters and without accents, however they are encoded: İstanbul is istanbul."""
    if text is None or text.isascii():
        return text and text.lower()
    return _ACCENTS.sub("", normalize("NFD", text)).lower()


def mentions(text: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """The test that one of the columns holds the text."""
    wanted = folded(text)
    return or_(*(_Folded(column).contains(wanted, autoescape=True) for column in columns))


class _Folded(FunctionElement[str]):
    """``folded`` of a column."""

    type = Text()
    inherit_cache = True


@compiles(_Folded, "sqlite")
def _by_python(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"{FOLDED}({compiler.process(element.clauses, **options)})"


@compiles(_Folded, "postgresql")
def _by_postgresql(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return rf"lower(regexp_replace(normalize({text}, NFD), '[\u0300-\u036f]', '', 'g'))"
