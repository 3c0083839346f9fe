"""What iqraa's requests ask for, and what its replies look like."""

import datetime as dt
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType, structs

from tallystick.accounts.api import MAX_TERMS_DAYS
from tallystick.bills.header import Header
from tallystick.bills.labels import Labels
from tallystick.bills.types import Item, NewBill
from tallystick.core.account import Account
from tallystick.core.bill import MAX_LINES
from tallystick.core.errors import FieldErrors, ValidationFailed
from tallystick.core.labels import MAX_VALUE_LENGTH, Metadata
from tallystick.core.money import MAX_MINOR, digits, to_decimal
from tallystick.core.party import Buyer
from tallystick.core.payment import PaymentStatus
from tallystick.core.states import InvoiceStatus
from tallystick.dialects import shown
from tallystick.dialects.iqraa import countries
from tallystick.invoices.api import pdf_url
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.wire.call import Body
from tallystick.wire.scalars import (
    AN_ADDRESS,
    MAX_FRACTION_DIGITS,
    Currency,
    Day,
    LongText,
    NotNegative,
    Number,
    Positive,
    ShortText,
)
from tallystick.wire.wanted import filled, telling

UNNAMED = "Unnamed customer"
FINEST_PRICE = Decimal(1).scaleb(-MAX_FRACTION_DIGITS)
# As many digits as the largest amount over the smallest quantity has.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
PLAN_NAME, PLAN_CODE = "plan_name", "plan_code"

