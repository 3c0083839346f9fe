from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.money import (
    DIGITS,
    MAX_MINOR,
    RoundingMode,
    allocate,
    apportion,
    digits,
    round_ratio,
    to_decimal,
    to_minor,
)

HALF_UP, HALF_EVEN = RoundingMode.HALF_UP, RoundingMode.HALF_EVEN
BIG = 2**63


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        ("JPY", 0),
        ("UGX", 0),
        ("EUR", 2),
        ("RSD", 2),  # CLDR says 0 for this one, for LBP and for IQD
        ("LBP", 2),
        ("BHD", 3),
        ("IQD", 3),
        ("CLF", 4),
    ],
)
def test_digits(currency: str, expected: int) -> None:
    assert digits(currency) == expected


@pytest.mark.parametrize("code", ["XAU", "XAG", "XXX", "XTS", "XDR", "DEM", "eur", ""])
def test_a_code_without_minor_units_is_no_currency_to_bill_in(code: str) -> None:
    assert code not in DIGITS
    with pytest.raises(KeyError):
        digits(code)


@pytest.mark.parametrize(
    ("minor", "places", "expected"),
    [
        (0, 2, "0.00"),
        (1000, 0, "1000"),
        (1001, 3, "1.001"),
        (-5, 2, "-0.05"),
        (20900, 2, "209.00"),
        (MAX_MINOR, 2, "90071992547409.91"),
        (-MAX_MINOR, 4, "-900719925474.0991"),
    ],
)
def test_to_decimal_and_back(minor: int, places: int, expected: str) -> None:
    assert str(to_decimal(minor, places)) == expected
    assert to_minor(Decimal(expected), places) == minor


@pytest.mark.parametrize(
    ("amount", "places", "expected"),
    [
        ("12", 2, 1200),
        ("1.000", 2, 100),
        ("-0", 2, 0),
        ("1E+3", 0, 1000),
        ("0E-999999", 2, 0),
        ("5." + 40 * "0", 2, 500),
    ],
)
def test_to_minor_reads_every_spelling_of_a_value(amount: str, places: int, expected: int) -> None:
    assert to_minor(Decimal(amount), places) == expected


