"""Which of our languages a browser asks for."""

import pytest

from tallystick.web.languages import preferred


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("DE-ch", "de"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("sv,fr;q=0.7,de;q=0.9", "de"),
        ("fr;q=0.5 , ja ; q=0.5", "fr"),
        ("de;q=0, it;q=0.001", "it"),
        ("de;q=0.000", "en"),
        ("zh-Hant-TW, *;q=0.1", "en"),
        ("nl;q=2, pl;q=x, \u00e9, ar;q=0.1", "ar"),
        ("en;q=0.2, en-GB;q=0.9, de;q=0.5", "en"),
    ],
)
def test_the_first_one_of_the_greatest_weight(header: str | None, expected: str) -> None:
    assert preferred(header) == expected
