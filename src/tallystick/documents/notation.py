"""Amounts, numbers and dates as a reader of some language writes them."""

from copy import copy
from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton
from babel.languages import get_official_languages
from babel.numbers import NumberPattern, get_currency_symbol

from tallystick.core.money import digits, to_decimal
from tallystick.documents.languages import DEFAULT_LANGUAGE, LANGUAGES
from tallystick.wire.scalars import MAX_FRACTION_DIGITS

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
LEFT_TO_RIGHT, END = "\N{LEFT-TO-RIGHT ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
DIRECTION_MARKS = dict.fromkeys(map(ord, "\N{RIGHT-TO-LEFT MARK}\N{LEFT-TO-RIGHT MARK}"))
# Where nobody speaks it at home: the words are Portugal's, the Gulf's bills have Latin digits, and most of the world
# reads English with the day before the month. CLDR's own choices are others.
REGIONS = {"ar": "AE", "pt": "PT", "en": "001"}
FIXED_REGIONS = {"ar"}


def locale_of(tag: str | None, *countries: str | None) -> Locale:
    """The locale of a reader: the language of a tag of BCP 47 as it is written in the tag's own region, or in the first
    of the countries that speaks it; English, where we have no words in the language.
    """
    language, *rest = (tag or DEFAULT_LANGUAGE).lower().split("-")
    if language not in LANGUAGES:
        language, rest = DEFAULT_LANGUAGE, []
    named = [part.upper() for part in rest if len(part) == 2]
    spoken = [
        country for country in countries if country and language in get_official_languages(country, de_facto=True)
    ]
    regions = [REGIONS[language]] if language in FIXED_REGIONS else [*named, *spoken, REGIONS.get(language)]
    known = (_known(f"{language}_{region}") for region in regions if region)
    return next(filter(None, known), Locale.parse(language))


def _known(name: str) -> Locale | None:
    try:
        return Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        return None


class Notation:
    """How one document is written: in a locale, with amounts in one currency.

    Amounts come in minor units of ISO 4217, whose digits are not CLDR's for every currency; they come rounded and are
    never rounded here. A number below 0 has U+2212, and among words from right to left is kept together by isolates.
    """

    def __init__(self, locale: Locale, currency: str) -> None:
        self._locale = locale
        self._places = digits(currency)
        self._is_right_to_left = locale.text_direction == "rtl"
        self._symbol = get_currency_symbol(currency, locale).translate(DIRECTION_MARKS)
        self._is_symbol_first = locale.currency_formats["standard"].pattern.translate(DIRECTION_MARKS).startswith("¤")
        self._percent_sign = f"{SPACE}%" if SPACE in locale.percent_formats[None].pattern else "%"
        self._amount = self._pattern(self._places, self._places)
        self._price = self._pattern(self._places, MAX_FRACTION_DIGITS)
        self._number = self._pattern(0, MAX_FRACTION_DIGITS)

    def _pattern(self, least: int, most: int) -> NumberPattern:
        pattern: NumberPattern = copy(self._locale.decimal_formats[None])
        pattern.frac_prec = (least, most)
        return pattern

    def amount(self, minor: int) -> str:
        """An amount without its currency, as a column or a row of sums has it."""
        return self._signed(minor, self._unsigned(minor))

    def money(self, minor: int) -> str:
        """An amount with its currency's sign."""
        number = self._unsigned(minor)
        if not self._is_symbol_first:
            return self._signed(minor, f"{number}{SPACE}{self._symbol}")
        # CLDR's currencySpacing: no letter touches a digit.
        space = (
            SPACE if self._symbol[-1].isalpha() or SPACE in self._locale.currency_formats["standard"].pattern else ""
        )
        return self._signed(minor, f"{self._symbol}{space}{number}")

    def _unsigned(self, minor: int) -> str:
        return self._written(self._amount, to_decimal(abs(minor), self._places))

    def unit_price(self, value: Decimal) -> str:
        """A price in major units, with at least the currency's digits and as many more as it has."""
        return self._signed(value, self._written(self._price, abs(value)))

    def number(self, value: Decimal) -> str:
        """A quantity, with the digits that it has."""
        return self._signed(value, self._written(self._number, abs(value)))

    def percent(self, value: Decimal) -> str:
        """A rate in percent."""
        written = self._written(self._number, abs(value)) + self._percent_sign
        return self.isolated(f"{MINUS}{written}" if value < 0 else written)

    def _written(self, pattern: NumberPattern, value: Decimal) -> str:
        written: str = pattern.apply(value, self._locale)
        return written

    def _signed(self, value: Decimal | int, written: str) -> str:
        return self.isolated(f"{MINUS}{written}") if value < 0 else written

    def isolated(self, text: str) -> str:
        """What has signs and no letter, such as a phone number: kept from being turned around."""
        return f"{LEFT_TO_RIGHT}{text}{END}" if self._is_right_to_left else text

    def plural_category(self, value: Decimal) -> str:
        """CLDR's plural category of a quantity."""
        return self._locale.plural_form(value.normalize())

    def day(self, value: date) -> str:
        """A date in words."""
        return self._dated(format_date(value, "long", self._locale))

    def short_day(self, value: date) -> str:
        """A date as a column has it."""
        return self._dated(format_date(value, "medium", self._locale))

    def near_day(self, value: date, today: date) -> str:
        """A date in words, without its year where that is today's."""
        if value.year != today.year:
            return self.day(value)
        return self._dated(format_skeleton("MMMMd", value, locale=self._locale))

    def days(self, first: date, last: date) -> str:
        """The days from one to another."""
        return (
            self.day(first)
            if first == last
            else self._dated(format_interval(first, last, "yMMMd", locale=self._locale))
        )

    def _dated(self, written: str) -> str:
        return written.translate(DIRECTION_MARKS)

    def country(self, code: str) -> str:
        """A country's name; its code where the language has no name for it."""
        name: str = self._locale.territories.get(code, code)
        return name
