"""An amount that is to be paid, as a bill of one line: the account's default tax, if it has one, is contained in it."""

from decimal import Decimal
from typing import Any

from tallystick.bills.types import Item
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import digits, to_decimal, too_fine
from tallystick.invoices.types import InvoiceRow


def content(description: str, amount: Decimal) -> dict[str, Any]:
    """The fields of a ``NewBill`` that say what is to be paid, ``amount`` in major units."""
    return {"items": (Item(description=description, unit_price=Decimal(amount)),), "prices_include_tax": True}


def changed_content(description: str, amount: Decimal, currency: str) -> dict[str, Any]:
    """The fields of a ``DraftChange`` after which a bill says this and nothing else."""
    without_discount = {"discount_type": None, "discount_value": None}
    return {**content(description, amount), **without_discount, "currency": currency}


def check_total(row: InvoiceRow, amount: Decimal, field: str) -> None:
    """Raises ValidationFailed for a field whose amount is finer than the currency, and so not what the bill asks."""
    places = digits(row.currency)
    if to_decimal(row.sums.total, places) != amount:
        raise ValidationFailed({field: [too_fine(places)]})
