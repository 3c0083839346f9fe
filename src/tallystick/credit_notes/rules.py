"""What a credit note credits: the parts of an invoice's lines, each with its share of discount and tax.

Whoever takes the last of a line takes its remainders too. The tax is cumulated on its group, one category and rate:
that of all that is credited so far, by the one calculation (EN 16931, BR-CO-17), less what earlier notes took. So the
credit notes of an invoice add up to it, to the last digit.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal

from msgspec import structs

from tallystick.bills.rules import stored_bill, stored_line
from tallystick.bills.types import LineRow
from tallystick.core.bill import Bill, Calculation
from tallystick.core.errors import FieldErrors, ValidationFailed
from tallystick.core.money import RoundingMode, allocate, digits, round_ratio, to_decimal, to_minor, to_units
from tallystick.core.totals import LineTotals, TaxTotal, Totals, group_taxes, tax_groups, tax_total
from tallystick.credit_notes.types import (
    NOTHING_CREDITED,
    CreditedSoFar,
    CreditLine,
    CreditNoteLine,
    Given,
    NewCreditNote,
    Part,
    WantedCredit,
)
from tallystick.invoices.types import Invoice, InvoiceRow

QUANTITY_PLACES = 12
EXACT = Context(prec=64)
Earlier = Mapping[int, CreditedSoFar]
"""What earlier credit notes took, by the id of the invoice's line."""


def credit_lines(invoice: Invoice, new: NewCreditNote, earlier: Earlier) -> list[CreditLine]:
    """The lines of a new credit note. Raises ValidationFailed with everything that is not left to credit."""
    if new.items is None:
        parts = [_remainder(line, earlier.get(line.id, NOTHING_CREDITED)) for line in invoice.lines]
        parts = [part for part in parts if part.amount or part.quantity]
    else:
        parts = _wanted_parts(invoice, new.items, earlier)
    if not parts:
        raise ValidationFailed({"items": ["Nothing is left to credit on this invoice."]})
    return with_tax(invoice.row, invoice.lines, parts, earlier)


def _wanted_parts(invoice: Invoice, items: Sequence[WantedCredit], earlier: Earlier) -> list[Part]:
    mode = RoundingMode(invoice.row.rounding_mode)
    places = digits(invoice.row.currency)
    left = {line.id: line for line in invoice.lines}
    parts, errors = [], FieldErrors()
    for index, item in enumerate(items):
        line = left.pop(item.line_id, None)
        if line is None:
            errors[f"items.{index}.item_id"] = ["Is not one line of this invoice."]
            continue
        try:
            parts.append(_part(line, item, earlier.get(line.id, NOTHING_CREDITED), places, mode))
        except ValidationFailed as failure:
            errors |= {f"items.{index}.{field}": sentences for field, sentences in failure.errors.items()}
    if errors:
        raise ValidationFailed(errors)
    return parts


def _part(line: LineRow, item: WantedCredit, before: CreditedSoFar, places: int, mode: RoundingMode) -> Part:
    if item.quantity is not None:
        return _by_quantity(line, item.quantity, before, mode)
    if item.amount is not None:
        return _by_amount(line, item.amount, before, places, mode)
    return _remainder(line, before)


def _remainder(line: LineRow, before: CreditedSoFar) -> Part:
    """All that is left of a line."""
    return Part(
        line=line,
        quantity=line.quantity - before.quantity,
        amount=line.amount - before.amount,
        discount=line.discount - before.discount,
    )


def _by_quantity(line: LineRow, quantity: Decimal, before: CreditedSoFar, mode: RoundingMode) -> Part:
    rest = _remainder(line, before)
    if quantity > rest.quantity:
        raise ValidationFailed({"quantity": [f"Must not be above what is left of the line, {rest.quantity:f}."]})
    if quantity == rest.quantity:
        return rest
    part, whole = _integers(quantity, line.quantity)
    amount = _within(round_ratio(line.amount * part, whole, mode), rest.amount)
    return _fraction(rest, amount, (part, whole), mode)._replace(quantity=quantity)


