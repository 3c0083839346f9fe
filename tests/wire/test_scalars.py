"""What each scalar of a request accepts, and what it makes of it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.errors import ValidationFailed
from tallystick.core.money import DIGITS
from tallystick.wire.scalars import (
    COUNTRIES,
    Country,
    Currency,
    Day,
    Id,
    Instant,
    Language,
    MetadataChange,
    NotNegative,
    Number,
    NumberPattern,
    Percent,
    Positive,
    Timezone,
    convert,
    one_of_two_names,
)

REFUSED = None


def read(kind: type, value: Any) -> Any:
    """The value as the type, or REFUSED."""
    try:
        return convert(kind, value)
    except ValueError:
        return REFUSED


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Id, 7, 7),
        (Id, "7", 7),
        (Id, "007", 7),
        (Id, 2**63 - 1, 2**63 - 1),
        (Id, 2**63, REFUSED),
        (Id, 0, REFUSED),
        (Id, -1, REFUSED),
        (Id, True, REFUSED),
        (Id, Decimal("7.0"), REFUSED),
        (Id, "+7", REFUSED),
        (Id, "٧", REFUSED),
        (Number, 5, Decimal(5)),
        (Number, "5", Decimal(5)),
        (Number, "-5.50", Decimal("-5.50")),
        (Number, "1e3", Decimal(1000)),
        (Number, Decimal("0.1"), Decimal("0.1")),
        (Number, Decimal("0.123456789012"), Decimal("0.123456789012")),
        (Number, Decimal("0.1234567890120"), Decimal("0.123456789012")),
        (Number, Decimal("0.1234567890123"), REFUSED),
        (Number, Decimal(10**15 - 1), Decimal(10**15 - 1)),
        (Number, Decimal(10**15), REFUSED),
        (Number, Decimal("1e400"), REFUSED),
        (Number, Decimal("NaN"), REFUSED),
        (Number, Decimal("Infinity"), REFUSED),
        (Number, "", REFUSED),
        (Number, ".5", REFUSED),
        (Number, "1_0", REFUSED),
        (Number, "0x10", REFUSED),
        (Number, True, REFUSED),
        (Number, None, REFUSED),
        (Number, [1], REFUSED),
        (Positive, "0.000000000001", Decimal("0.000000000001")),
        (Positive, 0, REFUSED),
        (Positive, "-0", REFUSED),
        (Positive, -1, REFUSED),
        (NotNegative, 0, Decimal(0)),
        (NotNegative, "-0.01", REFUSED),
        (Percent, 0, Decimal(0)),
        (Percent, "100.00", Decimal(100)),
        (Percent, "100.01", REFUSED),
        (Percent, "-1", REFUSED),
        (Currency, "EUR", "EUR"),
        (Currency, "eur", "EUR"),
        (Currency, "EURO", REFUSED),
        (Currency, "XAU", REFUSED),  # gold has no minor unit
        (Currency, 978, REFUSED),
        (Country, "de", "DE"),
        (Country, "XK", REFUSED),  # Kosovo: in use, but not assigned by ISO 3166-1
        (Country, "EU", REFUSED),
        (Country, "UK", REFUSED),
        (Country, "Germany", REFUSED),
        (Timezone, "Europe/Berlin", "Europe/Berlin"),
        (Timezone, "UTC", "UTC"),
        (Timezone, "europe/berlin", REFUSED),
        (Timezone, "+01:00", REFUSED),
        (Timezone, "../etc/passwd", REFUSED),
        (Language, "de", "de"),
        (Language, "pt-BR", "pt-BR"),
        (Language, "xx-nonsense", REFUSED),
        (Language, "", REFUSED),
        (NumberPattern, "INV-{SEQ:4}", "INV-{SEQ:4}"),
        (Instant, "2027-03-31T12:00:00", REFUSED),
        (Instant, "2027-03-31", REFUSED),
        (Instant, "soon", REFUSED),
        (Instant, 5, REFUSED),
        (NumberPattern, "INV-{YYYY}", REFUSED),
        (NumberPattern, 5, REFUSED),
    ],
    ids=repr,
)
def test_a_scalar(kind: type, value: Any, expected: Any) -> None:
    found = read(kind, value)
    assert (found, found is REFUSED) == (expected, expected is REFUSED)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**14), max_value=10**14))
def test_a_number_is_the_same_from_a_number_and_from_text(number: Decimal) -> None:
    assert read(Number, number) == number
    assert read(Number, format(number, "f")) == number


@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.integers()) | st.booleans())
def test_any_value_is_read_or_refused(value: Any) -> None:
    for kind in (Id, Number, Positive, Percent, Currency, Country, Timezone, Language, NumberPattern, Day, Instant):
        read(kind, value)


def test_the_countries_are_those_of_iso_3166() -> None:
    assert len(COUNTRIES) == 249


def test_a_currency_is_one_whose_digits_are_known() -> None:
    assert all(read(Currency, code) == code for code in DIGITS)


AUCKLAND, LOS_ANGELES = "Pacific/Auckland", "America/Los_Angeles"


@pytest.mark.parametrize(
    ("text", "timezone", "expected"),
    [
        ("2026-03-31", AUCKLAND, date(2026, 3, 31)),
        ("2026-03-31T12:30:00Z", AUCKLAND, date(2026, 4, 1)),
        ("2026-03-31T12:30:00Z", LOS_ANGELES, date(2026, 3, 31)),
        ("2026-03-31T23:30:00-07:00", AUCKLAND, date(2026, 4, 1)),
        ("2026-03-31T23:30:00", AUCKLAND, date(2026, 3, 31)),  # without a zone it is the account's own time
        ("2026-03-31 23:30:00.123456Z", LOS_ANGELES, date(2026, 3, 31)),
        ("20260331T123000Z", AUCKLAND, date(2026, 4, 1)),
        ("2024-02-29", "UTC", date(2024, 2, 29)),
        ("2025-02-29", "UTC", REFUSED),
        ("31.03.2026", "UTC", REFUSED),
        ("2026-03-31T25:00:00Z", "UTC", REFUSED),
        ("", "UTC", REFUSED),
    ],
)
def test_a_day_on_the_calendar_of_an_account(account_in: Any, text: str, timezone: str, expected: date | None) -> None:
    found = read(Day, text)
    assert (found and found.on_calendar_of(account_in(timezone))) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (None, None, [None]),
        (1, None, [1]),
        (None, 2, [2]),
        (0, 0, [0]),
        (0, 1, ["other"]),
        (1, 0, ["other"]),
    ],
)
def test_two_names_of_one_thing_say_the_same(first: int | None, second: int | None, expected: list[Any]) -> None:
    try:
        found: list[Any] = list(one_of_two_names({"one": first, "other": second}))
    except ValidationFailed as failure:
        found = list(failure.errors)
    assert found == expected


def test_every_pair_of_names_that_differ_is_told() -> None:
    with pytest.raises(ValidationFailed) as failure:
        one_of_two_names({"a": 1, "b": 2}, {"c": 1, "d": 1}, {"e": 1, "f": 2})
    assert list(failure.value.errors) == ["b", "f"]


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        ({}, True),
        ({"a": "1", "b": ""}, True),
        ({"a": None}, True),
        ({"k" * 40: "v" * 500}, True),
        ({"k" * 41: "v"}, False),
        ({"k": "v" * 501}, False),
        ({"": "v"}, False),
        ({"k": 1}, False),
        ({"k": {}}, False),
        ({str(number): "v" for number in range(50)}, True),
        ({str(number): "v" for number in range(51)}, False),
        ([], False),
        ("{}", False),
    ],
)
def test_metadata_are_few_short_pairs_of_texts(value: object, is_taken: bool) -> None:
    assert read(MetadataChange, value) == (value if is_taken else REFUSED)


def test_an_instant_is_kept_in_utc() -> None:
    assert convert(Instant, "2027-03-31T14:00:00.5+02:00").at == datetime(2027, 3, 31, 12, 0, 0, 500_000, tzinfo=UTC)
