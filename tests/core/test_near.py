"""What somebody may have meant."""

import pytest

from tallystick.core.near import LONGEST, did_you_mean

NAMES = ("status", "unit_price", "discount_value", "Not Paid")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("statuss", " Did you mean status?"),
        ("Status", " Did you mean status?"),
        ("unitPrice", " Did you mean unit_price?"),
        ("discont_value", " Did you mean discount_value?"),
        ("not_paid", " Did you mean Not Paid?"),
        ("colour", ""),
        ("", ""),
        (5, ""),
        ("status" + " " * LONGEST, ""),
    ],
)
def test_a_near_miss(word: object, expected: str) -> None:
    assert did_you_mean(word, NAMES) == expected
