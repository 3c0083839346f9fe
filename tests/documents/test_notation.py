"""Numbers and dates as readers write them."""

from datetime import date
from decimal import Decimal

import pytest

from tallystick.documents.notation import Notation, locale_of

SPACE = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
LEFT, END = "\u2066", "\u2069"


def notation(tag: str, currency: str = "EUR", country: str | None = None) -> Notation:
    return Notation(locale_of(tag, country), currency)


@pytest.mark.parametrize(
    ("tag", "countries", "expected"),
    [
        ("de-CH", ("FR",), "de_CH"),
        ("de", ("AT", "DE"), "de_AT"),
        ("de", ("JP", "DE"), "de_DE"),
        ("en", (None, "IE"), "en_IE"),
        ("pt", (None, None), "pt_PT"),
        ("pt-BR", (None, None), "pt_BR"),
        ("ar", ("EG", "EG"), "ar_AE"),
        ("sv", ("GB", None), "en_GB"),
        (None, (None, None), "en_001"),
        ("en", ("DE", "DE"), "en_001"),
        ("en", ("DE", "US"), "en_US"),
        ("zh-Hant-TW", ("US", None), "en_US"),
    ],
)
def test_a_reader_has_a_locale(tag: str | None, countries: tuple[str | None, ...], expected: str) -> None:
    assert str(locale_of(tag, *countries)) == expected


@pytest.mark.parametrize(
    ("tag", "currency", "minor", "expected"),
    [
        ("en-GB", "GBP", 123_456, "£1,234.56"),
        ("en-GB", "GBP", -123_456, "−£1,234.56"),
        ("de-DE", "EUR", 123_456, f"1.234,56{SPACE}€"),
        ("de-DE", "EUR", -5, f"−0,05{SPACE}€"),
        ("de-CH", "CHF", 123_456, f"CHF{SPACE}1’234.56"),
        ("fr-FR", "EUR", 123_456, f"1{NARROW}234,56{SPACE}€"),
        ("ja-JP", "JPY", 1_234, "￥1,234"),
        ("en-US", "IQD", 1_234, f"IQD{SPACE}1.234"),
        ("nl-NL", "EUR", 150, f"€{SPACE}1,50"),
        ("ar", "BHD", 1_234_567, f"1,234.567{SPACE}د.ب."),
        ("ar", "BHD", -1_000, f"{LEFT}−1.000{SPACE}د.ب.{END}"),
        ("en-IN", "INR", 12_345_678_00, "₹1,23,45,678.00"),
    ],
)
def test_money(tag: str, currency: str, minor: int, expected: str) -> None:
    assert notation(tag, currency).money(minor) == expected


@pytest.mark.parametrize(
    ("tag", "value", "quantity", "price", "percent"),
    [
        ("en-GB", "0.0004", "0.0004", "0.0004", "0.0004%"),
        ("de-DE", "1234.50", "1.234,5", "1.234,50", f"1.234,5{SPACE}%"),
        ("de-DE", "-10", "−10", "−10,00", f"−10{SPACE}%"),
        ("en-GB", "1234567890123456.789012345678", *["1,234,567,890,123,456.789012345678"] * 2, None),
        ("ar", "10", "10", "10.00", f"{LEFT}10%{END}"),
    ],
)
def test_numbers_keep_their_digits(tag: str, value: str, quantity: str, price: str, percent: str | None) -> None:
    written, number = notation(tag), Decimal(value)
    assert (written.number(number), written.unit_price(number)) == (quantity, price)
    assert percent is None or written.percent(number) == percent


@pytest.mark.parametrize(
    ("tag", "long", "near", "days"),
    [
        ("en-GB", "14 October 2026", "14 October", "14–20 Oct 2026"),
        ("de-DE", "14. Oktober 2026", "14. Oktober", "14.–20. Okt. 2026"),
        ("ja-JP", "2026年10月14日", "10月14日", "2026年10月14日～20日"),
        ("pl-PL", "14 października 2026", "14 października", "14–20 paź 2026"),
    ],
)
def test_days(tag: str, long: str, near: str, days: str) -> None:
    written, day = notation(tag), date(2026, 10, 14)
    assert written.day(day) == long
    assert written.near_day(day, date(2026, 1, 1)) == near
    assert written.near_day(day, date(2027, 1, 1)) == long
    assert written.days(day, date(2026, 10, 20)) == days
    assert written.days(day, day) == long
