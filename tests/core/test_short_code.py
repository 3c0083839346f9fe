"""The short code: ten digits of base 36, of each id another, and the same for ever."""

import re
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.short_code import CODES, SPREAD, short_code


@pytest.mark.parametrize(
    ("invoice_id", "expected"),
    [
        # Codes that were given never change.
        (1, "M8YZRXRAVN"),
        (2, "8HXZJVILRA"),
        # 36 times the first: its digits one place to the left.
        (36, "8YZRXRAVN0"),
        # The product begins again.
        (CODES + 1, "M8YZRXRAVN"),
    ],
)
def test_a_code_is_fixed(invoice_id: int, expected: str) -> None:
    assert short_code(invoice_id) == expected


@given(st.integers(1, CODES - 1))
def test_a_code_leads_back_to_its_id(invoice_id: int) -> None:
    code = short_code(invoice_id)
    assert re.fullmatch("[0-9A-Z]{10}", code)
    assert int(code, 36) * pow(SPREAD, -1, CODES) % CODES == invoice_id


def test_no_two_ids_have_the_same_code() -> None:
    assert gcd(SPREAD, CODES) == 1
    assert CODES == 36**10
