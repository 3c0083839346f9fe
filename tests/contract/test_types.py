"""The types of requests: none that msgspec cannot hold safely."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from tallystick.native.routes import ROUTES

CONTAINERS = (list, set, frozenset, tuple, dict)
PATTERNED = Annotated[str, msgspec.Meta(pattern="@")]


def unions(hint: Any) -> Iterator[tuple[Any, ...]]:
    """The unions in a type, and in the types that it is made of."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        inner = tuple(get_type_hints(hint, include_extras=True).values())
    else:
        inner = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        yield inner
    for part in inner:
        yield from unions(part)


def is_container(hint: Any) -> bool:
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return (get_origin(bare) or bare) in CONTAINERS


def has_pattern(hint: Any) -> bool:
    return any(isinstance(meta, msgspec.Meta) and meta.pattern is not None for meta in get_args(hint)[1:])


def crashes(hint: Any) -> bool:
    """Whether msgspec 0.22 would free memory that it still uses: a container and a pattern in one union."""
    return any(
        any(is_container(member) for member in union) and any(has_pattern(member) for member in union)
        for union in unions(hint)
    )


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (PATTERNED | None, False),
        (list[PATTERNED] | str | None, False),
        (list[str] | PATTERNED, True),
        (Annotated[list[str], msgspec.Meta(max_length=3)] | PATTERNED | None, True),
        (dict[str, list[str] | PATTERNED], True),
    ],
    ids=str,
)
def test_crashes(hint: Any, expected: bool) -> None:
    assert crashes(hint) is expected


def test_no_request_holds_a_type_that_crashes() -> None:
    kinds = {kind for route in ROUTES for kind in (route.body, route.query)}
    assert [kind.__name__ for kind in kinds if crashes(kind)] == []
