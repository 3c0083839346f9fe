"""The one calculation behind every bill, preview, document and dialect (ADR 6).

Everything is exact: Decimals become integers of 10**-12 on the way in, sums and products are integers, and a
fraction is rounded once, by the bill's own mode, at the places that ``compute`` names.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from tallystick.core.bill import MAX_LINES, Bill, Calculation, Discount, DiscountType, Line, LineTax
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import (
    DIGITS,
    MAX_MINOR,
    MAX_PRECISION,
    Rounding,
    allocate,
    apportion,
    round_ratio,
    to_units,
    too_fine,
)


class LineTotals(NamedTuple):
    """Minor units."""

    amount: int
    """After the line's own discount, before its share of the bill's (BT-131)."""
    discount: int
    """Its share of the bill's discount; none on a rebate (BG-20)."""
    tax: int
    """Its share of the tax; already inside ``amount`` where prices include tax."""


class TaxTotal(NamedTuple):
    """One row of the tax breakdown (EN 16931, BG-23). ``rate`` in percent, amounts in minor units."""

    rate: Decimal
    category: str
    exemption_reason: str | None
    """All that its lines have, one after the other (BT-120)."""
    base: int
    """The taxable amount, without tax (BT-116)."""
    amount: int
    """The tax (BT-117)."""


class Totals(NamedTuple):
    """Minor units. ``lines`` are in the bill's order, ``taxes`` in order of first appearance."""

    lines: tuple[LineTotals, ...]
    subtotal: int
    discount: int
    taxes: tuple[TaxTotal, ...]
    tax: int
    total: int


# Inside this module a quantity, price or rate is an int of 10**-12, and quantity * price an int of 10**-24.
_SCALE = 12
_ONE = 10**_SCALE
_HUNDRED = 100 * _ONE
_LONGEST = 10**MAX_PRECISION - 1

_NOT_FINITE = "Must be a finite number."
_TOO_LONG = f"Must have at most {MAX_PRECISION - _SCALE} digits before the point and {_SCALE} after it."
_TOO_LARGE = "Is larger than an amount can be."
_BELOW_ZERO = "A bill cannot go below zero."


class _Range(NamedTuple):
    low: int
    high: int
    refusal: str


_ANY = _Range(-_LONGEST, _LONGEST, _TOO_LONG)
_POSITIVE = _Range(1, _LONGEST, "Must be above 0.")
_NOT_NEGATIVE = _Range(0, _LONGEST, "Must not be negative.")
_PERCENT = _Range(0, _HUNDRED, "Must be from 0 to 100.")

_Errors = defaultdict[str, list[str]]


def compute(bill: Bill, most: int = MAX_MINOR) -> Totals:
    """The bill's sums, none above ``most`` minor units. Raises ValidationFailed, which names every field that is wrong.

    Rounded: each line's amount; a percentage discount on the bill; the tax of each rate (EN 16931, BR-CO-17)
    or, with ``Rounding.LINE``, of each line. All else are sums, and splits by largest remainder: the discount on the
    bill, at most the subtotal, falls on the lines above 0. Where prices include tax, it is inside the amounts: the
    total is subtotal - discount; else subtotal - discount + tax.
    """
    errors: _Errors = defaultdict(list)
    digits = _digits(bill.currency, errors)
    lines = _lines(bill, errors)
    amounts = [_line_amount(line, f"items.{n}", digits, bill, errors) for n, line in enumerate(lines)]
    for n, (line, amount) in enumerate(zip(lines, amounts, strict=True)):
        _number(line.tax.rate, _PERCENT, f"items.{n}.tax_rate", errors)
        if abs(amount) > most:
            errors[f"items.{n}.unit_price"].append(_TOO_LARGE)
    reduction = _reduction(bill.discount, digits, "discount_value", errors)
    _refuse(errors)

    subtotal = sum(amounts)
    if subtotal < 0:
        errors["items"].append(_BELOW_ZERO)
        _refuse(errors)
    discount = _document_discount(subtotal, reduction, digits, bill)
    discounts = _spread(discount, amounts, bill)
    discounted = [amount - part for amount, part in zip(amounts, discounts, strict=True)]
    taxes, line_taxes = _taxes(bill, discounted)
    tax = sum(line_taxes)
    total = subtotal - discount if bill.prices_include_tax else subtotal - discount + tax
    if total < 0:
        errors["total"].append(_BELOW_ZERO)
    if subtotal > most or total > most or _overflow(taxes, tax, most):
        errors["total"].append(_TOO_LARGE)
    _refuse(errors)
    return Totals(tuple(map(LineTotals, amounts, discounts, line_taxes)), subtotal, discount, taxes, tax, total)


def _digits(currency: str, errors: _Errors) -> int:
    if currency in DIGITS:
        return DIGITS[currency]
    errors["currency"].append("Is not an ISO 4217 code of a currency with amounts.")
    return max(DIGITS.values())  # the most lenient, so that the other fields are still checked


def _lines(bill: Bill, errors: _Errors) -> tuple[Line, ...]:
    if 1 <= len(bill.lines) <= MAX_LINES:
        return bill.lines
    errors["items"].append(f"Must hold from 1 to {MAX_LINES} lines.")
    return ()


