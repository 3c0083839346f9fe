"""From what was asked for and what was found to the bill, with every wrong reference named."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, structs

from tallystick.bills import header
from tallystick.bills.dates import changed_dates, date_columns, issued_dates
from tallystick.bills.types import BillRow, DraftChange, Item, LineRow, NewBill, References, Views
from tallystick.core import numbering
from tallystick.core.account import Account
from tallystick.core.bill import NO_TAX, Bill, Calculation, Discount, DiscountType, Line, LineTax
from tallystick.core.errors import Conflict, FieldErrors, ValidationFailed
from tallystick.core.money import Rounding, RoundingMode, digits, to_decimal
from tallystick.core.party import Buyer
from tallystick.core.tax_categories import ALONE, STANDARD_RATE, ZERO_RATE, issue_refusal, lacks_reason, out_of_place
from tallystick.core.totals import Totals, compute
from tallystick.products.types import Product
from tallystick.taxes.types import Tax as StoredTax

NO_CUSTOMER = "There is no such customer."
NO_PRODUCT = "Is required for a line without a product."


def bill_from(new: NewBill, found: References, account: Account) -> tuple[Bill, Totals]:
    """The bill that was asked for, and its totals. Raises ValidationFailed with every field that is wrong."""
    errors: FieldErrors = {}
    if found.customer is None:
        errors["customer_id"] = [NO_CUSTOMER]
    return bill_in(currency_of(new, found, account), new, found, account, errors)


def currency_of(new: NewBill, found: References, account: Account) -> str:
    """The currency of a new bill: its own, else the customer's, else the account's."""
    return new.currency or (found.customer and found.customer.currency) or account.currency


def bill_in(
    currency: str, new: NewBill, found: References, account: Account, errors: FieldErrors
) -> tuple[Bill, Totals]:
    """As ``bill_from``, where the currency is known. ``errors`` are what is wrong already."""
    errors |= header.errors(new.header)
    lines = lines_from(new.items, found, currency, errors)
    bill = Bill(
        currency=currency,
        lines=lines,
        discount=new.discount,
        prices_include_tax=(account.prices_include_tax if new.prices_include_tax is None else new.prices_include_tax),
        rounding=account.rounding,
        rounding_mode=account.rounding_mode,
    )
    return bill, checked_totals(bill, errors)


def checked_totals(bill: Bill, errors: FieldErrors) -> Totals:
    """The bill's totals. Raises ValidationFailed with ``errors`` and whatever else is wrong with the bill."""
    errors = misplaced(bill.lines) | errors
    try:
        totals = compute(bill)
    except ValidationFailed as failure:
        raise ValidationFailed(failure.errors | errors) from None
    if errors:
        raise ValidationFailed(errors)
    return totals


def misplaced(lines: Sequence[Line]) -> FieldErrors:
    """The lines outside the scope of tax on a bill that has others (EN 16931, BR-O-11 to BR-O-14)."""
    return {f"items.{index}.tax_id": [ALONE] for index in out_of_place([line.tax for line in lines])}


def check_issuable(lines: Sequence[Line]) -> None:
    """Raises ValidationFailed where EN 16931 has no bill with these taxes, naming the rule for each line.

    Whoever issues a bill asks this first.
    """
    refusals = {f"items.{index}.tax_id": issue_refusal(line.tax) for index, line in enumerate(lines)}
    errors = {field: [refusal] for field, refusal in refusals.items() if refusal} | misplaced(lines)
    if errors:
        raise ValidationFailed(errors)


def lines_from(items: tuple[Item, ...], found: References, currency: str, errors: FieldErrors) -> tuple[Line, ...]:
    """The lines for ``items``; what is wrong with them is added to ``errors``."""
    return tuple(_line(item, found, currency, f"items.{index}", errors) for index, item in enumerate(items))


