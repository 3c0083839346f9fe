"""The native wire that every kind of bill shares."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.bills.types import Item, LineRow
from tallystick.core.bill import MAX_LINES, Discount, DiscountType
from tallystick.wire import render
from tallystick.wire.call import Body, Change
from tallystick.wire.scalars import (
    Currency,
    Day,
    Id,
    LongText,
    NotNegative,
    Number,
    Percent,
    Positive,
    ShortText,
)

Errors = dict[str, list[str]]
DiscountName = Literal["percentage", "amount", "fixed"]
DISCOUNT_TYPES = {
    "percentage": DiscountType.PERCENTAGE,
    "amount": DiscountType.AMOUNT,
    "fixed": DiscountType.AMOUNT,
}


class ItemBody(Body, kw_only=True):
    """A line. What is not given comes from the product, then from the account's default tax.

    ``unit_price`` and an ``amount`` discount in major units; ``tax_rate`` in percent, 0 for no tax.
    """

    product_id: Id | None = None
    description: LongText | None = None
    quantity: Positive = Positive(1)
    unit_price: Number | None = None
    unit: ShortText | None = None
    discount_type: DiscountName | None = None
    discount_value: NotNegative | None = None
    tax_id: Id | None = None
    tax_rate: Percent | None = None


Items = Annotated[list[ItemBody], msgspec.Meta(min_length=1, max_length=MAX_LINES)]


class BillChange(Change, kw_only=True):
    """A bill, as far as it is to change."""

    customer_id: Id | UnsetType = UNSET
    items: Items | UnsetType = UNSET
    issue_date: Day | None | UnsetType = UNSET
    currency: Currency | None | UnsetType = UNSET
    notes: LongText | None | UnsetType = UNSET
    payment_terms: LongText | None | UnsetType = UNSET
    discount_type: DiscountName | None | UnsetType = UNSET
    discount_value: NotNegative | None | UnsetType = UNSET
    prices_include_tax: bool | None | UnsetType = UNSET
    template_id: ShortText | None | UnsetType = UNSET

    def check(self) -> Errors:
        """What single fields cannot tell: whether the type and the value of each line's discount fit together."""
        errors: Errors = {}
        for index, item in enumerate(self.items or ()):
            errors |= discount_errors(item.discount_type, item.discount_value, f"items.{index}.")
        return errors


def discount_errors(type: str | None | UnsetType, value: Decimal | None | UnsetType, path: str) -> Errors:
    """What is wrong with a discount of this type and value."""
    if type and value in (None, UNSET):
        return {f"{path}discount_value": ["Is required with a discount_type."]}
    if value and not type:
        return {f"{path}discount_type": ["Is required with a discount_value."]}
    return {}


def discount_from(type: str | None | UnsetType, value: Decimal | None | UnsetType) -> Discount | None:
    """The discount that two fields of a request mean."""
    return Discount(DISCOUNT_TYPES[type], value) if type and value else None


def item_from(body: ItemBody) -> Item:
    """A line as it is asked for."""
    return Item(
        product_id=body.product_id,
        description=body.description,
        quantity=body.quantity,
        unit_price=body.unit_price,
        unit=body.unit,
        discount=discount_from(body.discount_type, body.discount_value),
        tax_id=body.tax_id,
        tax_rate=body.tax_rate,
    )


def items_from(bodies: list[ItemBody]) -> tuple[Item, ...]:
    """The lines as they are asked for."""
    return tuple(item_from(body) for body in bodies)


class ItemJson(msgspec.Struct, frozen=True):
    """A line as the API shows it; ``line_total`` after its own discount, before the bill's discount and tax."""

    id: int | None
    product_id: int | None
    description: str
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    discount_type: str | None
    discount_value: Decimal | None
    tax_id: int | None
    tax_rate: Decimal
    tax_amount: Decimal
    line_total: Decimal


class TaxJson(msgspec.Struct, frozen=True):
    """A bill's tax at one rate: ``base`` is what it is charged on, without the tax."""

    rate: Decimal
    category: str
    base: Decimal
    amount: Decimal
    exemption_reason: str | None


def item_json(line: LineRow, places: int) -> ItemJson:
    """A stored line as the API shows it."""
    return ItemJson(
        id=line.id or None,
        product_id=line.product_id,
        description=line.description,
        quantity=render.plain(line.quantity),
        unit=line.unit,
        unit_price=render.unit_price(line.unit_price, places),
        discount_type=line.discount_type,
        discount_value=None if line.discount_value is None else render.plain(line.discount_value),
        tax_id=line.tax_id,
        tax_rate=render.plain(line.tax_rate),
        tax_amount=render.amount(line.tax, places),
        line_total=render.amount(line.amount, places),
    )


def taxes_json(taxes: list[Any], places: int) -> list[TaxJson]:
    """A stored breakdown as the API shows it."""
    return [
        TaxJson(
            rate=render.plain(Decimal(rate)),
            category=category,
            base=render.amount(base, places),
            amount=render.amount(amount, places),
            exemption_reason=reason,
        )
        for rate, category, reason, base, amount in taxes
    ]
