"""What the fonts of documents cover, as the list of it says."""

import pytest
from fontTools.ttLib import TTFont

from tallystick.documents.glyphs import FONTS, shown


def cover(face: str) -> set[int]:
    """The characters of one of the fonts."""
    with TTFont(FONTS / f"FiraGO-{face}.ttf") as font:
        return set(font.getBestCmap())


def test_the_list_is_what_the_fonts_have() -> None:
    covered = {chr(point) for point in cover("Regular") & cover("Bold")}
    assert len(covered) > 2_000
    # What is of private use means nothing to whoever reads it aloud: a PDF/A-3a refuses it.
    assert {character for character in covered if shown(character) != character} == {"\uf89e"}
    assert shown("請求書 かな カナ ｱ ￥ €") == "請求書 かな カナ ｱ ￥ €"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann 😀", "Ann □"),
        ("1\N{NARROW NO-BREAK SPACE}234,56\N{NO-BREAK SPACE}€", "1\N{NO-BREAK SPACE}234,56\N{NO-BREAK SPACE}€"),
        ("发", "□"),
        ("a\U000e0001", "a"),
        ("a\u200bb\u2066c\u2069\nd", "a\u200bb\u2066c\u2069\nd"),
    ],
)
def test_what_no_font_has_is_a_square_and_what_has_no_shape_is_nothing(text: str, expected: str) -> None:
    assert shown(text) == expected