def _line(item: Item, found: References, currency: str, path: str, errors: FieldErrors) -> Line:
    product = _product(item, found, currency, path, errors)
    description = item.description or (product.name if product else None)
    price = product.unit_price if product and item.unit_price is None else item.unit_price
    if item.product_id is None:
        if not description:
            errors[f"{path}.description"] = [NO_PRODUCT]
        if price is None:
            errors[f"{path}.unit_price"] = [NO_PRODUCT]
    tax, tax_id = _tax(item, product, found, path, errors)
    return Line(
        description=description or "",
        quantity=item.quantity,
        unit_price=Decimal(0) if price is None else price,
        unit=product.unit if product and item.unit is None else item.unit,
        discount=item.discount,
        tax=tax,
        product_id=item.product_id,
        tax_id=tax_id,
    )


def _product(item: Item, found: References, currency: str, path: str, errors: FieldErrors) -> Product | None:
    if item.product_id is None:
        return None
    product = found.products.get(item.product_id)
    if product is None:
        errors[f"{path}.product_id"] = ["There is no such product."]
    elif not product.is_active:
        errors[f"{path}.product_id"] = ["This product is not on sale. Reactivate it first."]
    elif item.unit_price is None and product.currency not in (None, currency):
        errors[f"{path}.unit_price"] = [f"Is required: the product's price is in {product.currency}."]
    return product


def _tax(
    item: Item, product: Product | None, found: References, path: str, errors: FieldErrors
) -> tuple[LineTax, int | None]:
    if item.tax_id is not None:
        return _chosen_tax(item, item.tax_id, found, path, errors)
    if item.tax_rate is not None:
        return (LineTax(item.tax_rate) if item.tax_rate else NO_TAX), None
    stored = found.taxes.get(product.tax_id) if product and product.tax_id else found.default_tax
    return (stored.content, stored.id) if stored else (NO_TAX, None)


def _chosen_tax(
    item: Item, tax_id: int, found: References, path: str, errors: FieldErrors
) -> tuple[LineTax, int | None]:
    stored = found.taxes.get(tax_id)
    if stored is None:
        errors[f"{path}.tax_id"] = ["There is no such tax."]
        return NO_TAX, None
    if item.tax_rate not in (None, stored.rate):
        errors[f"{path}.tax_rate"] = [f"Is not the rate of the tax {tax_id}; give one of the two."]
    return stored.content, tax_id


def for_customer(new: NewBill, found: References) -> NewBill:
    """The bill that was asked for, with the customer's buyer reference where it names none (EN 16931, BT-10)."""
    if found.customer is None or found.customer.buyer_reference is None:
        return new
    reference = found.customer.buyer_reference
    return structs.replace(new, header=header.completed(new.header, buyer_reference=reference))


def of_other_customer(customer_id: int, change: DraftChange, found: References) -> dict[str, str | None]:
    """What else changes in the header of a bill of ``customer_id`` where ``change`` names another customer.

    A buyer reference is the buyer's own (EN 16931, BT-10): the other has theirs, or none, where no other is named.
    """
    if change.customer_id in (UNSET, customer_id) or "buyer_reference" in change.header or found.customer is None:
        return {}
    return {"buyer_reference": found.customer.buyer_reference}


def draft_columns(new: NewBill, account: Account, now: datetime, due_column: str) -> dict[str, Any]:
    """The columns of a new draft that do not follow from its bill; ``due_column`` is the one for ``new.due_date``."""
    return {
        **wanted_columns(new.number),
        **date_columns(new.issue_date, new.due_date, account.payment_terms_days, account.today(now), due_column),
        "customer_id": new.customer_id,
        "header": header.completed(new.header, notes=account.default_notes),
        "labels": new.labels,
        "share_token": new.share_token,
        "created_at": now,
        "updated_at": now,
    }


def number_columns(number: str) -> dict[str, Any]:
    """The columns of a bill that has this number."""
    return {"number": number, **_compared(number)}


def wanted_columns(number: str | None) -> dict[str, Any]:
    """The columns of a draft that is to have this number from its issue on, or else the next of the sequence."""
    return {"number": None, "wanted_number": number, **_compared(number)}


