"""Amounts, numbers and dates as a reader of some language writes them."""

import re
from copy import copy
from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import NumberPattern, format_decimal, get_currency_symbol

from tallystick.core.money import digits
from tallystick.wire.scalars import MAX_FRACTION_DIGITS

DEFAULT_LANGUAGE = "en"
SIGN_BEFORE_DIGIT = re.compile("¤$")
PLAIN = "#,##0." + "#" * MAX_FRACTION_DIGITS


class Formats:
    """How one bill is written: in a language (a BCP 47 tag), with amounts in one currency.

    Amounts have the digits of ISO 4217, which are not CLDR's for every currency. They come rounded and are never
    rounded here.
    """

    def __init__(self, language: str | None, currency: str) -> None:
        self._locale = _locale(language)
        self._currency = currency
        places = digits(currency)
        self._amount = self._pattern(places, places)
        self._unit_price = self._pattern(places, MAX_FRACTION_DIGITS)

    def _pattern(self, least: int, most: int) -> NumberPattern:
        pattern: NumberPattern = copy(self._locale.currency_formats["standard"])
        pattern.frac_prec = (least, most)
        if get_currency_symbol(self._currency, self._locale)[-1].isalpha():
            # CLDR's currencySpacing, which Babel leaves out: no letter touches a digit.
            positive, negative = (SIGN_BEFORE_DIGIT.sub("¤\N{NO-BREAK SPACE}", prefix) for prefix in pattern.prefix)
            pattern.prefix = (positive, negative)
        return pattern

    def amount(self, value: Decimal) -> str:
        """An amount in major units, with its currency's sign."""
        return self._written(self._amount, value)

    def unit_price(self, value: Decimal) -> str:
        """As ``amount``, with as many digits as the price has."""
        return self._written(self._unit_price, value)

    def _written(self, pattern: NumberPattern, value: Decimal) -> str:
        written: str = pattern.apply(value, self._locale, currency=self._currency, currency_digits=False)
        return written

    def number(self, value: Decimal) -> str:
        """A quantity or a rate, with the digits that it has."""
        return format_decimal(value, format=PLAIN, locale=self._locale)

    def percent(self, value: Decimal) -> str:
        """A rate in percent."""
        return f"{self.number(value)}\N{NO-BREAK SPACE}%"

    def day(self, value: date) -> str:
        """A date in words."""
        return format_date(value, format="long", locale=self._locale)

    def country(self, code: str) -> str:
        """A country's name; its code where the language has no name for it."""
        name: str = self._locale.territories.get(code, code)
        return name


def _locale(language: str | None) -> Locale:
    try:
        return Locale.parse(language or DEFAULT_LANGUAGE, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse(DEFAULT_LANGUAGE)
