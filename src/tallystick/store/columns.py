"""Column types that mean the same on SQLite and PostgreSQL; each converts a value in one step, both ways."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, DateTime, Dialect, Numeric, Text, cast
from sqlalchemy.types import TypeDecorator, TypeEngine

Convert = Callable[[Any], Any]


class _Members(dict[str, StrEnum]):
    """The members of an enumeration by their values; any other value is refused as the enumeration does."""

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__({member.value: member for member in kind})
        self._kind = kind

    def __missing__(self, value: str) -> StrEnum:
        return self._kind(value)


class OneOf(TypeDecorator[StrEnum]):
    """A member of an enumeration, stored as its value."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def bind_processor(self, _dialect: Dialect) -> Convert:
        members = _Members(self.kind)
        return lambda value: None if value is None else members[value].value

    def result_processor(self, _dialect: Dialect, _coltype: object) -> Convert:
        members = _Members(self.kind)
        return lambda value: None if value is None else members[value]


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, stored in UTC and always read back aware of it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert | None:
        return None if dialect.name == "postgresql" else _instant_to_text

    def result_processor(self, dialect: Dialect, _coltype: object) -> Convert:
        return _instant_in_utc if dialect.name == "postgresql" else _instant_from_text


def _instant_to_text(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _instant_from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def _instant_in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class PlainJson(TypeDecorator[str]):
    """JSON as a text of one form: sorted names, no white space, exact numbers without exponents.

    JSONB on PostgreSQL, text on SQLite.
    """

    impl = Text
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(column, Text)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return plain_json(_READER.decode(value))


def plain_json(value: object) -> str:
    """A value as the one text that it has in a column of ``PlainJson``."""
    return _WRITER.encode(value).decode()


def plain_number(number: str) -> msgspec.Raw:
    """A number of JSON, written without an exponent."""
    return msgspec.Raw(format(Decimal(number), "f").encode())


_READER = msgspec.json.Decoder(float_hook=plain_number)
_WRITER = msgspec.json.Encoder(order="deterministic")


class Exact(TypeDecorator[Decimal]):
    """A decimal of any scale, digit for digit: NUMERIC on PostgreSQL, text on SQLite, whose numbers are floats."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Decimal] | TypeEngine[str]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(asdecimal=True))
        return dialect.type_descriptor(Text())

    def bind_processor(self, dialect: Dialect) -> Convert | None:
        return None if dialect.name == "postgresql" else _decimal_to_text

    def result_processor(self, dialect: Dialect, _coltype: object) -> Convert | None:
        return None if dialect.name == "postgresql" else _decimal_from_text


def _decimal_to_text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _decimal_from_text(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