def _compared(number: str | None) -> dict[str, Any]:
    if number is None:
        return {"number_key": None, "number_order": ""}
    return {"number_key": numbering.key(number), "number_order": numbering.order(number)}


def copied_columns(
    original: BillRow, account: Account, now: datetime, terms_days: int, due_column: str
) -> dict[str, Any]:
    """The columns of a draft with another bill's content, dated by its issue, that do not follow from that bill."""
    return {
        **wanted_columns(None),
        **date_columns(None, None, terms_days, account.today(now), due_column),
        "customer_id": original.customer_id,
        "header": original.header,
        "labels": original.labels.of_copy(),
        "created_at": now,
        "updated_at": now,
    }


def changed_bill(row: BillRow, lines: list[LineRow], change: DraftChange, found: References) -> tuple[Bill, Totals]:
    """The bill of a draft after ``change``; lines that it does not name keep the prices and taxes they have.

    Raises ValidationFailed with every field that is wrong.
    """
    errors: FieldErrors = {}
    if found.customer is None:
        errors["customer_id"] = [NO_CUSTOMER]
    errors |= header.errors(header.changed(row.header, change.header))
    stored = renewed(stored_bill(row, lines))
    bill = stored._replace(
        currency=stored.currency if change.currency is UNSET else change.currency,
        discount=changed_discount(stored.discount, change, errors),
        prices_include_tax=(
            stored.prices_include_tax if change.prices_include_tax is UNSET else change.prices_include_tax
        ),
    )
    if change.items is not UNSET:
        bill = bill._replace(lines=lines_from(change.items, found, bill.currency, errors))
    if bill.currency != stored.currency:
        errors |= _kept_amounts(stored, change)
    return bill, checked_totals(bill, errors)


def _kept_amounts(stored: Bill, change: DraftChange) -> FieldErrors:
    """What a change of the currency must send anew, because its amounts are in the old one."""
    errors: FieldErrors = {}
    if change.items is UNSET:
        errors["items"] = [f"Send the items anew with the currency: their prices are in {stored.currency}."]
    keeps_discount = change.discount_value is UNSET and change.discount_type in (UNSET, DiscountType.AMOUNT)
    if keeps_discount and stored.discount and stored.discount.type is DiscountType.AMOUNT:
        errors["discount_value"] = [f"Send the discount anew with the currency: it is in {stored.currency}."]
    return errors


def changed_discount(stored: Discount | None, change: DraftChange, errors: FieldErrors) -> Discount | None:
    """The discount after a change; what is wrong with it is added to ``errors``."""
    type, value = (stored.type, stored.value) if stored else (None, None)
    type = type if change.discount_type is UNSET else change.discount_type
    value = value if change.discount_value is UNSET else change.discount_value
    if type is not None and value is not None:
        return Discount(type, value)
    if change.discount_type is None or (type is None and not value):
        return None
    missing = "discount_type" if type is None else "discount_value"
    errors[missing] = ["Is required: a discount has both a type and a value."]
    return None


def changed_columns(
    row: BillRow, change: DraftChange, account: Account, now: datetime, due_column: str
) -> dict[str, Any]:
    """The columns of a draft that ``change`` names, but for the bill's own, with the dates that follow.

    ``due_column`` names the column for ``change.due_date``.
    """
    named: dict[str, Any] = {} if change.customer_id is UNSET else {"customer_id": change.customer_id}
    if change.header:
        named["header"] = header.changed(row.header, change.header)
    if change.labels:
        named["labels"] = row.labels.changed(change.labels)
    if renumbers(row, change):
        named |= wanted_columns(change.number or None)
    return named | changed_dates(row, change, account.payment_terms_days, account.today(now), due_column)


def renumbers(row: BillRow, change: DraftChange) -> bool:
    """Whether ``change`` takes a draft the number that it has or wants."""
    return change.number not in (UNSET, row.number or row.wanted_number)


