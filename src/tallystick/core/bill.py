"""The commercial content that a quotation, an invoice and a credit note share: values, without any sums."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tallystick.core.money import Rounding, RoundingMode

MAX_LINES = 1000


class Calculation(StrEnum):
    """The rules by which a bill was computed, stored with it so that it can be computed again for ever (ADR 35)."""

    ORIGINAL = "original"
    """Those of the first versions: a bill's discount falls on rebates too, each exemption reason has a row of its own
    in the tax breakdown, and the tax of a credit note is a sum of shares of its lines' tax."""
    EN16931 = "en16931"
    """Those of today: a bill's discount falls on lines above 0 alone (BG-20), the breakdown has one row for each
    category and rate (BR-S-1, BR-E-1, ...), and the tax of a credit note is cumulated on such a row (BR-CO-17)."""


class DiscountType(StrEnum):
    PERCENTAGE = "percentage"
    AMOUNT = "amount"


class Discount(NamedTuple):
    type: DiscountType
    value: Decimal
    """Percent, or an amount in major units."""


class LineTax(NamedTuple):
    rate: Decimal
    """Percent."""
    category: str = "S"
    """A key of ``tax_categories.RULES`` (BT-151)."""
    exemption_reason: str | None = None


NO_TAX = LineTax(Decimal(0), "Z")


class Line(NamedTuple):
    description: str
    quantity: Decimal
    unit_price: Decimal
    """Major units; negative on a rebate line."""
    unit: str | None = None
    discount: Discount | None = None
    tax: LineTax = NO_TAX
    product_id: int | None = None
    tax_id: int | None = None


class Bill(NamedTuple):
    currency: str
    """ISO 4217 code."""
    lines: tuple[Line, ...]
    discount: Discount | None = None
    """Taken off the whole bill, after the lines' own discounts."""
    prices_include_tax: bool = False
    rounding: Rounding = Rounding.DOCUMENT
    rounding_mode: RoundingMode = RoundingMode.HALF_UP
    calculation: Calculation = Calculation.EN16931
