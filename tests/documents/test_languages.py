"""The words of each language: none lacks one, and none says something else."""

import re
import string
from pathlib import Path
from typing import Any

import pytest
from babel import Locale

import tallystick.documents
from tallystick.documents.glyphs import SUBSTITUTE, shown
from tallystick.documents.languages import LANGUAGES, read, words

ENGLISH = read("en")
OTHERS = sorted(LANGUAGES - {"en"})
SOURCES = sorted(Path(tallystick.documents.__file__).parent.glob("*.py"))
KEY = re.compile(r'"((?:title|party|label|column|total|aging|state|notice|payment|history|method)\.[a-z0-9_]+)"')
SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
# What French sets before these signs (Imprimerie nationale).
UNSPACED = re.compile(f"[^{SPACES}][:;!?]")


def forms(value: Any) -> dict[str, str]:
    """A text, or each form of a plural, by its category."""
    return value if isinstance(value, dict) else {"": value}


def places(text: str) -> list[str]:
    """The names in braces."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_there_are_ten_languages() -> None:
    assert {"ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt"} == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_none_lacks_a_text_or_has_another(language: str) -> None:
    assert read(language).keys() == ENGLISH.keys()


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_text_is_there_and_names_what_english_names(language: str) -> None:
    for key, value in read(language).items():
        if key == "unsure":
            continue
        expected = places(next(reversed(forms(ENGLISH[key]).values())))
        found = {form: places(text) for form, text in forms(value).items()}
        assert found == dict.fromkeys(found, expected), key
        assert all(text.strip() == text and text for text in forms(value).values()), key


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_plural_has_the_categories_of_cldr(language: str) -> None:
    locale = Locale.parse(language)
    plurals = {key: value.keys() for key, value in read(language).items() if isinstance(value, dict)}
    assert plurals == {key: {*locale.plural_form.tags, "other"} for key in plurals}
    assert len(plurals) > 20


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_language_runs_as_its_script_does(language: str) -> None:
    assert words(language).direction == Locale.parse(language).text_direction


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_fonts_have_every_word(language: str) -> None:
    texts = [text for key, value in read(language).items() if key != "unsure" for text in forms(value).values()]
    assert [text for text in texts if SUBSTITUTE in shown(text)] == []


def test_french_sets_spaces_before_its_signs() -> None:
    texts = [text for key, value in read("fr").items() if key != "unsure" for text in forms(value).values()]
    assert [text for text in texts if UNSPACED.search(text)] == []


def test_every_key_that_the_program_names_is_there() -> None:
    named = {key for path in SOURCES for key in KEY.findall(path.read_text())}
    assert len(named) > 30
    assert named - ENGLISH.keys() == set()


@pytest.mark.parametrize(
    ("language", "name", "count", "expected"),
    [
        ("en", "hour", "1", "hour"),
        ("en", "hour", "other", "hours"),
        ("pl", "hours", "few", "godziny"),
        ("de", "km", "other", "km"),
        ("ja", "hour", "other", "時間"),
    ],
)
def test_a_unit_has_its_plural(language: str, name: str, count: str, expected: str) -> None:
    key = words("en").unit_called(name)
    assert key is not None
    assert words(language).plural(key, "one" if count == "1" else count) == expected
