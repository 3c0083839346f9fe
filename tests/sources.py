"""Source code as its syntax, for the tests of the house's rules: a text is parsed and walked once a process."""

import ast
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

parsed = cache(ast.parse)


def nodes(source: str, *kinds: type[ast.AST]) -> list[Any]:
    """The nodes of these kinds, those of one kind after those of the other."""
    by_kind = _by_kind(source)
    return [node for kind in kinds for node in by_kind.get(kind, ())]


@cache
def _by_kind(source: str) -> dict[type[ast.AST], Sequence[Any]]:
    found: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
    for node in ast.walk(parsed(source)):
        found[type(node)].append(node)
    return dict(found)
