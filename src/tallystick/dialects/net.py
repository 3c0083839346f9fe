"""The lines of a bill without their tax, for APIs that know no prices that include it.

What a bill whose prices include tax says is split as its own tax was, in parts of the line: so a price times its
quantity comes to the line's net amount where there is no discount.
"""

from decimal import Decimal

from tallystick.bills.types import BillRow, LineRow
from tallystick.core.money import RoundingMode, round_ratio, to_decimal, to_units

SCALE = 12
"""Digits after the point of the finest price or rate."""
PRICE_DIGITS = 4
"""How many digits more than its currency a price has that is shown without the tax it includes."""


def amount(line: LineRow, row: BillRow) -> int:
    """What a line adds to the bill's total - tax, in minor units: less its share of the bill's discount."""
    return line.amount - line.discount - (line.tax if row.prices_include_tax else 0)


def discount(line: LineRow, row: BillRow) -> int:
    """A line's share of the bill's discount, in minor units."""
    return _part(line.discount, line, row) if row.prices_include_tax else line.discount


def own_discount(line: LineRow, row: BillRow, places: int) -> int:
    """What a line's own discount takes off its price, in minor units, of which a unit has ``places`` digits."""
    if line.discount_type is None:
        return 0
    price = to_units(line.quantity, SCALE) * to_units(line.unit_price, SCALE)
    taken = round_ratio(price, 10 ** (2 * SCALE - places), RoundingMode(row.rounding_mode)) - line.amount
    return _part(taken, line, row) if row.prices_include_tax else taken


def price(line: LineRow, row: BillRow, places: int) -> Decimal:
    """A line's unit price in major units, before any discount; ``places`` are the digits of the bill's currency."""
    if not row.prices_include_tax:
        return line.unit_price
    finest = places + PRICE_DIGITS
    return to_decimal(_part(to_units(line.unit_price, SCALE), line, row, unit=10 ** (SCALE - finest)), finest)


def _part(gross: int, line: LineRow, row: BillRow, *, unit: int = 1) -> int:
    """What is left of ``gross`` without the tax that it includes, counted in ``unit``."""
    net, whole = amount(line, row), line.amount - line.discount
    if not whole:
        net, whole = 100 * 10**SCALE, 100 * 10**SCALE + to_units(line.tax_rate, SCALE)
    sign = 1 if whole > 0 else -1
    return round_ratio(gross * net * sign, abs(whole) * unit, RoundingMode(row.rounding_mode))
