"""Words in a seller's colour can be read (WCAG 2, contrast)."""

import pytest

from tallystick.documents.colours import palette


@pytest.mark.parametrize(
    ("accent", "ink", "on"),
    [
        ("#000000", "#000000", "#ffffff"),
        # 21 : 1 against black, so it is darkened: 5.5 : 1 is the luminance (1.05 / 5.5 - 0.05) = 0.1409, a grey of
        # ((0.1409 ** (1 / 2.4)) * 1.055 - 0.055) * 255 = 105, hence 59 parts of 100 black: 255 * 41 // 100 = 104.
        ("#ffffff", "#686868", "#14171a"),
        ("#3d4a57", "#3d4a57", "#ffffff"),
    ],
)
def test_ink(accent: str, ink: str, on: str) -> None:
    found = palette(accent)
    assert (found.accent, found.ink, found.on) == (accent, ink, on)


def test_ink_on_dark_is_lighter() -> None:
    assert palette("#ffffff").ink_dark == "#ffffff"
    assert palette("#000000").ink_dark > "#808080"
