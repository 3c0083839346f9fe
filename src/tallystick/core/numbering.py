"""The numbers of bills, and their patterns: literal text, tokens of the issue date (ADR 16), one sequence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product
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

_DIGITS_OF_A_RUN = 20
_DRAFT = "draft-"
_DIGIT = frozenset("0123456789")
_NOT_ZERO = _DIGIT - {"0"}
_DATE_DIGITS = {
    # A bill is dated from 1900 to 2999.
    "YYYY": [frozenset("12"), _DIGIT, _DIGIT, _DIGIT],
    "YY": [_DIGIT, _DIGIT],
    "MM": [frozenset("01"), _DIGIT],
    "DD": [frozenset("0123"), _DIGIT],
}


def key(number: str) -> str:
    """What is the same of two numbers that a person takes for one: case and the blanks around it do not count."""
    return number.strip().casefold()


def order(number: str) -> str:
    """What numbers are sorted by: as text, but 9999 before 10000."""
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(_DIGITS_OF_A_RUN), key(number))


def is_of_drafts(number: str) -> bool:
    """Whether a number, or a pattern's numbers, could be what a draft shows in the place of a number."""
    return key(number).startswith(_DRAFT)


class Series(NamedTuple):
    """The numbers that a pattern makes on the days of one scope: a text before and one after the padded place."""

    scope: str
    before: str
    width: int
    after: str

    def number(self, place: int) -> str:
        """The number at this place. One longer than the width is written in full: 10000 follows 9999."""
        return f"{self.before}{place:0{self.width}}{self.after}"

    @property
    def keys(self) -> "Series":
        """The series of what ``key`` makes of these numbers; the texts of a pattern have no blanks around them."""
        return self._replace(before=self.before.casefold(), after=self.after.casefold())


class Pattern(NamedTuple):
    """A checked pattern, such as ``INV-{YYYY}-{SEQ:4}``. Get one from ``parse``.

    Date tokens have a fixed width and the sequence stands once, so that two numbers of one pattern are equal
    only where both their scopes and their sequences are.
    """

    text: str
    before_format: str
    width: int
    after_format: str
    scope_format: str

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """Check a pattern; blanks around it are no part of it.

        Raises ValueError, with a sentence for a person, where it is malformed or could repeat a number.
        """
        text = text.strip()
        if not text.isprintable():
            raise ValueError("The pattern must hold printable characters only.")
        if set("{}") & set(_TOKEN.sub("", text)):
            raise ValueError("The pattern has a brace without its partner.")
        tokens = _TOKEN.findall(text)
        widths = {token: _width(token) for token in tokens if token not in _DATE_FIELDS}
        _refuse_repeats(tokens)
        before, token, after = re.split(r"\{(SEQ[^{}]*)\}", text)
        dates = [_DATE_FIELDS[token] for token in tokens if token in _DATE_FIELDS]
        pattern = cls(text, _format(before), widths[token], _format(after), "-".join(dates))
        if len(pattern.render(date.max, 10**MAX_SEQUENCE_DIGITS - 1)) > MAX_LENGTH:
            raise ValueError(f"The pattern makes numbers of more than {MAX_LENGTH} characters.")
        return pattern

    def scope(self, day: date) -> str:
        """What the sequence runs within: the values of the date tokens, joined by ``-``; "" without any.

        The sequence restarts with each new scope.
        """
        return self.scope_format.format_map(_fields(day))

    def series(self, day: date) -> Series:
        """The numbers of the scope of this day."""
        fields = _fields(day)
        return Series(
            self.scope_format.format_map(fields),
            self.before_format.format_map(fields),
            self.width,
            self.after_format.format_map(fields),
        )

    def render(self, day: date, sequence: int) -> str:
        """The number of a bill of this day at this place of the sequence."""
        return self.series(day).number(sequence)


def readings(scope: str, day: date) -> set[tuple[str, ...]]:
    """The date tokens that a number's scope (see ``Pattern.scope``) may be made of, as far as it tells of this day.

    None where it tells of another. There may be several: of 2026-11-11, either 11 may be the month.
    """
    if not scope:
        return {()}
    fields = _fields(day)
    said = {token: text.format_map(fields) for token, text in _DATE_FIELDS.items()}
    choices = [[token for token, text in said.items() if text == part] for part in scope.split("-")]
    return {tokens for tokens in product(*choices) if _repeat(tokens) is None}


def is_in_scope(scope: str, day: date, dated: date) -> bool:
    """Whether a bill that is ``dated`` may be of ``day`` under its number, whichever pattern made it.

    However its scope may be read, it must tell the truth of the new day too. Of a day that it never told of, as that of
    a draft that was issued in another year and has no date of its own by now, nothing can be read.
    """
    told = readings(scope, day)
    return bool(told) and readings(scope, dated) <= told


def could_meet(one: Pattern, other: Pattern) -> bool:
    """Whether some number of one pattern could be some number of the other, each on any day at any place.

    It may say so of a few that never do, because it looks at each digit of a date by itself.
    """
    shapes = product(_shapes(one), _shapes(other))
    return any(len(a) == len(b) and all(map(frozenset.intersection, a, b)) for a, b in shapes)


def _shapes(pattern: Pattern) -> Iterator[list[frozenset[str]]]:
    """What may stand at each place of a number, for each length that the sequence may have."""
    parts = _TOKEN.split(pattern.text)
    for length in range(pattern.width, MAX_SEQUENCE_DIGITS + 1):
        first = _DIGIT if 1 < length == pattern.width else _NOT_ZERO
        shape: list[frozenset[str]] = []
        for index, part in enumerate(parts):
            if index % 2 == 0:
                shape += [frozenset(letter) for letter in part.casefold()]
            else:
                shape += _DATE_DIGITS.get(part) or [first, *[_DIGIT] * (length - 1)]
        yield shape


def _format(text: str) -> str:
    return _TOKEN.sub(lambda token: _DATE_FIELDS[token[1]], text)


def _width(token: str) -> int:
    sequence = _SEQUENCE.fullmatch(token)
    if sequence is None:
        raise ValueError(f"The pattern has an unknown token {{{token}}}: use YYYY, YY, MM, DD, SEQ or SEQ:1 to SEQ:12.")
    return int(sequence[1] or 1)


def _refuse_repeats(tokens: Sequence[str]) -> None:
    if sum(token not in _DATE_FIELDS for token in tokens) != 1:
        raise ValueError("The pattern must hold {SEQ} exactly once.")
    repeat = _repeat(tokens)
    if repeat is not None:
        raise ValueError(repeat)


def _repeat(tokens: Sequence[str]) -> str | None:
    """Why numbers with these date tokens would come again, if they would."""
    if "MM" in tokens and "YYYY" not in tokens and "YY" not in tokens:
        return "The pattern would repeat its numbers every year: {MM} needs {YYYY} or {YY}."
    if "DD" in tokens and "MM" not in tokens:
        return "The pattern would repeat its numbers every month: {DD} needs {MM}."
    return None


def _fields(day: date) -> dict[str, int]:
    return {"year": day.year, "year_of_century": day.year % 100, "month": day.month, "day": day.day}
