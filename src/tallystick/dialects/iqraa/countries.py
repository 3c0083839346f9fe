"""Countries by what people call them in English."""

import re
from collections.abc import Iterator

from babel import Locale
from babel.core import get_global

from tallystick.store.search import folded
from tallystick.wire.scalars import COUNTRIES

OTHER_NAMES = {
    "America": "US",
    "Burma": "MM",
    "Czech Republic": "CZ",
    "Great Britain": "GB",
    "Holland": "NL",
    "Hong Kong": "HK",
    "Ivory Coast": "CI",
    "Macau": "MO",
    "Macedonia": "MK",
    "Myanmar": "MM",
    "Palestine": "PS",
    "Republic of Korea": "KR",
    "Russian Federation": "RU",
    "Swaziland": "SZ",
    "Turkey": "TR",
    "UAE": "AE",
    "United States of America": "US",
}
"""Names in use that CLDR has under another one."""
NOT_LETTERS = re.compile("[^a-z]+")


def code_of(words: str) -> str | None:
    """The code of ISO 3166-1 of a country that is given by its two or three letters, or by its English name."""
    return CODES.get(_key(words))


def _key(words: str) -> str:
    """What is compared of a name: its letters, without accents, case, and the article."""
    letters = NOT_LETTERS.sub(" ", (folded(words) or "").replace("&", " and "))
    return letters.strip().removeprefix("the ")


def _codes() -> Iterator[tuple[str, str]]:
    names = Locale.parse("en").territories
    yield from ((name, code) for name, code in OTHER_NAMES.items())
    # ISO 3166-1's codes of three letters are aliases in CLDR; a country that is no more may have several heirs.
    aliases = get_global("territory_aliases")
    yield from ((alias, codes[0]) for alias, codes in aliases.items() if len(codes) == 1 and alias.isalpha())
    yield from ((str(names[code]), code) for code in COUNTRIES)
    yield from ((code, code) for code in COUNTRIES)


CODES = {_key(name): code for name, code in _codes() if code in COUNTRIES}