def _by_amount(line: LineRow, amount: Decimal, before: CreditedSoFar, places: int, mode: RoundingMode) -> Part:
    rest = _remainder(line, before)
    try:
        minor = to_minor(amount, places)
    except ValueError as error:
        raise ValidationFailed({"amount": [str(error)]}) from None
    if minor > rest.amount:
        left = to_decimal(max(rest.amount, 0), places)
        raise ValidationFailed({"amount": [f"Must not be above what is left of the line, {left}."]})
    if minor == rest.amount:
        return rest
    units = round_ratio(to_units(line.quantity, QUANTITY_PLACES) * minor, line.amount, mode)
    quantity = min(Decimal(units).scaleb(-QUANTITY_PLACES, EXACT), rest.quantity)
    return _fraction(rest, minor, (minor, line.amount), mode)._replace(quantity=quantity)


def _fraction(rest: Part, amount: int, ratio: tuple[int, int], mode: RoundingMode) -> Part:
    """``amount`` of what is left of a line, with the discount of a part of the whole line, given as their ratio.

    The discount is such that no more is taken of the line after its discount than is left of that.
    """
    part, whole = ratio
    share = _within(round_ratio(rest.line.discount * part, whole, mode), rest.discount)
    net = _within(amount - share, rest.net)
    return rest._replace(amount=amount, discount=amount - net)


def _within(amount: int, rest: int) -> int:
    """The nearest amount that takes nothing beyond ``rest`` and gives nothing back."""
    return min(max(amount, min(0, rest)), max(0, rest))


def _integers(part: Decimal, whole: Decimal) -> tuple[int, int]:
    """Two decimals as integers in the same ratio."""
    places = max(0, *(-int(number.as_tuple().exponent) for number in (part, whole)))
    return to_units(part, places), to_units(whole, places)


def with_tax(row: InvoiceRow, lines: Sequence[LineRow], parts: Sequence[Part], earlier: Earlier) -> list[CreditLine]:
    """The parts of an invoice's lines with their tax.

    Raises ValidationFailed where the credit note would give more than is left of the invoice, in sum or in one of its
    tax groups, or would ask for money instead of giving it back.
    """
    bill = stored_bill(row, list(lines))
    wanted = {part.line.id: part for part in parts}
    taxes: dict[int, int] = {}
    errors: list[str] = []
    for group in tax_groups([line.tax for line in bill.lines], bill.calculation):
        members = [lines[index] for index in group]
        if any(line.id in wanted for line in members):
            _check_group(members, wanted, earlier, bill, errors)
            taxes |= _cumulated_taxes(members, wanted, earlier, bill)
    credited = [CreditLine(*part, tax=taxes[part.line.id]) for part in parts]
    if not errors:
        _check_sum(row, credited, earlier, errors)
    if errors:
        raise ValidationFailed({"items": errors})
    return credited


def _check_group(
    members: Sequence[LineRow], wanted: Mapping[int, Part], earlier: Earlier, bill: Bill, errors: list[str]
) -> None:
    rest = sum(line.amount - line.discount - earlier.get(line.id, NOTHING_CREDITED).net for line in members)
    net = sum(wanted[line.id].net for line in members if line.id in wanted)
    if net == _within(net, rest):
        return
    places = digits(bill.currency)
    contains = "with tax" if bill.prices_include_tax else "before tax"
    errors.append(
        f"At {members[0].tax_rate.normalize():f} % ({members[0].tax_category}) these lines come to "
        f"{to_decimal(net, places)} {contains}, and {to_decimal(rest, places)} is left there of the invoice. "
        "Credit no more than that; a rebate is credited together with its lines."
    )


