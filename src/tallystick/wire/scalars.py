"""The scalar types of requests: each accepts what the documents promise and refuses the rest by name.

``convert`` is msgspec's hook for them; a ValueError's sentence becomes the field's error.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, TypeVar
from zoneinfo import available_timezones

import msgspec
from babel import Locale, UnknownLocaleError
from babel.core import get_global

from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.core.labels import MAX_EXTERNAL_ID_LENGTH, MAX_KEY_LENGTH, MAX_PAIRS, MAX_VALUE_LENGTH
from tallystick.core.money import DIGITS
from tallystick.core.numbering import Pattern, is_of_drafts
from tallystick.core.periods import today
from tallystick.store import secrets
from tallystick.wire.wanted import filled, telling

T = TypeVar("T")

MAX_ID = 2**63 - 1
MAX_WHOLE_DIGITS = 15
MAX_FRACTION_DIGITS = 12
MAX_NUMBER_LENGTH = 64
MAX_SEARCH_LENGTH = 200
FIRST_YEAR, LAST_YEAR = 1900, 2999
NO_NUMBER = 'Must be a number, as 12 or "12".'
AN_ADDRESS = "an e-mail address, as name@example.com"

ShortText = Annotated[str, msgspec.Meta(max_length=200)]
Title = Annotated[str, msgspec.Meta(max_length=500)]
LongText = Annotated[str, msgspec.Meta(max_length=10_000)]
Name = Annotated[str, filled(200)]
Email = Annotated[str, telling(AN_ADDRESS, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Version = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
ExternalId = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_EXTERNAL_ID_LENGTH,
        description="The client's own id of it, which an account gives once to each kind of thing.",
    ),
]
Description = Annotated[
    str, telling("a text of at most 10000 characters that is not blank", max_length=10_000, pattern=r"^$|\S")
]


class Id(int):
    """A row's id: a whole number from 1 on, or the digits of one."""

    schema: dict[str, Any] = {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MAX_ID},
            {"type": "string", "pattern": "^[0-9]{1,19}$"},
        ]
    }

    @classmethod
    def convert(cls, value: object) -> "Id":
        is_text = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19
        is_number = isinstance(value, int) and not isinstance(value, bool)
        number = int(value) if is_text or is_number else 0  # type: ignore[call-overload]
        if not 1 <= number <= MAX_ID:
            raise ValueError("Must be the id of an existing row, as 17.")
        return cls(number)


class Token(str):
    """A share token, as it stands in a link."""

    schema: dict[str, Any] = {"type": "string", "pattern": f"^{secrets.SHAPE}$"}

    @classmethod
    def convert(cls, value: object) -> "Token":
        if not isinstance(value, str) or not secrets.is_secret(value):
            raise ValueError("Must be the token of a share link.")
        return cls(value)


class MeterKey(str):
    """What a meter is called by events, rates and schedules."""

    schema: dict[str, Any] = {
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        "examples": ["api_calls"],
    }

    @classmethod
    def convert(cls, value: object) -> "MeterKey":
        if not isinstance(value, str) or not METER_KEY.fullmatch(value):
            raise ValueError("Must be 1 to 64 letters, digits, dots, hyphens or underscores, a letter or digit first.")
        return cls(value)


METER_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


class TemplateId(str):
    """A template: a number, or the name of one that comes along."""

    schema: dict[str, Any] = {"type": "string", "pattern": "^[a-z0-9]{1,20}$", "examples": ["classic"]}

    @classmethod
    def convert(cls, value: object) -> "TemplateId":
        if not isinstance(value, str) or not re.fullmatch("[a-z0-9]{1,20}", value):
            raise ValueError("Must be the id of a template, as 7 or classic.")
        if value.isdecimal() and int(value) > MAX_ID:
            raise ValueError("There is no id as large as this.")
        return cls(int(value) if value.isdecimal() else value)


