"""How numbers and times look in a reply."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.wire import render

D = Decimal


@pytest.mark.parametrize(
    ("minor", "digits", "expected"),
    [
        (20900, 2, b"209.00"),
        (0, 2, b"0.00"),
        (-1, 2, b"-0.01"),
        (1000, 0, b"1000"),
        (1001, 3, b"1.001"),
        (10**18, 2, b"10000000000000000.00"),
        (2**53 - 1, 2, b"90071992547409.91"),
        (2**63 - 1, 2, b"92233720368547758.07"),
        (5, 4, b"0.0005"),
    ],
)
def test_an_amount_has_exactly_its_currencys_digits(minor: int, digits: int, expected: bytes) -> None:
    assert render.encode(render.amount(minor, digits)) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (D("1"), b"1"),
        (D("1.50"), b"1.5"),
        (D("100"), b"100"),
        (D("1E+2"), b"100"),
        (D("0"), b"0"),
        (D("0E-12"), b"0"),
        (D("0.000001"), b"0.000001"),
        (D("0.0000002"), b"0.0000002"),
        (D("-2E-12"), b"-0.000000000002"),
    ],
)
def test_a_quantity_has_no_zeros_at_its_end(number: Decimal, expected: bytes) -> None:
    assert render.encode(render.plain(number)) == expected


@pytest.mark.parametrize(
    ("price", "digits", "expected"),
    [
        (D("80"), 2, b"80.00"),
        (D("333.3"), 0, b"333.3"),
        (D("1.0005"), 3, b"1.0005"),
        (D("0.10000"), 2, b"0.10"),
        (D("1E+3"), 0, b"1000"),
        (D("-5"), 2, b"-5.00"),
    ],
)
def test_a_unit_price_has_at_least_its_currencys_digits(price: Decimal, digits: int, expected: bytes) -> None:
    assert render.encode(render.unit_price(price, digits)) == expected


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 4))
def test_an_amount_is_read_back_as_it_was(minor: int, digits: int) -> None:
    written = render.encode(render.amount(minor, digits))
    assert b"e" not in written.lower()
    assert msgspec.json.decode(written, type=Decimal).scaleb(digits) == minor
