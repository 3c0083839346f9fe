"""Exact numbers as whole ones, which add up fast: of quantities in parts of 10**-12, of costs in parts of 10**-26.

A cost is the product of a quantity and a price, each with up to twelve digits after the point, or a percentage of it.
"""

from decimal import Decimal

from tallystick.core.money import RoundingMode, round_ratio
from tallystick.core.rating import FRACTION_DIGITS, PARTS_OF_ONE
from tallystick.store.usage_file import EXACT

COST_DIGITS = 26
ONE = PARTS_OF_ONE
A_PART: int = 10 ** (COST_DIGITS - FRACTION_DIGITS)
"""A part of a quantity, or of a price, as a cost."""


def to_parts(number: Decimal) -> int:
    """A number with at most twelve digits after the point in parts of 10**-12."""
    return int(number.scaleb(FRACTION_DIGITS, EXACT))


def of_parts(parts: int) -> Decimal:
    """The number that so many parts of 10**-12 are."""
    return Decimal(parts).scaleb(-FRACTION_DIGITS, EXACT)


def to_cost(number: Decimal) -> int:
    """An exact cost in parts of 10**-26."""
    return int(number.scaleb(COST_DIGITS, EXACT))


def rounded(cost: int, parts: int = 1) -> int:
    """So many parts of a cost in parts of 10**-12."""
    whole, rest = divmod(cost, parts * A_PART)
    return round_ratio(cost, parts * A_PART, RoundingMode.HALF_UP) if rest else whole


def written(parts: int, digits: int = 0) -> str:
    """Parts of 10**-12 in decimals: at least ``digits`` after the point, and more only where there are."""
    if parts < 0:
        return f"-{written(-parts, digits)}"
    whole, rest = divmod(parts, ONE)
    if not (rest or digits):
        return str(whole)
    return f"{whole}.{f'{rest:012d}'.rstrip('0'):0<{digits}}"