class BillNumber(str):
    """A number that a client gives to a bill; the blanks around it are no part of it."""

    schema: dict[str, Any] = {
        "type": "string",
        "pattern": r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$",
        "examples": ["2026/A-1"],
    }

    @classmethod
    def convert(cls, value: object) -> "BillNumber":
        number = value.strip() if isinstance(value, str) else ""
        if not 1 <= len(number) <= MAX_NUMBER_LENGTH or NOT_IN_NUMBERS.search(number):
            raise ValueError(f"Must be a text of 1 to {MAX_NUMBER_LENGTH} characters on one line.")
        if is_of_drafts(number):
            raise ValueError("Must not begin with DRAFT-, which is what a draft without a number shows.")
        return cls(number)


NOT_IN_NUMBERS = re.compile(r"[\x00-\x1f\x7f]")


class MetadataChange(dict[str, str | None]):
    """Pairs of texts to keep with a thing, beside those that are kept already; null removes the pair of its key."""

    schema: dict[str, Any] = {
        "type": "object",
        "maxProperties": MAX_PAIRS,
        "propertyNames": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
        "additionalProperties": {"anyOf": [{"type": "string", "maxLength": MAX_VALUE_LENGTH}, {"type": "null"}]},
        "examples": [{"order": "A-17"}],
        "description": "Pairs to keep beside those that are there; null removes one, and null for the whole all.",
    }

    @classmethod
    def convert(cls, value: object) -> "MetadataChange":
        if not isinstance(value, dict) or len(value) > MAX_PAIRS:
            raise ValueError(f"Must be an object of at most {MAX_PAIRS} pairs.")
        for key, text in value.items():
            cls._check(key, text)
        return cls(value)

    @staticmethod
    def _check(key: str, text: object) -> None:
        if not 1 <= len(key) <= MAX_KEY_LENGTH:
            raise ValueError(f"Must have keys of 1 to {MAX_KEY_LENGTH} characters.")
        if text is not None and (not isinstance(text, str) or len(text) > MAX_VALUE_LENGTH):
            raise ValueError(f"Must have texts of at most {MAX_VALUE_LENGTH} characters, or null to remove a pair.")


class Search(str):
    """A text to look for; the blanks around it are no part of it."""

    schema: dict[str, Any] = {"type": "string", "maxLength": MAX_SEARCH_LENGTH}

    @classmethod
    def convert(cls, value: object) -> "Search":
        if not isinstance(value, str) or len(value) > MAX_SEARCH_LENGTH:
            raise ValueError(f"Must be a text of at most {MAX_SEARCH_LENGTH} characters.")
        return cls(value.strip())


class Several(str):
    """One word, or several with commas between them."""

    schema: dict[str, Any] = {"type": "array"}

    @classmethod
    def convert(cls, value: object) -> "Several":
        if not isinstance(value, str):
            raise ValueError("Must be a text.")
        return cls(value)

    @property
    def words(self) -> list[str]:
        """The words, without the blanks around them."""
        return [word.strip() for word in self.split(",") if word.strip()]


class Number(Decimal):
    """An exact decimal number, written as a JSON number or as a string of digits."""

    max_whole_digits: ClassVar[int] = MAX_WHOLE_DIGITS
    schema: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]}

    @classmethod
    def convert(cls, value: object) -> "Number":
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise ValueError(NO_NUMBER)
        number = cls._read(value)
        cls.check(number)
        return number

    @classmethod
    def _read(cls, value: int | str | Decimal) -> "Number":
        if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
            raise ValueError(NO_NUMBER)
        try:
            number = cls(value)
        except (InvalidOperation, ValueError):
            raise ValueError(NO_NUMBER) from None
        if not number.is_finite() or number.adjusted() >= cls.max_whole_digits:
            raise ValueError(f"Must be a number with at most {cls.max_whole_digits} digits before the point.")
        if number.as_tuple().exponent < -MAX_FRACTION_DIGITS:  # type: ignore[operator]
            number = cls._without_trailing_zeros(number)
        return number

    @classmethod
    def _without_trailing_zeros(cls, number: Decimal) -> "Number":
        short = cls(number.normalize()) if len(number.as_tuple().digits) <= 28 else cls(number)
        if short.as_tuple().exponent < -MAX_FRACTION_DIGITS:  # type: ignore[operator]
            raise ValueError(f"Must have at most {MAX_FRACTION_DIGITS} digits after the point.")
        return short

    @classmethod
    def check(cls, number: Decimal) -> None:
        """Raises ValueError where the number is out of the type's range; any is in this one's."""