def issued_columns(row: BillRow, customer: Buyer, account: Account, now: datetime, due_column: str) -> dict[str, Any]:
    """The columns that an issue sets: from now on they are the bill's own, whatever becomes of their sources.

    Raises Conflict where the bill was issued before, under a number that contradicts its date.
    """
    return {
        **issued_dates(row, due_column),
        "issued_at": now,
        "customer": customer,
        "customer_name": customer.name,
        "seller": account.seller,
    }


NOT_ISSUED: dict[str, Any] = {
    "issued_at": None,
    "customer": None,
    "seller": None,
    "share_token": None,
}
NEW_ROW_DEFAULTS: dict[str, Any] = {
    **NOT_ISSUED,
    "views": Views(),
    "number_scope": None,
    "number_sequence": None,
    "version": 1,
}
"""What every new draft is alike in."""


def is_outdated(bill: Bill) -> bool:
    """Whether a draft's bill may differ from what it would be if it were made today."""
    return bill.calculation is not Calculation.EN16931 or any(
        lacks_reason(line.tax) or line.tax != _renewed_tax(line.tax) for line in bill.lines
    )


def renewed(bill: Bill, taxes: Mapping[int, StoredTax] = MappingProxyType({})) -> Bill:
    """A stored bill as it is made today, whatever version made it; rates and prices stay.

    Its exempt lines take the reasons that ``taxes``, by id, have got meanwhile.
    """
    lines = tuple(
        line._replace(tax=_with_reason(_renewed_tax(line.tax), taxes.get(line.tax_id or 0))) for line in bill.lines
    )
    return bill._replace(lines=lines, calculation=Calculation.EN16931)


def _renewed_tax(tax: LineTax) -> LineTax:
    """The first versions took a rate of 0 without a category for S."""
    had_none = tax.category == STANDARD_RATE and not tax.rate and not tax.exemption_reason
    return tax._replace(category=ZERO_RATE) if had_none else tax


def _with_reason(tax: LineTax, source: StoredTax | None) -> LineTax:
    if source is None or source.category != tax.category or not lacks_reason(tax):
        return tax
    return tax._replace(exemption_reason=source.exemption_reason)


def renewed_totals(bill: Bill, row: BillRow) -> Totals:
    """The totals of a renewed draft. Raises Conflict where they are no longer those that the draft shows."""
    totals = checked_totals(bill, {})
    if (totals.tax, totals.total) != (row.sums.tax, row.sums.total):
        total = to_decimal(totals.total, digits(row.currency))
        raise Conflict(
            f"An older version made this draft; by the rules of today it comes to {total} {row.currency}. "
            "Change it (an empty change will do), look at it, and issue it then."
        )
    return totals


def stored_bill(row: Any, lines: list[LineRow]) -> Bill:
    """The bill that a stored row and its lines hold, for computing it again."""
    return Bill(
        currency=row.currency,
        lines=tuple(stored_line(line) for line in lines),
        discount=stored_discount(row.discount_type, row.discount_value),
        prices_include_tax=row.prices_include_tax,
        rounding=Rounding(row.rounding),
        rounding_mode=RoundingMode(row.rounding_mode),
        calculation=Calculation(row.calculation),
    )


def stored_line(line: LineRow) -> Line:
    """The line that a stored row holds."""
    return Line(
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        unit=line.unit,
        discount=stored_discount(line.discount_type, line.discount_value),
        tax=stored_tax(line),
        product_id=line.product_id,
        tax_id=line.tax_id,
    )


def stored_tax(line: LineRow) -> LineTax:
    """The tax of the line that a stored row holds."""
    return LineTax(line.tax_rate, line.tax_category, line.exemption_reason)


def stored_discount(type: str | None, value: Any) -> Discount | None:
    """The discount that two columns hold."""
    return None if type is None else Discount(DiscountType(type), value)


def buyer(found: References) -> Buyer:
    """The customer's details, which a bill keeps from its issue on (EN 16931, BG-7 and BG-8)."""
    if found.customer is None:
        raise AssertionError("a bill without a customer has been refused before")
    return found.customer.buyer
