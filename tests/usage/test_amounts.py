"""Exact numbers as whole ones."""

from decimal import Decimal

import pytest

from tallystick.usage import amounts


@pytest.mark.parametrize(
    ("number", "digits", "expected"),
    [
        ("0", 0, "0"),
        ("0", 2, "0.00"),
        ("12", 0, "12"),
        ("12.5", 0, "12.5"),
        ("12.5", 2, "12.50"),
        ("12.345", 2, "12.345"),
        ("0.000000000001", 2, "0.000000000001"),
        ("-7.25", 3, "-7.250"),
        ("-0.5", 0, "-0.5"),
        ("999999999999999.999999999999", 0, "999999999999999.999999999999"),
    ],
)
def test_a_number_is_written_in_decimals(number: str, digits: int, expected: str) -> None:
    parts = amounts.to_parts(Decimal(number))
    assert amounts.written(parts, digits) == expected
    assert amounts.of_parts(parts) == Decimal(number)


@pytest.mark.parametrize(
    ("cost", "parts", "expected"),
    [
        ("0.0000000000014", 1, "0.000000000001"),
        ("0.0000000000015", 1, "0.000000000002"),
        ("1", 3, "0.333333333333"),
        ("2", 3, "0.666666666667"),
    ],
)
def test_a_part_of_a_cost_is_rounded_to_twelve_digits(cost: str, parts: int, expected: str) -> None:
    assert amounts.written(amounts.rounded(amounts.to_cost(Decimal(cost)), parts)) == expected