PLAIN_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)


class Positive(Number):
    """A number above 0."""

    schema: dict[str, Any] = {
        "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]
    }

    @classmethod
    def check(cls, number: Decimal) -> None:
        if number <= 0:
            raise ValueError("Must be above 0.")


class NotNegative(Number):
    """A number of 0 or more."""

    schema: dict[str, Any] = {
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]
    }

    @classmethod
    def check(cls, number: Decimal) -> None:
        if number < 0:
            raise ValueError("Must not be negative.")


class Percent(Number):
    """A percentage from 0 to 100."""

    schema: dict[str, Any] = {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": 100},
            {"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        ]
    }

    @classmethod
    def check(cls, number: Decimal) -> None:
        if not 0 <= number <= 100:
            raise ValueError("Must be a percentage from 0 to 100.")


class Currency(str):
    """A currency of ISO 4217 that has a minor unit, by its code."""

    schema: dict[str, Any] = {"type": "string", "pattern": "^[A-Za-z]{3}$", "examples": ["EUR"]}

    @classmethod
    def convert(cls, value: object) -> "Currency":
        code = value.upper() if isinstance(value, str) else ""
        if code not in DIGITS:
            raise ValueError("Must be a currency code of ISO 4217, as EUR.")
        return cls(code)


class Color(str):
    """A colour as HTML has it, by red, green and blue."""

    schema: dict[str, Any] = {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$", "examples": ["#0b5f8a"]}

    @classmethod
    def convert(cls, value: object) -> "Color":
        if not isinstance(value, str) or not re.fullmatch("#[0-9A-Fa-f]{6}", value):
            raise ValueError("Must be a colour, as #0b5f8a.")
        return cls(value.lower())


class Country(str):
    """A country of ISO 3166-1, by its two letters."""

    schema: dict[str, Any] = {"type": "string", "pattern": "^[A-Za-z]{2}$", "examples": ["DE"]}

    @classmethod
    def convert(cls, value: object) -> "Country":
        code = value.upper() if isinstance(value, str) else ""
        if code not in COUNTRIES:
            raise ValueError("Must be a country code of ISO 3166-1, as DE.")
        return cls(code)


def _countries() -> frozenset[str]:
    names = [str(code) for code in Locale.parse("en").territories]
    aliases = get_global("territory_aliases")
    return frozenset(
        code
        for code in names
        if len(code) == 2 and code.isalpha() and code not in aliases and code not in NOT_COUNTRIES
    )


# Codes that CLDR names, and ISO 3166-1 does not assign to a country.
NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"})
COUNTRIES = _countries()


class Timezone(str):
    """A time zone of the IANA database, by its name."""

    schema: dict[str, Any] = {"type": "string", "examples": ["Europe/Berlin"]}

    @classmethod
    def convert(cls, value: object) -> "Timezone":
        if not isinstance(value, str) or value not in TIMEZONES:
            raise ValueError("Must be a time zone of the IANA database, as Europe/Berlin.")
        return cls(value)


TIMEZONES = frozenset(available_timezones())


class Language(str):
    """A language tag (BCP 47), as ``de`` or ``pt-BR``."""

    schema: dict[str, Any] = {"type": "string", "examples": ["en"]}

    @classmethod
    def convert(cls, value: object) -> "Language":
        try:
            Locale.parse(str(value) if isinstance(value, str) else "", sep="-")
        except (ValueError, UnknownLocaleError, TypeError):
            raise ValueError("Must be a language tag, as en or pt-BR.") from None
        return cls(value)


class NumberPattern(str):
    """A pattern for numbers; see ``core.numbering``."""

    schema: dict[str, Any] = {"type": "string", "examples": ["INV-{YYYY}-{SEQ:4}"]}

    @classmethod
    def convert(cls, value: object) -> "NumberPattern":
        if not isinstance(value, str):
            raise ValueError("Must be a pattern, as INV-{YYYY}-{SEQ:4}.")
        pattern = Pattern.parse(value)
        if is_of_drafts(pattern.text):
            raise ValueError("The pattern would make numbers as DRAFT-5, which is what a draft without a number shows.")
        return cls(pattern.text)


class Day:
    """A date, or an instant that is a date only once a time zone is given."""

    __slots__ = ("_value",)
    schema: dict[str, Any] = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}

    def __init__(self, value: date | datetime) -> None:
        self._value = value

    @classmethod
    def convert(cls, value: object) -> "Day":
        parsed = cls._read(value) if isinstance(value, str) else None
        if parsed is None:
            raise ValueError("Must be a date, as 2026-03-31.")
        if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
            raise ValueError(f"Must be a date from {FIRST_YEAR} to {LAST_YEAR}.")
        return cls(parsed)

    @staticmethod
    def _read(text: str) -> date | datetime | None:
        try:
            return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            return None

    def on_calendar_of(self, account: Account) -> date:
        """The date; for an instant, the date that it has in the account's time zone."""
        if not isinstance(self._value, datetime):
            return self._value
        if self._value.tzinfo is None:
            return self._value.date()
        return today(self._value, account.timezone)

    def in_utc(self) -> date:
        """The date; for an instant, the date that it has in UTC."""
        value = self._value
        if isinstance(value, datetime):
            return (value if value.tzinfo is None else value.astimezone(UTC)).date()
        return value


class Instant:
    """An instant, ``at``, in UTC; what comes without a time zone is none."""

    __slots__ = ("at",)
    schema: dict[str, Any] = {"type": "string", "format": "date-time", "examples": ["2027-03-31T12:00:00Z"]}

    def __init__(self, at: datetime) -> None:
        self.at = at

    @classmethod
    def convert(cls, value: object) -> "Instant":
        try:
            at = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or not FIRST_YEAR < at.year < LAST_YEAR:
            raise ValueError("Must be an instant with its time zone, as 2027-03-31T12:00:00Z.")
        return cls(at.astimezone(UTC))


def one_of_two_names(*pairs: Mapping[str, T | None]) -> list[T | None]:
    """The value of each thing that a request may give by either of two names.

    Raises ValidationFailed for every second name that says something else than the first.
    """
    errors = {}
    for pair in pairs:
        (name, value), (other_name, other) = pair.items()
        if value is not None and other is not None and value != other:
            errors[other_name] = [f"Says something else than {name}, of which it is another name: give one of them."]
    if errors:
        raise ValidationFailed(errors)
    return [next((value for value in pair.values() if value is not None), None) for pair in pairs]


SCALARS = (
    Id,
    Token,
    MeterKey,
    TemplateId,
    BillNumber,
    MetadataChange,
    Search,
    Several,
    Number,
    Currency,
    Color,
    Country,
    Timezone,
    Language,
    NumberPattern,
    Day,
    Instant,
)


def convert(kind: type, value: Any) -> Any:
    """msgspec's ``dec_hook`` for the types of this module."""
    if issubclass(kind, SCALARS):
        return kind.convert(value)
    raise NotImplementedError(f"{kind} is no type of a request")


def schema(kind: type) -> dict[str, Any]:
    """msgspec's ``schema_hook`` for the types of this module."""
    if issubclass(kind, SCALARS):
        return dict(kind.schema)
    raise NotImplementedError(f"{kind} is no type of a request")
