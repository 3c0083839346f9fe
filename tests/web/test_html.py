"""Markup is escaped by construction, and numbers are written in the reader's language with the digits they have."""

from datetime import date
from decimal import Decimal

import pytest

from tallystick.web.formats import Formats
from tallystick.web.html import Html, element, joined

HOSTILE = "<script>alert('\"&')</script>"
ESCAPED = "&lt;script&gt;alert(&#x27;&quot;&amp;&#x27;)&lt;/script&gt;"


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (element("p"), "<p></p>"),
        (element("br"), "<br>"),
        (element("p", HOSTILE), f"<p>{ESCAPED}</p>"),
        (element("p", class_=HOSTILE), f'<p class="{ESCAPED}"></p>'),
        (element("p", element("b", HOSTILE), " & ", "so on"), f"<p><b>{ESCAPED}</b> &amp; so on</p>"),
        (joined("<", element("br"), ">"), "&lt;<br>&gt;"),
        (joined(element("br") + HOSTILE), f"&lt;br&gt;{ESCAPED}"),
        (joined(f"{element('br')}"), "&lt;br&gt;"),
    ],
)
def test_text_becomes_markup_only_as_an_element(built: Html, expected: str) -> None:
    assert built == expected


@pytest.mark.parametrize(
    ("language", "currency", "amount", "expected"),
    [
        (None, "USD", "1234567.50", "$1,234,567.50"),
        ("en", "USD", "-0.05", "-$0.05"),
        ("de", "EUR", "1234.50", "1.234,50\N{NO-BREAK SPACE}€"),
        ("de-CH", "CHF", "1234.50", "CHF\N{NO-BREAK SPACE}1’234.50"),
        ("pt-BR", "BRL", "1234.50", "R$\N{NO-BREAK SPACE}1.234,50"),
        ("en", "JPY", "1000", "¥1,000"),
        ("en", "BHD", "1.001", "BHD\N{NO-BREAK SPACE}1.001"),
        # Digits of ISO 4217 where CLDR has fewer.
        ("en", "IQD", "1.500", "IQD\N{NO-BREAK SPACE}1.500"),
        ("en", "RSD", "10.05", "RSD\N{NO-BREAK SPACE}10.05"),
        # Half a unit would be rounded to even by the library, if anything were left to round.
        ("en", "USD", "0.125", "$0.12"),
        ("en", "USD", "90071992547409.91", "$90,071,992,547,409.91"),
        ("zz", "USD", "1.00", "$1.00"),
    ],
)
def test_an_amount(language: str | None, currency: str, amount: str, expected: str) -> None:
    assert Formats(language, currency).amount(Decimal(amount)) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [("5000.00", "5.000,00"), ("0.000000000001", "0,000000000001"), ("1000.125", "1.000,125")],
)
def test_a_unit_price_has_the_digits_it_has(price: str, expected: str) -> None:
    assert Formats("de", "EUR").unit_price(Decimal(price)) == f"{expected}\N{NO-BREAK SPACE}€"


@pytest.mark.parametrize(
    ("language", "number", "day"),
    [("en", "1,234.5", "March 31, 2026"), ("de", "1.234,5", "31. März 2026"), ("fr", "1\u202f234,5", "31 mars 2026")],
)
def test_a_number_and_a_day(language: str, number: str, day: str) -> None:
    formats = Formats(language, "EUR")
    assert formats.number(Decimal("1234.5")) == number
    assert formats.percent(Decimal("1234.5")) == f"{number}\N{NO-BREAK SPACE}%"
    assert formats.day(date(2026, 3, 31)) == day


def test_a_country() -> None:
    assert [Formats(language, "EUR").country("AT") for language in ("en", "de")] == ["Austria", "Österreich"]
