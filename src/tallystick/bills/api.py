"""The native wire that every kind of bill shares."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType, structs

from tallystick.bills import header, labels, sums
from tallystick.bills.header import Header
from tallystick.bills.kind import DraftKind
from tallystick.bills.labels import Labels
from tallystick.bills.types import BillFilter, BillRow, DraftChange, Item, LineRow, NewBill, StoredBill
from tallystick.core.account import Account
from tallystick.core.bill import MAX_LINES, Discount, DiscountType
from tallystick.core.errors import FieldErrors, ValidationFailed
from tallystick.core.money import digits
from tallystick.core.near import did_you_mean
from tallystick.core.totals import TaxTotal
from tallystick.wire import render
from tallystick.wire.asking import asking_for
from tallystick.wire.call import Body, Change
from tallystick.wire.csv import heading
from tallystick.wire.lists import DatedQuery, days_selected
from tallystick.wire.scalars import (
    Currency,
    Day,
    Description,
    ExternalId,
    Id,
    MetadataChange,
    NotNegative,
    Number,
    Percent,
    Positive,
    Several,
    ShortText,
)

T = TypeVar("T")
S = TypeVar("S", bound=StrEnum)
AnyDraftKind = DraftKind[Any, Any]
DiscountName = Literal["percentage", "amount", "fixed"]
DISCOUNT_TYPES = {
    "percentage": DiscountType.PERCENTAGE,
    "amount": DiscountType.AMOUNT,
    "fixed": DiscountType.AMOUNT,
}


class ItemBody(Body, kw_only=True):
    """A line. What is not given comes from the product, then from the account's default tax; ``quantity`` is 1.

    ``unit_price`` and an ``amount`` discount in major units; ``tax_rate`` in percent, 0 for no tax.
    """

    product_id: Id | None = None
    description: Description | None = None
    # Made for each item, because msgspec cannot describe a default of a type that it does not know.
    quantity: Positive = msgspec.field(default_factory=lambda: Positive(1))
    unit_price: Number | None = None
    unit: ShortText | None = None
    discount_type: DiscountName | None = None
    discount_value: NotNegative | None = None
    tax_id: Id | None = None
    tax_rate: Percent | None = None


Items = Annotated[list[ItemBody], msgspec.Meta(min_length=1, max_length=MAX_LINES)]


@asking_for(Header)
class ContentChange(Change, kw_only=True):
    """What a bill says, as far as it is to change; without its dates."""

    customer_id: Id | UnsetType = UNSET
    items: Items | UnsetType = UNSET
    currency: Currency | None | UnsetType = UNSET
    discount_type: DiscountName | None | UnsetType = UNSET
    discount_value: NotNegative | None | UnsetType = UNSET
    prices_include_tax: bool | None | UnsetType = UNSET
    external_id: ExternalId | None | UnsetType = UNSET
    metadata: MetadataChange | None | UnsetType = UNSET

    def check(self) -> FieldErrors:
        """What single fields cannot tell: whether the type and the value of each line's discount fit together."""
        errors: FieldErrors = {}
        for index, item in enumerate(self.items or ()):
            errors |= discount_errors(item.discount_type, item.discount_value, f"items.{index}.")
        return errors


class BillChange(ContentChange, kw_only=True):
    """A bill, as far as it is to change."""

    issue_date: Day | None | UnsetType = UNSET


def discount_errors(type: str | None | UnsetType, value: Decimal | None | UnsetType, path: str) -> FieldErrors:
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


def new_bill(
    kind: AnyDraftKind, body: BillChange, account: Account, *, customer_id: int, items: list[ItemBody]
) -> NewBill:
    """The bill of this kind that a request asks for."""
    return msgspec.structs.replace(
        new_content(body, account, customer_id, items_from(items)),
        issue_date=_day(body.issue_date, account),
        due_date=_day(getattr(body, kind.due_column), account),
        number=_or_none(getattr(body, kind.number)),
    )


def new_content(body: ContentChange, account: Account, customer_id: int, items: tuple[Item, ...]) -> NewBill:
    """The bill that a request asks for, but for its dates and its number."""
    return NewBill(
        customer_id=customer_id,
        items=items,
        currency=body.currency or None,
        discount=discount_from(body.discount_type, body.discount_value),
        prices_include_tax=_or_none(body.prices_include_tax),
        header=Header(**header.asked(body, account)),
        labels=Labels().changed(_labels(body)),
    )


def draft_change(kind: AnyDraftKind, body: BillChange, account: Account) -> DraftChange:
    """The change of a draft of this kind that a request asks for; null takes a field back to its default."""
    due = getattr(body, kind.due_column)
    return msgspec.structs.replace(
        content_change(body, account),
        issue_date=body.issue_date if body.issue_date is UNSET else _day(body.issue_date, account),
        due_date=due if due is UNSET else _day(due, account),
        number=getattr(body, kind.number),
    )


