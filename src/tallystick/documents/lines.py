"""The table of a bill, and the sums below it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate

from tallystick.bills.types import BillRow, LineRow
from tallystick.core.bill import DiscountType
from tallystick.core.money import digits, to_minor
from tallystick.core.tax_categories import OUTSIDE_THE_SCOPE
from tallystick.core.totals import TaxTotal
from tallystick.credit_notes.types import CreditNoteRow
from tallystick.documents.document import Column, Table, TableRow, Total
from tallystick.documents.reader import Readership, block

Row = BillRow | CreditNoteRow


def table(row: Row, lines: Sequence[LineRow], reader: Readership) -> Table:
    """The lines of a bill: a column for discounts where a line has one, and one for taxes where their rates differ."""
    has_discounts = any(each.discount_type for each in lines)
    has_taxes = len({tax.rate for tax in row.taxes}) > 1
    keys = {
        "position": True,
        "description": True,
        "quantity": True,
        "unit_price": True,
        "discount": has_discounts,
        "tax": has_taxes,
        "amount": True,
    }
    columns = [_column(key, reader) for key, is_there in keys.items() if is_there]
    runs = accumulate(each.amount for each in lines)
    numbered = enumerate(zip(lines, runs, strict=True), start=1)
    return Table(columns, [_line(position, each, run, reader) for position, (each, run) in numbered])


def _column(key: str, reader: Readership) -> Column:
    label = reader.tax_name if key == "tax" else reader.words(f"column.{key}")
    return Column(key, label, is_number=key != "description")


def _line(position: int, each: LineRow, run: int, reader: Readership) -> TableRow:
    notation = reader.notation
    description, _, detail = block(each.description).partition("\n")
    cells = {
        "position": str(position),
        "description": description,
        "quantity": notation.number(each.quantity),
        "unit_price": notation.unit_price(each.unit_price),
        "discount": _line_discount(each, reader),
        "tax": notation.percent(each.tax_rate),
        "amount": notation.amount(each.amount),
    }
    unit = reader.unit(each.unit, each.quantity)
    return TableRow(cells=cells, detail=detail.strip() or None, unit=unit, run=notation.amount(run))


def _line_discount(each: LineRow, reader: Readership) -> str:
    if each.discount_type is None or not each.discount_value:
        return ""
    if each.discount_type == DiscountType.PERCENTAGE:
        return reader.notation.percent(-each.discount_value)
    return reader.notation.amount(-_minor(each.discount_value, reader))


def _minor(amount: Decimal, reader: Readership) -> int:
    return to_minor(amount, digits(reader.currency))


def sums(row: Row, total_key: str, reader: Readership) -> Iterator[Total]:
    """From the subtotal to the total, whose label is given by its key."""
    notation, total = reader.notation, row.sums
    taxes = [_tax(tax, reader, is_included=row.prices_include_tax) for tax in row.taxes if _is_shown(tax)]
    if total.discount or (taxes and not row.prices_include_tax):
        yield _sum("subtotal", total.subtotal, reader)
    if total.discount:
        label = reader.words("total.discount")
        if row.discount_type == DiscountType.PERCENTAGE and row.discount_value is not None:
            label = f"{label} {notation.percent(row.discount_value)}"
        yield Total(key="discount", label=label, text=notation.amount(-total.discount))
        if taxes and not row.prices_include_tax:
            yield _sum("net", total.net, reader)
    if not row.prices_include_tax:
        yield from taxes
    label = reader.words(total_key)
    yield Total(key="total", label=label, text=notation.amount(total.total), weight=1, unit=reader.currency)
    if row.prices_include_tax:
        yield from taxes


def _is_shown(tax: TaxTotal) -> bool:
    """What is outside the scope of tax has none, not even of 0 (EN 16931, BR-O-5)."""
    return tax.category != OUTSIDE_THE_SCOPE


def _sum(key: str, amount: int, reader: Readership) -> Total:
    return Total(key=key, label=reader.words(f"total.{key}"), text=reader.notation.amount(amount))


def _tax(tax: TaxTotal, reader: Readership, *, is_included: bool) -> Total:
    label = "total.included_tax" if is_included else "total.tax"
    return Total(
        key="tax",
        label=reader.words(label, tax=reader.tax_name, rate=reader.notation.percent(tax.rate)),
        text=reader.notation.amount(tax.amount),
        on=reader.words("total.on", amount=reader.notation.amount(tax.base)),
    )
