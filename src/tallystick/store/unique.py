"""What no two rows of an account share, and the refusal of a value that another row has."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from tallystick.core.errors import Conflict
from tallystick.store.db import violates
from tallystick.store.tables import thing


class Unique(NamedTuple):
    """A column that has another value in each row, the name by which users know it, and what sees to it."""

    column: str
    name: str
    rule: UniqueConstraint | Index


@contextmanager
def refusing_taken(uniques: Iterable[Unique], values: Mapping[str, Any]) -> Iterator[None]:
    """Raises Conflict in place of the database's refusal of one of ``values`` that another row of its kind has."""
    try:
        yield
    except IntegrityError as error:
        raise refusal(uniques, values, error) or error from None


def refusal(uniques: Iterable[Unique], values: Mapping[str, Any], error: IntegrityError) -> Conflict | None:
    """What the database's refusal means, where it is of one of ``values`` that another row of its kind has."""
    for unique in uniques:
        if violates(error, unique.rule) and unique.rule.table is not None:
            return Conflict(
                f"The {unique.name} {values[unique.column]} is in use by another {thing(unique.rule.table)}."
            )
    return None
