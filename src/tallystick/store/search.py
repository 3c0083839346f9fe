"""Search: a text is found whatever the case and the accents of either.

What very many rows are searched by is folded when it is written, alike on both databases, in a column for it (ADR 49);
other columns are folded while they are read.
"""

import re
from typing import Any
from unicodedata import normalize

from sqlalchemy import Boolean, ColumnElement, Text, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

FOLDED = "folded"
"""The function's name on SQLite, where each connection has to bring it along."""

SHORTEST_WITHIN_A_WORD = 3
"""How many letters are looked for anywhere: fewer must begin a word, because both databases index three at a time."""

_ACCENTS = re.compile("[\u0300-\u036f]")


def folded(text: str | None) -> str | None:
    """The text in small letters and without accents, however they are encoded: İstanbul is istanbul."""
    if text is None or text.isascii():
        return text and text.lower()
    return _ACCENTS.sub("", normalize("NFD", text)).lower()


def searchable(*texts: str | None) -> str:
    """What ``holds`` looks in: the texts that there are, folded, with a space before each as before any word."""
    return "".join(f" {folded(text)}" for text in texts if text)


def looked_for(text: str) -> str:
    """What is looked for in a ``searchable`` text: where it is short, the start of a word."""
    wanted = folded(text) or ""
    return wanted if len(wanted) >= SHORTEST_WITHIN_A_WORD else f" {wanted}"


def holds(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """The test that a ``searchable`` column holds the text."""
    wanted = looked_for(text)
    pattern = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in wanted)
    return _Holds(column, literal(wanted, Text()), literal(f"%{pattern}%", Text()))


def mentions(text: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """The test that one of the columns holds the text."""
    wanted = folded(text)
    return or_(*(_Folded(column).contains(wanted, autoescape=True) for column in columns))


class _Folded(FunctionElement[str]):
    """``folded`` of a column."""

    type = Text()
    inherit_cache = True


class _Holds(FunctionElement[bool]):
    """That a column holds a text, which is given as it is and as a pattern."""

    type = Boolean()
    inherit_cache = True


@compiles(_Holds, "sqlite")
def _by_place(element: _Holds, compiler: SQLCompiler, **options: Any) -> str:
    column, wanted, _pattern = element.clauses
    return f"instr({compiler.process(column, **options)}, {compiler.process(wanted, **options)}) > 0"


@compiles(_Holds, "postgresql")
def _by_pattern(element: _Holds, compiler: SQLCompiler, **options: Any) -> str:
    column, _wanted, pattern = element.clauses
    return f"{compiler.process(column, **options)} LIKE {compiler.process(pattern, **options)}"


@compiles(_Folded, "sqlite")
def _by_python(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"{FOLDED}({compiler.process(element.clauses, **options)})"


@compiles(_Folded, "postgresql")
def _by_postgresql(element: _Folded, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return rf"lower(regexp_replace(normalize({text}, NFD), '[\u0300-\u036f]', '', 'g'))"
