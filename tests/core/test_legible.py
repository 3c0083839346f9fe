"""What a person reads is neither hidden nor turned."""

import pytest

from tallystick.core.legible import legible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann Example", "Ann Example"),
        ("two\nlines\tand more", "two\nlines\tand more"),
        ("Ann \u202eelpmaxE\u202c", "Ann elpmaxE"),
        ("\u2066a\u2067b\u2068c\u2069d", "abcd"),
        ("\u202aa\u202bb\u202dc", "abc"),
        ("\x1b[31mred\x07\x00\x7f\x9b\r", "[31mred"),
        ("עברית\u200f! caf\u00e9 \u200eok", "עברית\u200f! caf\u00e9 \u200eok"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
    ],
)
def test_what_deceives_is_left_out(text: str, expected: str) -> None:
    assert legible(text) == expected