Said = Annotated[str, filled(500)]
Plan = Annotated[str, Meta(max_length=MAX_VALUE_LENGTH)]
EmailOrNone = Annotated[str, telling(AN_ADDRESS, max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+$")]


class MinorUnits(NotNegative):
    """An amount in the currency's smallest unit."""

    max_whole_digits = 16
    schema: dict[str, Any] = {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": MAX_MINOR, "multipleOf": 1},
            {"type": "string", "pattern": r"^\d{1,16}$"},
        ],
        "examples": [9999],
    }

    @classmethod
    def check(cls, number: Decimal) -> None:
        super().check(number)
        if number != int(number):
            raise ValueError("Must be a whole number of the currency's smallest unit, as of cents.")
        if number > MAX_MINOR:
            raise ValueError("Is larger than an amount can be.")


class DayCount(NotNegative):
    """A number of days."""

    schema: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": MAX_TERMS_DAYS, "multipleOf": 1}

    @classmethod
    def check(cls, number: Decimal) -> None:
        super().check(number)
        if number != int(number) or number > MAX_TERMS_DAYS:
            raise ValueError(f"Must be a whole number of days, of at most {MAX_TERMS_DAYS}.")


class IqraaStatus(StrEnum):
    """What is to become of an invoice, and what it shows."""

    DRAFT = "DRAFT"
    FINALIZED = "FINALIZED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    PAID = "PAID"
    VOID = "VOID"


SHOWN = {
    InvoiceStatus.DRAFT: IqraaStatus.DRAFT,
    InvoiceStatus.SENT: IqraaStatus.FINALIZED,
    InvoiceStatus.PARTIALLY_PAID: IqraaStatus.FINALIZED,
    InvoiceStatus.OVERDUE: IqraaStatus.FINALIZED,
    InvoiceStatus.PAID: IqraaStatus.PAID,
    InvoiceStatus.VOIDED: IqraaStatus.VOID,
}


class IqraaLineItem(Body, kw_only=True, rename="camel"):
    """A line, in major units. Of ``unitPrice`` and ``amount`` one may be left out, and follows from the other."""

    description: Annotated[str, filled(10_000)]
    quantity: Positive | None = None
    unit_price: Number | None = None
    amount: Number | None = None


class IqraaCustomer(Body, kw_only=True, rename="camel"):
    """Whom the invoice is for: who has this e-mail address, or without one this name; made where there is nobody."""

    customer_name: Annotated[str, Meta(max_length=200)] | None = None
    customer_email: EmailOrNone | None = None
    customer_address: LongText | None = None
    customer_city: ShortText | None = None
    customer_country: ShortText | None = None


class IqraaComponents(Body, kw_only=True, rename="camel"):
    """What the invoice is made of, and whom it is for."""

    line_items: Annotated[list[IqraaLineItem], Meta(max_length=MAX_LINES)] | None = None
    customer_details: IqraaCustomer | None = None


class IqraaInvoiceBody(Body, kw_only=True, rename="camel"):
    """A new invoice. ``amount``, in the currency's smallest unit, is to be paid, and what the line items add up to."""

    amount: MinorUnits
    currency: Currency
    description: Said
    plan_code: Plan | None = None
    plan_name: Plan | None = None
    template_id: str | None = None
    status: IqraaStatus | None = IqraaStatus.DRAFT
    components: IqraaComponents | None = None
    start_date: Day | None = None
    renewal_date: Day | None = None
    payment_terms: DayCount | None = None

    @property
    def lines(self) -> list[IqraaLineItem]:
        """The line items, if there are any."""
        return (self.components and self.components.line_items) or []

    def check(self) -> FieldErrors:
        """What single fields cannot tell."""
        errors = {
            f"components.lineItems.{index}.unitPrice": ["Is required for a line without an amount."]
            for index, line in enumerate(self.lines)
            if line.unit_price is None and line.amount is None
        }
        if self.status is IqraaStatus.PAYMENT_FAILED and not self.amount:
            errors["status"] = ["No payment can have failed where nothing is to be paid."]
        if self.start_date and self.renewal_date and self.renewal_date.in_utc() <= self.start_date.in_utc():
            errors["renewalDate"] = ["Must be after the startDate."]
        return errors


class IqraaInvoice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An invoice. ``amount`` in the currency's smallest unit; ``downloadLink`` opens its PDF without a key."""

    id: str
    invoice_number: str
    date: dt.date
    status: IqraaStatus
    amount: int
    currency: str
    description: str
    customer_name: str
    customer_email: str
    download_link: str
    plan_type: str | UnsetType = UNSET


def settings_for(body: IqraaInvoiceBody, account: Account) -> Account:
    """The account's settings as they hold for an invoice made here, which may bring its own days to pay."""
    seen = shown.seen_by_a_dialect(account)
    return seen if body.payment_terms is None else structs.replace(seen, payment_terms_days=int(body.payment_terms))


def customer(body: IqraaInvoiceBody) -> dict[str, Any]:
    """The customer that a request asks for; without a name and an e-mail address the one for all such invoices."""
    details = (body.components and body.components.customer_details) or IqraaCustomer()
    name, email = _or_none(details.customer_name), details.customer_email or None
    if name is None and email is None:
        return {"name": UNNAMED}
    country = details.customer_country and countries.code_of(details.customer_country)
    unknown = None if country else _or_none(details.customer_country)
    address = [line for line in (_or_none(details.customer_address), unknown) if line]
    return {
        "name": name or email,
        "email": email,
        "address": "\n".join(address) or None,
        "city": _or_none(details.customer_city),
        "country": country or None,
    }


def _or_none(text: str | None) -> str | None:
    return text if text and text.strip() else None


def new_bill(body: IqraaInvoiceBody, customer_id: int, share_token: str) -> NewBill:
    """The bill that a request asks for."""
    whole = Item(description=body.description, unit_price=to_decimal(int(body.amount), digits(body.currency)))
    renewal = body.renewal_date.in_utc() - dt.timedelta(days=1) if body.renewal_date else None
    return NewBill(
        customer_id=customer_id,
        items=tuple(_item(line) for line in body.lines) or (whole,),
        currency=str(body.currency),
        prices_include_tax=True,
        header=Header(
            title=body.description,
            service_start=body.start_date.in_utc() if body.start_date else None,
            service_end=renewal,
        ),
        labels=Labels(metadata=_plan(body)),
        share_token=share_token,
    )


def _plan(body: IqraaInvoiceBody) -> Metadata:
    plan = {PLAN_CODE: _or_none(body.plan_code), PLAN_NAME: _or_none(body.plan_name)}
    return {name: text for name, text in plan.items() if text}


def _item(line: IqraaLineItem) -> Item:
    quantity = Decimal(line.quantity or 1)
    price = Decimal(line.unit_price or 0)
    if line.unit_price is None:
        price = EXACT.divide(Decimal(line.amount or 0), quantity).quantize(FINEST_PRICE, context=EXACT)
    return Item(description=line.description, quantity=quantity, unit_price=price)


def check_amounts(body: IqraaInvoiceBody, invoice: Invoice) -> None:
    """Raises ValidationFailed where an amount of the request is not what the bill comes to."""
    currency = invoice.row.currency
    places = digits(currency)
    errors: FieldErrors = {}
    for index, (asked, line) in enumerate(zip(body.lines, invoice.lines, strict=False)):
        amount = to_decimal(line.amount, places)
        if asked.amount not in (None, amount):
            errors[f"components.lineItems.{index}.amount"] = [f"Is not quantity times unitPrice, which is {amount}."]
    if invoice.row.sums.total != body.amount:
        total = f"{to_decimal(invoice.row.sums.total, places)} {currency}"
        errors["amount"] = [f"Is not what the line items add up to: {total}, as amount {invoice.row.sums.total}."]
        errors["components.lineItems"] = [f"Add up to {total}, and not to the amount {body.amount}."]
    if errors:
        raise ValidationFailed(errors)


def has_failed(invoice: Invoice) -> bool:
    """Whether the last attempt to pay an invoice failed."""
    return bool(invoice.payments) and invoice.payments[-1].status == PaymentStatus.FAILED


def to_json(row: InvoiceRow, buyer: Buyer, status: InvoiceStatus, origin: str, *, has_failed: bool) -> IqraaInvoice:
    """An invoice as iqraa shows it; ``has_failed`` tells whether the last attempt to pay it did."""
    known = SHOWN[status]
    is_unnamed = (buyer.name, buyer.email) == (UNNAMED, None)
    plan = row.labels.metadata.get(PLAN_NAME) or row.labels.metadata.get(PLAN_CODE)
    return IqraaInvoice(
        id=str(row.id),
        invoice_number=row.shown_number,
        date=row.issue_date,
        status=IqraaStatus.PAYMENT_FAILED if has_failed and known is IqraaStatus.FINALIZED else known,
        amount=row.sums.total,
        currency=row.currency,
        description=row.header.title or "",
        customer_name="" if is_unnamed else buyer.name,
        customer_email=buyer.email or "",
        download_link=pdf_url(row, origin) or "",
        plan_type=plan or UNSET,
    )
