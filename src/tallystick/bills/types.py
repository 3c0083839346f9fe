"""The shapes of a bill, asked for and stored."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.bills.header import Header
from tallystick.bills.labels import Labels
from tallystick.bills.sums import Sums
from tallystick.core.bill import Discount, DiscountType
from tallystick.core.party import Buyer, Seller
from tallystick.core.totals import TaxTotal
from tallystick.customers.types import Customer
from tallystick.products.types import Product
from tallystick.taxes.types import Tax

S = TypeVar("S", bound=StrEnum)
R_co = TypeVar("R_co", bound="BillRow", covariant=True)


APART = timedelta(minutes=10)
"""Who opens the page of a bill again sooner is still reading it."""


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

    ``due_date`` is the day to pay by, or the day until which a quotation is valid. ``share_token`` is the bill's own
    from the start, which opens no more than its PDF while it is a draft.
    """

    customer_id: int
    items: tuple[Item, ...]
    issue_date: date | None = None
    due_date: date | None = None
    currency: str | None = None
    discount: Discount | None = None
    prices_include_tax: bool | None = None
    header: Header = Header()
    labels: Labels = Labels()
    number: str | None = None
    share_token: str | None = None


class DraftChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change in a bill; UNSET stays as it is, and so does what ``header`` and ``labels`` do not name."""

    customer_id: int | UnsetType = UNSET
    items: tuple[Item, ...] | UnsetType = UNSET
    issue_date: date | None | UnsetType = UNSET
    due_date: date | None | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    discount_type: DiscountType | None | UnsetType = UNSET
    discount_value: Decimal | None | UnsetType = UNSET
    prices_include_tax: bool | UnsetType = UNSET
    header: Mapping[str, Any] = {}
    labels: Mapping[str, Any] = {}
    number: str | None | UnsetType = UNSET

    @property
    def is_of_labels_alone(self) -> bool:
        """Whether it names labels and nothing else, so that it may change a bill in any state."""
        return bool(self.labels) and self == DraftChange(labels=self.labels)


class BillFilter(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """Which bills a list selects; dates inclusive, by issue date."""

    statuses: frozenset[S] = frozenset()
    customer_id: int | None = None
    from_date: date | None = None
    to_date: date | None = None
    search: str | None = None
    currency: str | None = None
    external_id: str | None = None


class References(NamedTuple):
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


class Views(msgspec.Struct, frozen=True):
    """When the page of a bill's share link was first and last opened; None where it never was."""

    viewed_at: datetime | None = None
    last_viewed_at: datetime | None = None

    def is_new(self, now: datetime) -> bool:
        """Whether to open it at the instant ``now`` is another view."""
        return self.last_viewed_at is None or now - self.last_viewed_at >= APART


class BillRow(msgspec.Struct, frozen=True):
    """What the stored rows of quotations and invoices share; amounts in minor units.

    ``customer`` and ``seller`` are the copies taken at issue, None on a draft; ``customer_name`` is the copy's, or
    the customer's own on a draft. ``number`` is the bill's own, ``wanted_number`` the one that a draft is to get.
    A draft whose issue date was not given has that of today; ``terms_days`` is None where the day to pay by, or of
    validity, was given, and else how many days after the issue it is.
    """

    id: int
    number: str | None
    wanted_number: str | None
    number_key: str | None
    number_order: str
    number_scope: str | None
    number_sequence: int | None
    state: StrEnum
    customer_id: int
    customer_name: str
    issue_date: date
    issue_date_given: bool
    terms_days: int | None
    currency: str
    discount_type: str | None
    discount_value: Decimal | None
    prices_include_tax: bool
    rounding: str
    rounding_mode: str
    calculation: str
    sums: Sums
    taxes: tuple[TaxTotal, ...]
    header: Header
    labels: Labels
    views: Views
    share_token: str | None
    customer: Buyer | None
    seller: Seller | None
    created_at: datetime
    updated_at: datetime
    issued_at: datetime | None
    version: int

    @property
    def shown_number(self) -> str:
        """The bill's number, or what stands for it on a draft."""
        return self.number or self.wanted_number or (f"DRAFT-{self.id}" if self.id else "DRAFT")


class StoredBill(msgspec.Struct, Generic[R_co], frozen=True):
    """A bill, whole. ``customer`` is the copy taken at issue, or the customer's own details on a draft."""

    row: R_co
    lines: list[LineRow]
    customer: Buyer
