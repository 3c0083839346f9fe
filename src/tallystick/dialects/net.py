"""The lines of a bill without their tax, for APIs that know no prices that include it."""

from decimal import Decimal

from tallystick.bills.types import BillRow, LineRow
from tallystick.core.money import RoundingMode, round_ratio, to_decimal, to_units

FINEST_PRICE_DIGITS = 6
QUANTITY_DIGITS = 12


def amount(line: LineRow, row: BillRow) -> int:
    """What a line adds to the bill's total - tax, in minor units: less its share of the bill's discount."""
    return line.amount - line.discount - (line.tax if row.prices_include_tax else 0)


def price(line: LineRow, row: BillRow, places: int) -> Decimal:
    """A line's unit price in major units; where the bill's include tax, what its net amount makes of it.

    That is rounded to ``FINEST_PRICE_DIGITS`` after the point. ``places`` are the digits of the bill's currency.
    """
    if not row.prices_include_tax:
        return line.unit_price
    quantity = to_units(line.quantity, QUANTITY_DIGITS)
    units = amount(line, row) * 10 ** (QUANTITY_DIGITS + FINEST_PRICE_DIGITS - places)
    return to_decimal(round_ratio(units, quantity, RoundingMode(row.rounding_mode)), FINEST_PRICE_DIGITS)