def _line_amount(line: Line, path: str, digits: int, bill: Bill, errors: _Errors) -> int:
    """Minor units: quantity * unit price - the line's discount, rounded once (EN 16931, BT-131)."""
    quantity = _number(line.quantity, _POSITIVE, f"{path}.quantity", errors)
    unit_price = _number(line.unit_price, _ANY, f"{path}.unit_price", errors)
    numerator = quantity * unit_price
    denominator = 10 ** (2 * _SCALE - digits)
    if line.discount is not None:
        reduction = _reduction(line.discount, digits, f"{path}.discount_value", errors)
        if line.discount.type == DiscountType.PERCENTAGE:
            numerator *= _HUNDRED - reduction
            denominator *= _HUNDRED
        elif unit_price < 0:
            errors[f"{path}.discount_value"].append("A rebate line takes no discount amount.")
        else:
            numerator = max(numerator - reduction * _ONE, 0)
    return round_ratio(numerator, denominator, bill.rounding_mode)


def _reduction(discount: Discount | None, digits: int, field: str, errors: _Errors) -> int:
    """The discount's value, percent or major units, as an int of 10**-12."""
    if discount is None:
        return 0
    if discount.type == DiscountType.PERCENTAGE:
        return _number(discount.value, _PERCENT, field, errors)
    amount = _number(discount.value, _NOT_NEGATIVE, field, errors)
    if amount % 10 ** (_SCALE - digits):
        errors[field].append(too_fine(digits))
    return amount


def _number(value: Decimal, allowed: _Range, field: str, errors: _Errors) -> int:
    """``value`` as an int of 10**-12, or an error on ``field`` and 0."""
    try:
        number = to_units(value, _SCALE)
    except ValueError:
        errors[field].append(_TOO_LONG if value.is_finite() else _NOT_FINITE)
        return 0
    if allowed.low <= number <= allowed.high:
        return number
    errors[field].append(allowed.refusal)
    return 0


def _document_discount(subtotal: int, reduction: int, digits: int, bill: Bill) -> int:
    if bill.discount is None:
        return 0
    if bill.discount.type == DiscountType.PERCENTAGE:
        return round_ratio(subtotal * reduction, _HUNDRED, bill.rounding_mode)
    minor_unit: int = 10 ** (_SCALE - digits)
    return min(reduction // minor_unit, subtotal)


def _spread(discount: int, amounts: Sequence[int], bill: Bill) -> list[int]:
    """The bill's discount over its lines: an allowance is never negative (BG-20), and takes no line below 0."""
    if bill.calculation is Calculation.ORIGINAL:
        return allocate(discount, amounts)
    return allocate(discount, [max(amount, 0) for amount in amounts])


def _taxes(bill: Bill, discounted: Sequence[int]) -> tuple[tuple[TaxTotal, ...], list[int]]:
    """The breakdown, and each line's share of the tax."""
    line_taxes = [0] * len(bill.lines)
    breakdown = []
    for members in tax_groups([line.tax for line in bill.lines], bill.calculation):
        taxes = [bill.lines[index].tax for index in members]
        amounts = [discounted[index] for index in members]
        shares = group_taxes(amounts, taxes[0].rate, bill)
        for index, share in zip(members, shares, strict=True):
            line_taxes[index] = share
        breakdown.append(tax_total(taxes, sum(amounts), sum(shares), prices_include_tax=bill.prices_include_tax))
    return tuple(breakdown), line_taxes


def tax_groups(taxes: Sequence[LineTax], calculation: Calculation) -> list[list[int]]:
    """The lines, by index, of each row of the tax breakdown, in order of first appearance.

    There is exactly one row for each category and rate (EN 16931, BR-S-8, BR-E-1, BR-AE-1, BR-IC-1, ...).
    """
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, tax in enumerate(taxes):
        own = (tax.exemption_reason,) if calculation is Calculation.ORIGINAL else ()
        groups[tax.rate, tax.category, *own].append(index)
    return list(groups.values())


def group_taxes(amounts: Sequence[int], rate: Decimal, bill: Bill) -> list[int]:
    """The tax of each line of one group at ``rate`` percent; together they are the group's tax (BT-117, BR-CO-17).

    ``amounts`` and taxes in minor units; of ``bill`` counts how it rounds, and whether its prices include tax.
    """
    percent = to_units(rate, _SCALE)
    whole = _HUNDRED + percent if bill.prices_include_tax else _HUNDRED
    exact = [amount * percent for amount in amounts]
    if bill.rounding == Rounding.LINE:
        return [round_ratio(numerator, whole, bill.rounding_mode) for numerator in exact]
    return apportion(round_ratio(sum(exact), whole, bill.rounding_mode), exact, whole)


def tax_total(taxes: Sequence[LineTax], taxed: int, amount: int, *, prices_include_tax: bool) -> TaxTotal:
    """The row of the breakdown for lines with these taxes: ``amount`` of tax on, or in, ``taxed`` minor units."""
    base = taxed - amount if prices_include_tax else taxed
    reasons = dict.fromkeys(tax.exemption_reason for tax in taxes if tax.exemption_reason)
    return TaxTotal(taxes[0].rate, taxes[0].category, "; ".join(reasons) or None, base, amount)


def _overflow(taxes: Sequence[TaxTotal], tax: int, most: int) -> bool:
    # Rebates can bring a total down whose parts are still larger than an amount can be.
    return abs(tax) > most or any(abs(row.base) > most or abs(row.amount) > most for row in taxes)


def _refuse(errors: _Errors) -> None:
    if errors:
        raise ValidationFailed(errors)