@pytest.mark.parametrize(
    ("amount", "places", "sentence"),
    [
        ("0.001", 2, "at most 2 digits after the point"),
        ("0.5", 0, "at most 0 digits after the point"),
        ("1E-999999", 2, "at most 2 digits after the point"),
        ("90071992547409.92", 2, "larger than an amount can be"),
        ("-90071992547409.92", 2, "larger than an amount can be"),
        ("1E+400", 2, "larger than an amount can be"),
        ("1E+999999", 2, "larger than an amount can be"),
        ("NaN", 2, "finite"),
        ("sNaN", 2, "finite"),
        ("-Infinity", 2, "finite"),
    ],
)
def test_to_minor_refuses(amount: str, places: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        to_minor(Decimal(amount), places)


def test_the_context_of_the_thread_changes_nothing() -> None:
    with localcontext(prec=3):
        assert to_minor(Decimal("90071992547409.91"), 2) == MAX_MINOR
        assert str(to_decimal(MAX_MINOR, 2)) == "90071992547409.91"


@pytest.mark.parametrize(
    ("numerator", "denominator", "mode", "expected"),
    [
        (0, 3, HALF_UP, 0),
        (1, 2, HALF_UP, 1),
        (1, 2, HALF_EVEN, 0),
        (3, 2, HALF_UP, 2),
        (3, 2, HALF_EVEN, 2),
        (-1, 2, HALF_UP, -1),
        (-1, 2, HALF_EVEN, 0),
        (-5, 2, HALF_UP, -3),
        (-5, 2, HALF_EVEN, -2),
        (4, 3, HALF_UP, 1),
        (5, 3, HALF_EVEN, 2),
        (-5, 3, HALF_UP, -2),
        (7, 1, HALF_EVEN, 7),
        (10**40 + 5, 10, HALF_UP, 10**39 + 1),
        (10**40 + 5, 10, HALF_EVEN, 10**39),
        (10**40 + 4, 10, HALF_UP, 10**39),
    ],
)
def test_round_ratio(numerator: int, denominator: int, mode: RoundingMode, expected: int) -> None:
    assert round_ratio(numerator, denominator, mode) == expected


@given(st.integers(), st.integers(min_value=1), st.sampled_from(RoundingMode))
def test_round_ratio_is_nearest_and_symmetric(numerator: int, denominator: int, mode: RoundingMode) -> None:
    rounded = round_ratio(numerator, denominator, mode)
    assert abs(rounded - Fraction(numerator, denominator)) <= Fraction(1, 2)
    assert round_ratio(-numerator, denominator, mode) == -rounded


@given(st.integers(), st.integers(min_value=1))
def test_half_even_is_the_rounding_of_fractions(numerator: int, denominator: int) -> None:
    assert round_ratio(numerator, denominator, HALF_EVEN) == round(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (1000, [10000, 5000, 3000, 2000], [500, 250, 150, 100]),
        (10, [100, 100, 100], [4, 3, 3]),
        (-10, [100, 100, 100], [-4, -3, -3]),
        (11, [100, 100, 100], [4, 4, 3]),
        (1, [1, 1], [1, 0]),
        (100, [1, 2, 4], [14, 29, 57]),  # 14.29, 28.57, 57.14: the unit goes to the second
        (5, [0, 7, 0], [0, 5, 0]),
        (20, [10, 0, 10], [10, 0, 10]),
        (800, [10000, -2000], [1000, -200]),
        (1, [2, -1], [2, -1]),
        (1, [3, -1], [2, -1]),  # 1.5 and -0.5, which go down to 1 and -1: the earlier of equals gets the unit
        (10, [-100, -100, -100], [4, 3, 3]),
        (-3, [-1, -1], [-2, -1]),
        (0, [5, -5], [0, 0]),
        (0, [], []),
        (0, [0, 0], [0, 0]),
        (BIG, [BIG, BIG], [BIG // 2, BIG // 2]),
    ],
)
def test_allocate(total: int, weights: list[int], expected: list[int]) -> None:
    assert allocate(total, weights) == expected


@pytest.mark.parametrize("weights", [[], [0], [5, -5]])
def test_allocate_has_nothing_to_split_over(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights that sum to 0"):
        allocate(1, weights)


amounts = st.integers(-MAX_MINOR, MAX_MINOR)


@given(amounts, st.lists(amounts, min_size=1).filter(sum))
def test_allocated_parts_sum_to_the_whole_and_mirror_it(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert allocate(-total, weights) == [-part for part in parts]


@given(amounts, st.lists(amounts, min_size=1).filter(sum))
def test_an_allocated_part_is_within_one_unit_of_its_exact_share(total: int, weights: list[int]) -> None:
    for part, weight in zip(allocate(total, weights), weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@given(st.lists(st.integers(0, MAX_MINOR), min_size=1), st.data())
def test_no_part_exceeds_its_weight(weights: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    parts = allocate(total, weights)
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize(
    ("total", "numerators", "denominator", "expected"),
    [
        (5651, [34000 * 19, 1390 * 19], 119, [5429, 222]),  # 5428.57 and 221.93
        (0, [20000, -20000], 10, [2000, -2000]),
        (2, [4, 4, 4], 10, [1, 1, 0]),
        (1, [4, 4, 4], 10, [1, 0, 0]),
        (-1, [-4, -4, -4], 10, [-1, 0, 0]),
        (1, [5], 10, [1]),
        (0, [5], 10, [0]),
        (0, [], 10, []),
    ],
)
def test_apportion(total: int, numerators: list[int], denominator: int, expected: list[int]) -> None:
    assert apportion(total, numerators, denominator) == expected