def _cumulated_taxes(
    members: Sequence[LineRow], wanted: Mapping[int, Part], earlier: Earlier, bill: Bill
) -> dict[int, int]:
    """The tax of a group's parts, by line: that of all that is credited so far, less what earlier notes took.

    Each part has the tax that it would have by itself, and a share of what the cumulation differs by.
    """
    rate = members[0].tax_rate
    before = [earlier.get(line.id, NOTHING_CREDITED) for line in members]
    nets = [wanted[line.id].net if line.id in wanted else 0 for line in members]
    due = sum(group_taxes([taken.net + net for taken, net in zip(before, nets, strict=True)], rate, bill))
    taken = sum(credited.tax for credited in before)
    tax = _within(due - taken, sum(line.tax for line in members) - taken)

    parts = [(line, wanted[line.id].net) for line in members if line.id in wanted]
    own = group_taxes([net for _line, net in parts], rate, bill)
    sizes = [abs(net) for _line, net in parts]
    shares = allocate(tax - sum(own), sizes if any(sizes) else [1] * len(parts))
    return {line.id: alone + share for (line, _net), alone, share in zip(parts, own, shares, strict=True)}


def _check_sum(row: InvoiceRow, credited: Sequence[CreditLine], earlier: Earlier, errors: list[str]) -> None:
    total = _total(credited, prices_include_tax=row.prices_include_tax)
    if total < 0:
        errors.append("These lines add up to less than 0; a rebate is credited with its lines.")
    rest = row.sums.total - _total(earlier.values(), prices_include_tax=row.prices_include_tax)
    if total > rest:
        places = digits(row.currency)
        errors.append(
            f"These lines come to {to_decimal(total, places)}, and {to_decimal(rest, places)} is left of the invoice. "
            "Credit no more than that; a rebate is credited together with its lines."
        )


def _total(taken: Iterable[CreditedSoFar | CreditLine], *, prices_include_tax: bool) -> int:
    return sum(each.amount - each.discount + (0 if prices_include_tax else each.tax) for each in taken)


def credited_line(credited: CreditLine) -> CreditNoteLine:
    """The line of a credit note, before it has its id: what the invoice's line says, and how much of it."""
    own = {
        "id": 0,
        "quantity": credited.quantity,
        "amount": credited.amount,
        "discount": credited.discount,
        "tax": credited.tax,
    }
    return CreditNoteLine(**{**structs.asdict(credited.line), **own}, invoice_line_id=credited.line.id)


def totals(lines: Sequence[CreditLine], *, prices_include_tax: bool, calculation: Calculation) -> Totals:
    """The sums of a credit note, which are those of its lines."""
    return Totals(
        lines=tuple(LineTotals(line.amount, line.discount, line.tax) for line in lines),
        subtotal=sum(line.amount for line in lines),
        discount=sum(line.discount for line in lines),
        taxes=_breakdown(lines, calculation, prices_include_tax=prices_include_tax),
        tax=sum(line.tax for line in lines),
        total=_total(lines, prices_include_tax=prices_include_tax),
    )


def _breakdown(
    lines: Sequence[CreditLine], calculation: Calculation, *, prices_include_tax: bool
) -> tuple[TaxTotal, ...]:
    """The tax by category and rate, which adds up to the lines' tax (EN 16931, BG-23)."""
    taxes = [stored_line(credited.line).tax for credited in lines]
    breakdown = []
    for group in tax_groups(taxes, calculation):
        net = sum(lines[index].amount - lines[index].discount for index in group)
        tax = sum(lines[index].tax for index in group)
        members = [taxes[index] for index in group]
        breakdown.append(tax_total(members, net, tax, prices_include_tax=prices_include_tax))
    return tuple(breakdown)


def put_back(owed: Mapping[int, int], given: Sequence[Given], unspent: int) -> list[Given]:
    """What of the credit that notes gave goes back onto their invoices, in the order of the notes.

    ``owed`` has the balance of each invoice and ``unspent`` is the customer's credit, all in minor units: no more goes
    back than any of the three. With an invoice's oldest note first, its notes settle what they would have settled if
    the reversed payment had never been.
    """
    left = dict(owed)
    back = []
    for note in given:
        amount = min(note.amount, left[note.invoice_id], unspent)
        if amount:
            back.append(note._replace(amount=amount))
            left[note.invoice_id] -= amount
            unspent -= amount
    return back
