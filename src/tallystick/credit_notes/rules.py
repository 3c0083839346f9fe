"""What a credit note credits: the parts of an invoice's lines, each with its share of discount and tax.

A credit note apportions what ``core.totals`` computed for the invoice; it computes no bill of its own. Whoever takes
the last of a line takes its remainders too, so that the credit notes of an invoice add up to it, to the last digit.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal

from tallystick.bills.types import LineRow
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import RoundingMode, digits, round_ratio, to_decimal, to_minor, to_units
from tallystick.core.totals import LineTotals, TaxTotal, Totals
from tallystick.credit_notes.types import Credited, CreditLine, Given, NewCreditNote, WantedCredit
from tallystick.invoices.types import Invoice

KIND = "credit_note"
QUANTITY_PLACES = 12
EXACT = Context(prec=64)
NOTHING = Credited(Decimal(0), 0, 0, 0)
Errors = dict[str, list[str]]


def credit_lines(invoice: Invoice, new: NewCreditNote, earlier: Mapping[int, Credited]) -> list[CreditLine]:
    """The lines of a new credit note. Raises ValidationFailed with everything that is not left to credit."""
    if new.items is None:
        lines = [_remainder(line, earlier.get(line.id, NOTHING)) for line in invoice.lines]
        lines = [line for line in lines if line.amount or line.quantity]
    else:
        lines = _wanted_lines(invoice, new.items, earlier)
    if not lines:
        raise ValidationFailed({"items": ["Nothing is left to credit on this invoice."]})
    return lines


def _wanted_lines(invoice: Invoice, items: Sequence[WantedCredit], earlier: Mapping[int, Credited]) -> list[CreditLine]:
    mode = RoundingMode(invoice.row.rounding_mode)
    places = digits(invoice.row.currency)
    left = {line.id: line for line in invoice.lines}
    lines, errors = [], Errors()
    for index, item in enumerate(items):
        line = left.pop(item.line_id, None)
        if line is None:
            errors[f"items.{index}.item_id"] = ["Is not one line of this invoice."]
            continue
        try:
            lines.append(_part(line, item, earlier.get(line.id, NOTHING), places, mode))
        except ValidationFailed as failure:
            errors |= {f"items.{index}.{field}": sentences for field, sentences in failure.errors.items()}
    if errors:
        raise ValidationFailed(errors)
    return lines


def _part(line: LineRow, item: WantedCredit, before: Credited, places: int, mode: RoundingMode) -> CreditLine:
    if item.quantity is not None:
        return _by_quantity(line, item.quantity, before, mode)
    if item.amount is not None:
        return _by_amount(line, item.amount, before, places, mode)
    return _remainder(line, before)


def _remainder(line: LineRow, before: Credited) -> CreditLine:
    """All that is left of a line."""
    return CreditLine(
        line=line,
        quantity=line.quantity - before.quantity,
        amount=line.amount - before.amount,
        discount=line.discount - before.discount,
        tax=line.tax - before.tax,
    )


def _by_quantity(line: LineRow, quantity: Decimal, before: Credited, mode: RoundingMode) -> CreditLine:
    rest = _remainder(line, before)
    if quantity > rest.quantity:
        raise ValidationFailed({"quantity": [f"Must not be above what is left of the line, {rest.quantity:f}."]})
    if quantity == rest.quantity:
        return rest
    part, whole = _integers(quantity, line.quantity)
    return _fraction(line, rest, part, whole, mode)._replace(quantity=quantity)


def _by_amount(line: LineRow, amount: Decimal, before: Credited, places: int, mode: RoundingMode) -> CreditLine:
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
    quantity = Decimal(units).scaleb(-QUANTITY_PLACES, EXACT)
    return _fraction(line, rest, minor, line.amount, mode)._replace(quantity=quantity)


def _fraction(line: LineRow, rest: CreditLine, part: int, whole: int, mode: RoundingMode) -> CreditLine:
    """``part`` of ``whole`` of a line, of nothing more than is left of it."""
    return rest._replace(
        amount=_share(line.amount, part, whole, rest.amount, mode),
        discount=_share(line.discount, part, whole, rest.discount, mode),
        tax=_share(line.tax, part, whole, rest.tax, mode),
    )


def _share(total: int, part: int, whole: int, left: int, mode: RoundingMode) -> int:
    share = round_ratio(total * part, whole, mode)
    return min(share, left) if total >= 0 else max(share, left)


def _integers(part: Decimal, whole: Decimal) -> tuple[int, int]:
    """Two decimals as integers in the same ratio."""
    places = max(0, *(-int(number.as_tuple().exponent) for number in (part, whole)))
    return to_units(part, places), to_units(whole, places)


def totals(lines: Sequence[CreditLine], *, prices_include_tax: bool) -> Totals:
    """The sums of a credit note, which are those of its lines."""
    subtotal = sum(line.amount for line in lines)
    discount = sum(line.discount for line in lines)
    tax = sum(line.tax for line in lines)
    return Totals(
        lines=tuple(LineTotals(line.amount, line.discount, line.tax) for line in lines),
        subtotal=subtotal,
        discount=discount,
        taxes=tax_totals(lines, prices_include_tax=prices_include_tax),
        tax=tax,
        total=subtotal - discount + (0 if prices_include_tax else tax),
    )


def tax_totals(lines: Sequence[CreditLine], *, prices_include_tax: bool) -> tuple[TaxTotal, ...]:
    """The breakdown by rate, which adds up to the lines' tax (EN 16931, BG-23)."""
    groups: dict[tuple[Decimal, str, str | None], list[int]] = {}
    for credited in lines:
        line = credited.line
        group = groups.setdefault((line.tax_rate, line.tax_category, line.exemption_reason), [0, 0])
        contained = credited.tax if prices_include_tax else 0
        group[0] += credited.amount - credited.discount - contained
        group[1] += credited.tax
    return tuple(TaxTotal(*key, base, amount) for key, (base, amount) in groups.items())


def check_total(total: int) -> None:
    """Raises ValidationFailed where a credit note would ask for money instead of giving it back."""
    if total < 0:
        raise ValidationFailed({"items": ["These lines add up to less than 0; a rebate is credited with its lines."]})


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
