"""Why a request is refused, in one text, with each field under the name that the API's clients know."""

import re
from collections.abc import Callable, Mapping

from tallystick.http.refusals import Refusal

FIELD = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
"""A field within a sentence: no other word has an underscore."""


def told(refused: Refusal, own_name: Callable[[str], str]) -> str:
    """Every field that is wrong and why, or the sentence of the refusal; ``own_name`` takes a field's path."""
    return fields_told(refused.fields, own_name) or _own_names(refused.sentence, own_name)


def fields_told(fields: Mapping[str, list[str]], own_name: Callable[[str], str]) -> str:
    """Every field that is wrong and why."""
    wrong = [f"{own_name(path)}: {_own_names(sentence, own_name)}" for path, all in fields.items() for sentence in all]
    return " ".join(dict.fromkeys(wrong))


def _own_names(sentence: str, own_name: Callable[[str], str]) -> str:
    return FIELD.sub(lambda field: own_name(field[0]), sentence)
