"""Patterns for the numbers of bills: literal text, date tokens and one sequence."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

MAX_LENGTH = 64
"""Characters of a number, once its sequence has grown to ``MAX_SEQUENCE_DIGITS``."""
MAX_SEQUENCE_DIGITS = 12

DEFAULT_PATTERNS: Mapping[str, str] = MappingProxyType(
    {"invoice": "INV-{YYYY}-{SEQ:4}", "quotation": "QUO-{YYYY}-{SEQ:4}", "credit_note": "CN-{YYYY}-{SEQ:4}"}
)

_TOKEN = re.compile(r"\{([^{}]*)\}")
_SEQUENCE = re.compile(r"SEQ(?::([1-9]|1[0-2]))?")
_DATE_FIELDS = {"YYYY": "{year:04}", "YY": "{year_of_century:02}", "MM": "{month:02}", "DD": "{day:02}"}


class Pattern(NamedTuple):
    """A checked pattern, such as ``INV-{YYYY}-{SEQ:4}``. Get one from ``parse``.

    Date tokens have a fixed width and the sequence stands once, so that two numbers of one pattern are equal
    only where both their scopes and their sequences are.
    """

    number_format: str
    scope_format: str

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Check a pattern.

        Raises ValueError, with a sentence for a person, where it is malformed or could repeat a number.
        """
        if not text.isprintable():
            raise ValueError("The pattern must hold printable characters only.")
        if set("{}") & set(_TOKEN.sub("", text)):
            raise ValueError("The pattern has a brace without its partner.")
        number_format = _TOKEN.sub(lambda token: _format(token[1]), text)
        tokens = _TOKEN.findall(text)
        _refuse_repeats(tokens)
        dates = [_DATE_FIELDS[token] for token in tokens if token in _DATE_FIELDS]
        pattern = cls(number_format, "-".join(dates))
        if len(pattern.render(date.max, 10**MAX_SEQUENCE_DIGITS - 1)) > MAX_LENGTH:
            raise ValueError(f"The pattern makes numbers of more than {MAX_LENGTH} characters.")
        return pattern

    def scope(self, day: date) -> str:
        """What the sequence runs within: the values of the date tokens, joined by ``-``; "" without any.

        The sequence restarts with each new scope.
        """
        return self.scope_format.format_map(_fields(day))

    def render(self, day: date, sequence: int) -> str:
        """The number. A sequence longer than its token's width is written in full: 10000 follows 9999."""
        return self.number_format.format_map(_fields(day) | {"sequence": sequence})


def _format(token: str) -> str:
    if token in _DATE_FIELDS:
        return _DATE_FIELDS[token]
    sequence = _SEQUENCE.fullmatch(token)
    if sequence is None:
        raise ValueError(f"The pattern has an unknown token {{{token}}}: use YYYY, YY, MM, DD, SEQ or SEQ:1 to SEQ:12.")
    return f"{{sequence:0{sequence[1] or 1}}}"


def _refuse_repeats(tokens: Sequence[str]) -> None:
    if sum(token not in _DATE_FIELDS for token in tokens) != 1:
        raise ValueError("The pattern must hold {SEQ} exactly once.")
    if "MM" in tokens and "YYYY" not in tokens and "YY" not in tokens:
        raise ValueError("The pattern would repeat its numbers every year: {MM} needs {YYYY} or {YY}.")
    if "DD" in tokens and "MM" not in tokens:
        raise ValueError("The pattern would repeat its numbers every month: {DD} needs {MM}.")


def _fields(day: date) -> dict[str, int]:
    return {"year": day.year, "year_of_century": day.year % 100, "month": day.month, "day": day.day}
