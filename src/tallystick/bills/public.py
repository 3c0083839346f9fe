"""What a bill's share link shows: all that the bill says, and nothing of how the account keeps it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from tallystick.bills.api import TaxJson, commercial_fields, item_json
from tallystick.bills.header import FIELDS
from tallystick.bills.types import LineRow
from tallystick.core.money import digits
from tallystick.core.party import PostalAddress

T = TypeVar("T", bound=msgspec.Struct)


class PublicCustomer(PostalAddress, frozen=True):
    """Whom the bill is for."""

    name: str
    email: str | None
    phone: str | None
    tax_id: str | None
    language: str | None


class PublicSeller(PostalAddress, frozen=True):
    """Whom the bill is from, and where to pay."""

    name: str
    email: str | None
    tax_id: str | None
    iban: str | None
    bic: str | None
    language: str | None


class PublicItem(msgspec.Struct, frozen=True):
    """A line; ``line_total`` after its own discount, before the bill's discount and tax."""

    description: str
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    discount_type: str | None
    discount_value: Decimal | None
    tax_rate: Decimal
    tax_amount: Decimal
    line_total: Decimal


class PublicBill(msgspec.Struct, frozen=True, kw_only=True):
    """What the share links of every kind of bill show alike; amounts in major units."""

    issue_date: date
    currency: str
    seller: PublicSeller
    customer: PublicCustomer
    items: list[PublicItem]
    subtotal: Decimal
    discount_type: str | None
    discount_value: Decimal | None
    discount_amount: Decimal
    tax_total: Decimal
    taxes: list[TaxJson]
    total: Decimal
    title: str | None
    purchase_order: str | None
    buyer_reference: str | None
    project: str | None
    service_start: date | None
    service_end: date | None
    notes: str | None
    payment_terms: str | None
    prices_include_tax: bool
    issued_at: datetime | None


TOLD = tuple(name for name in FIELDS if name in PublicBill.__struct_fields__)
"""Of a bill's header, what the customer is told."""


def public_fields(row: Any, lines: Sequence[LineRow]) -> dict[str, Any]:
    """The fields of a ``PublicBill``, from an issued bill of any kind."""
    places = digits(row.currency)
    return (
        commercial_fields(row)
        | {name: getattr(row.header, name) for name in TOLD}
        | {
            "seller": _reduced(row.seller, PublicSeller),
            "customer": _reduced(row.customer, PublicCustomer),
            "items": [_reduced(item_json(line, places), PublicItem) for line in lines],
        }
    )


def _reduced(whole: msgspec.Struct | None, kind: type[T]) -> T:
    if whole is None:
        raise AssertionError("a bill that is not issued is not shared")
    return kind(**{name: getattr(whole, name) for name in kind.__struct_fields__})