def content_change(body: ContentChange, account: Account) -> DraftChange:
    """As ``draft_change``, but for the dates and the number."""
    return DraftChange(
        customer_id=body.customer_id,
        items=body.items if body.items is UNSET else items_from(body.items),
        currency=body.currency or UNSET,
        discount_type=DISCOUNT_TYPES[body.discount_type] if body.discount_type else body.discount_type,
        discount_value=body.discount_value,
        prices_include_tax=UNSET if body.prices_include_tax is None else body.prices_include_tax,
        header=header.asked(body, account),
        labels=_labels(body),
    )


def _labels(body: ContentChange) -> dict[str, Any]:
    """The labels that a request names."""
    return {name: value for name in labels.FIELDS if (value := getattr(body, name)) is not UNSET}


def _day(day: Day | None | UnsetType, account: Account) -> date | None:
    return day.on_calendar_of(account) if day else None


def _or_none(value: T | None | UnsetType) -> T | None:
    return None if value is UNSET else value


class BillQuery(DatedQuery, frozen=True, kw_only=True):
    """Filters of a list of bills."""

    status: Several | None = None
    customer_id: Id | None = None
    currency: Currency | None = None
    external_id: ExternalId | None = None


def bill_filter(query: BillQuery, account: Account, statuses: type[S]) -> BillFilter[S]:
    """What the query selects.

    Raises ValidationFailed for a status that is not among ``statuses``, and for two names of a day that differ.
    """
    days = days_selected(query, account)
    return BillFilter(
        statuses=_statuses(query.status, statuses),
        customer_id=query.customer_id,
        from_date=days.first,
        to_date=days.last,
        search=query.search,
        currency=query.currency,
        external_id=query.external_id,
    )


def _statuses(asked: Several | None, known: type[S]) -> frozenset[S]:
    words = asked.words if asked else []
    unknown = next((word for word in words if word not in list(known)), None)
    if unknown is not None:
        told = f"Must be among {', '.join(known)}.{did_you_mean(unknown, known)}"
        raise ValidationFailed({"status": [told]})
    return frozenset(map(known, words))


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


def shared_fields(kind: AnyDraftKind, row: BillRow) -> dict[str, Any]:
    """The fields of a reply that the kinds of bill share which begin as a draft."""
    return (
        commercial_fields(row)
        | header.shown(row.header)
        | {
            "id": row.id or None,
            kind.number: row.shown_number,
            kind.due_column: getattr(row, kind.due_column),
            "customer_id": row.customer_id,
            "customer_name": row.customer_name,
            "issue_date_given": row.issue_date_given,
            "external_id": row.labels.external_id,
            "metadata": row.labels.metadata,
            "share_token": row.share_token,
            **structs.asdict(row.views),
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "version": row.version,
        }
    )


def commercial_fields(row: Any) -> dict[str, Any]:
    """The fields of a reply that tell what a bill of any kind says, to the customer too; in the currency's digits."""
    places = digits(row.currency)
    return {
        "issue_date": row.issue_date,
        "currency": row.currency,
        **sums.shown(row.sums, places),
        "discount_type": row.discount_type,
        "discount_value": None if row.discount_value is None else render.plain(row.discount_value),
        "taxes": taxes_json(row.taxes, places),
        "prices_include_tax": row.prices_include_tax,
        "issued_at": row.issued_at,
    }


def whole_fields(bill: StoredBill[BillRow]) -> dict[str, Any]:
    """The fields of a reply that only a bill has which is shown whole."""
    places = digits(bill.row.currency)
    return {"items": [item_json(line, places) for line in bill.lines], "customer": bill.customer}


def csv_columns(kind: AnyDraftKind) -> dict[str, str]:
    """The columns of seeds/inkvoice.txt, and the fields of a list row that they show."""
    return {
        heading(kind.number): kind.number,
        "Customer": "customer_name",
        "Status": "status",
        "Issue Date": "issue_date",
        heading(kind.due_column): kind.due_column,
        "Subtotal": "subtotal",
        "Tax": "tax_total",
        "Discount": "discount_amount",
        "Total": "total",
        "Currency": "currency",
        "Created": "created_at",
    }


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


def taxes_json(taxes: Sequence[TaxTotal], places: int) -> list[TaxJson]:
    """A stored breakdown as the API shows it."""
    return [
        TaxJson(
            rate=render.plain(tax.rate),
            category=tax.category,
            base=render.amount(tax.base, places),
            amount=render.amount(tax.amount, places),
            exemption_reason=tax.exemption_reason,
        )
        for tax in taxes
    ]
