"""The words of documents, a file a language: to add one is to add its file (docs/documents.md)."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LANGUAGES = frozenset(path.stem for path in FOLDER.glob("*.toml"))
DEFAULT_LANGUAGE = "en"
OTHER = "other"
UNIT = "unit."


class Words:
    """What documents say in one language. A text's key has its section before it, as ``state.due``."""

    def __init__(self, language: str, texts: Mapping[str, str], plurals: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self.direction = texts["direction"]
        self._texts = texts
        self._plurals = plurals
        self._units = dict(_names_of_units(plurals))

    def __call__(self, key: str, **values: str) -> str:
        """The text with this key, with the values in the places that it names."""
        return self._texts[key].format(**values)

    def plural(self, key: str, category: str) -> str:
        """The form of a word for a number of CLDR's plural category."""
        forms = self._plurals[key]
        return forms.get(category, forms[OTHER])

    def unit_called(self, name: str) -> str | None:
        """The key of the unit that goes by this name in the language, in any of its forms."""
        return self._units.get(name.casefold())


def _names_of_units(plurals: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for key, forms in plurals.items():
        if key.startswith(UNIT):
            yield key.removeprefix(UNIT), key
            yield from ((form.casefold(), key) for form in forms.values())


@cache
def words(language: str) -> Words:
    """The words of a language of ``LANGUAGES``."""
    texts: dict[str, str] = {}
    plurals: dict[str, Mapping[str, str]] = {}
    for key, value in read(language).items():
        (plurals if isinstance(value, dict) else texts)[key] = value
    return Words(language, texts, plurals)


def read(language: str) -> dict[str, Any]:
    """What a language's file holds, by keys as ``Words`` has them."""
    found: dict[str, Any] = {}
    for section, entries in tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")).items():
        named = entries.items() if isinstance(entries, dict) else [("", entries)]
        found.update({f"{section}.{key}".rstrip("."): value for key, value in named})
    return found
