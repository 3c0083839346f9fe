"""The shapes of a bill, asked for and stored."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

from tallystick.core.bill import Discount
from tallystick.customers.types import Customer
from tallystick.products.types import Product
from tallystick.taxes.types import Tax


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is asked for; what is None comes from the product, then from the account."""

    product_id: int | None = None
    description: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    unit: str | None = None
    discount: Discount | None = None
    tax_id: int | None = None
    tax_rate: Decimal | None = None


class NewBill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as it is asked for; what is None comes from the customer, then from the account.

    ``due_date`` is the day to pay by, or the day until which a quotation is valid.
    """

    customer_id: int
    items: tuple[Item, ...]
    issue_date: date | None = None
    due_date: date | None = None
    currency: str | None = None
    discount: Discount | None = None
    prices_include_tax: bool | None = None
    notes: str | None = None
    payment_terms: str | None = None
    template_id: str | None = None
    number: str | None = None


class Found(NamedTuple):
    """What the database has of the rows that a new bill names."""

    customer: Customer | None
    products: dict[int, Product]
    taxes: dict[int, Tax]
    default_tax: Tax | None


class LineRow(msgspec.Struct, frozen=True):
    """A stored line. ``amount``, ``discount`` (its share of the bill's) and ``tax`` in minor units."""

    id: int
    product_id: int | None
    description: str
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    discount_type: str | None
    discount_value: Decimal | None
    tax_id: int | None
    tax_rate: Decimal
    tax_category: str
    exemption_reason: str | None
    amount: int
    discount: int
    tax: int
