"""The rules of all bills, a case a line, the outcome last."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET, structs

from tallystick.bills import rules
from tallystick.bills.types import DraftChange
from tallystick.core.bill import Calculation, Discount, DiscountType, LineTax
from tallystick.core.errors import FieldErrors
from tests.credit_notes.test_rules import bill, invoice_of, line
from tests.refusals import is_refused

AMOUNT, PERCENTAGE = DiscountType.AMOUNT, DiscountType.PERCENTAGE
FIVE = Decimal(5)
FIVE_OFF, FIVE_PERCENT = Discount(AMOUNT, FIVE), Discount(PERCENTAGE, FIVE)


@pytest.mark.parametrize(
    ("stored", "type", "value", "expected"),
    [
        (None, UNSET, UNSET, None),
        (None, AMOUNT, FIVE, FIVE_OFF),
        (None, None, None, None),
        (None, UNSET, Decimal(0), None),
        (None, UNSET, FIVE, ["discount_type"]),
        (None, AMOUNT, UNSET, ["discount_value"]),
        (FIVE_OFF, UNSET, UNSET, FIVE_OFF),
        (FIVE_OFF, PERCENTAGE, UNSET, FIVE_PERCENT),
        (FIVE_OFF, UNSET, Decimal(6), Discount(AMOUNT, Decimal(6))),
        (FIVE_OFF, None, UNSET, None),
        (FIVE_OFF, UNSET, None, ["discount_value"]),
    ],
)
def test_a_discount_has_a_type_and_a_value(stored: Discount | None, type: Any, value: Any, expected: Any) -> None:
    errors: FieldErrors = {}
    changed = rules.changed_discount(stored, DraftChange(discount_type=type, discount_value=value), errors)
    assert (list(errors) or changed) == expected


@pytest.mark.parametrize(
    ("number", "wanted", "change", "expected"),
    [
        (None, None, UNSET, False),
        (None, None, None, False),
        (None, None, "A-1", True),
        (None, "A-1", "A-1", False),
        (None, "A-1", None, True),
        ("INV-1", None, "INV-1", False),
        ("INV-1", None, "INV-2", True),
        ("INV-1", None, UNSET, False),
    ],
)
def test_a_draft_is_renumbered_by_another_number_alone(
    number: str | None, wanted: str | None, change: Any, expected: bool
) -> None:
    row = structs.replace(invoice_of(bill(line("1"))).row, number=number, wanted_number=wanted)
    assert rules.renumbers(row, DraftChange(number=change)) is expected


@pytest.mark.parametrize(
    ("taxes", "refused"),
    [
        ([("20", "S")], False),
        ([("20", "S"), ("0", "Z")], False),
        ([("0", "S")], True),
        ([("20", "Z")], True),
        ([("0", "E")], True),
        ([("0", "O")], True),
    ],
)
def test_only_what_en_16931_knows_is_issued(taxes: list[tuple[str, str]], refused: bool) -> None:
    lines = [line("1", rate, category=category) for rate, category in taxes]
    assert is_refused(rules.check_issuable, lines) is refused


@pytest.mark.parametrize(
    ("calculation", "tax", "expected"),
    [
        (Calculation.EN16931, LineTax(Decimal(20), "S"), False),
        (Calculation.ORIGINAL, LineTax(Decimal(20), "S"), True),
        (Calculation.EN16931, LineTax(Decimal(0), "S"), True),
        (Calculation.EN16931, LineTax(Decimal(0), "Z"), False),
        (Calculation.EN16931, LineTax(Decimal(0), "E"), True),
        (Calculation.EN16931, LineTax(Decimal(0), "E", "Article 132"), False),
    ],
)
def test_a_draft_is_outdated_where_today_would_make_another(
    calculation: Calculation, tax: LineTax, expected: bool
) -> None:
    assert rules.is_outdated(bill(line("1")._replace(tax=tax), calculation=calculation)) is expected


@pytest.mark.parametrize(("total", "refused"), [(120, False), (119, True)])
def test_nobody_learns_a_new_total_from_the_issued_bill(total: int, refused: bool) -> None:
    content = bill(line("1"))
    made = invoice_of(content).row
    row = structs.replace(made, sums=structs.replace(made.sums, total=total))
    assert is_refused(rules.renewed_totals, content, row) is refused
