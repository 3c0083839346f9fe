"""The examples of the documents that the dialects come from, read from their own texts in ``tests/data/seeds``.

A browser copied those texts: an example stands in the middle of them, with words glued to it.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parents[1] / "data" / "seeds"
ELISION = re.compile(r",\s*\.\.\.")
BEGIN = re.compile(r"[\[{]")
DECODER = json.JSONDecoder(parse_float=Decimal)
KINDS = {bool: "boolean", int: "integer", Decimal: "number", str: "string", type(None): "null"}


def text(seed: str) -> str:
    """A document, whole."""
    return (SEEDS / f"{seed}.txt").read_text(encoding="utf-8")


def example(seed: str, *after: str) -> Any:
    """The first example after these words, which follow on one another.

    Numbers are exact, and of a name that is given twice the last one counts.
    """
    rest = text(seed)
    for words in after:
        _, found, rest = rest.partition(words)
        assert found, f"{seed} does not say {words!r}"
    return next(_examples(rest))


def examples(seed: str) -> list[Any]:
    """Every whole example of a document, in its order."""
    return list(_examples(text(seed)))


def _examples(words: str) -> Iterator[Any]:
    whole, place = ELISION.sub("", words), 0
    while begin := BEGIN.search(whole, place):
        try:
            value, place = DECODER.raw_decode(whole, begin.start())
        except json.JSONDecodeError:
            place = begin.end()
            continue
        if value:
            yield value


def shape(value: Any) -> Any:
    """A reply without its values: the names in their order, and the JSON type of each."""
    if isinstance(value, dict):
        return [(name, shape(below)) for name, below in value.items()]
    if isinstance(value, list):
        return [shape(below) for below in value]
    return KINDS[type(value)]
