"""The commercial content that a quotation, an invoice and a credit note share: values, without any sums."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tallystick.core.money import Rounding, RoundingMode

MAX_LINES = 1000

TAX_CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O"})
"""EN 16931, BT-151 (codes of UNCL5305): standard rate, zero rate, exempt, reverse charge, intra-community
supply, export, outside the scope of tax."""


class DiscountType(StrEnum):
    PERCENTAGE = "percentage"
    AMOUNT = "amount"


class Discount(NamedTuple):
    type: DiscountType
    value: Decimal
    """Percent, or an amount in major units."""


class Tax(NamedTuple):
    rate: Decimal
    """Percent."""
    category: str = "S"
    """One of ``TAX_CATEGORIES``."""
    exemption_reason: str | None = None


NO_TAX = Tax(Decimal(0), "Z")


class Line(NamedTuple):
    description: str
    quantity: Decimal
    unit_price: Decimal
    """Major units; negative on a rebate line."""
    unit: str | None = None
    discount: Discount | None = None
    tax: Tax = NO_TAX
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
