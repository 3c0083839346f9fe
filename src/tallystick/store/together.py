"""Several SELECTs as one statement: one round trip to PostgreSQL, and all of one snapshot (ADR 53).

Their rows come side by side, each with the columns of one SELECT and NULL in those of the others.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any, NamedTuple

from tallystick.store.prepared import CompiledForm, Statement, Values

MOST_READY = 256
NUMBER = re.compile(r"\$(\d+)")


class Reading(NamedTuple):
    """What is to be read: a SELECT with parameters, and what makes a ``kind`` of the columns of each row."""

    statement: Statement
    kind: Callable[..., Any]
    parameters: Mapping[str, Any]


class _Part(NamedTuple):
    """Where a SELECT's columns stand in the row: first the place of the row in its answer, and then its own."""

    form: CompiledForm
    place: int
    end: int


class Combined:
    """Some forms as one statement."""

    def __init__(self, forms: Sequence[CompiledForm]) -> None:
        self._parts = list(_parts(forms))
        self.sql = f"SELECT * FROM {_joined(forms)}"  # noqa: S608 - of statements that SQLAlchemy compiled

    def arguments(self, values: Sequence[Values]) -> list[Any]:
        """The values of each form as the driver takes them."""
        each = (part.form.arguments(own) for part, own in zip(self._parts, values, strict=True))
        return list(chain.from_iterable(each))

    def rows(self, cursor: Any) -> list[list[tuple[Any, ...]]]:
        """The rows of each form, as Python has their values."""
        found = cursor.fetchall()
        return [_of_part(part, found, cursor) for part in self._parts]


@lru_cache(MOST_READY)
def combined(forms: tuple[CompiledForm, ...]) -> Combined:
    """The statement of these forms."""
    return Combined(forms)


def renumbered(sql: str, by: int) -> str:
    """The statement with parameters that so many others come before."""
    return NUMBER.sub(lambda found: f"${int(found[1]) + by}", sql) if by else sql


def _joined(forms: Sequence[CompiledForm]) -> str:
    before = [0, *accumulate(form.parameter_count for form in forms)]
    parts = [
        f"(SELECT row_number() OVER () AS place, one.* FROM ({renumbered(form.sql, by)}) AS one) AS part_{part}"  # noqa: S608
        for part, (form, by) in enumerate(zip(forms, before, strict=False))
    ]
    return " FULL JOIN ".join(part if part is parts[0] else f"{part} ON FALSE" for part in parts)


def _parts(forms: Sequence[CompiledForm]) -> Iterator[_Part]:
    end = 0
    for form in forms:
        place, end = end, end + 1 + form.width
        yield _Part(form, place, end)


def _of_part(part: _Part, found: Sequence[tuple[Any, ...]], cursor: Any) -> list[tuple[Any, ...]]:
    place, first, end = part.place, part.place + 1, part.end
    own = sorted((row for row in found if row[place] is not None), key=itemgetter(place))
    return part.form.converted([row[first:end] for row in own], cursor, first)
