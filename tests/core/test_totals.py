"""Amounts in the tables are minor units, worked out by hand."""

from decimal import Decimal, localcontext

import pytest

from tallystick.core.bill import Bill, Calculation, Discount, DiscountType, Line, LineTax
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import MAX_MINOR, Rounding, RoundingMode
from tallystick.core.totals import LineTotals, TaxTotal, Totals, compute


def percent(value: str) -> Discount:
    return Discount(DiscountType.PERCENTAGE, Decimal(value))


def off(value: str) -> Discount:
    return Discount(DiscountType.AMOUNT, Decimal(value))


def line(
    unit_price: str,
    rate: str = "0",
    *,
    quantity: str = "1",
    discount: Discount | None = None,
    category: str = "S",
    reason: str | None = None,
) -> Line:
    tax = LineTax(Decimal(rate), category, reason)
    return Line("work", Decimal(quantity), Decimal(unit_price), discount=discount, tax=tax)


def bill(*lines: Line, currency: str = "EUR", discount: Discount | None = None) -> Bill:
    return Bill(currency, lines, discount)


def inclusive(*lines: Line, discount: Discount | None = None) -> Bill:
    return Bill("EUR", lines, discount, prices_include_tax=True)


def by_line(of: Bill) -> Bill:
    return of._replace(rounding=Rounding.LINE)


def half_even(of: Bill) -> Bill:
    return of._replace(rounding_mode=RoundingMode.HALF_EVEN)


def summary(totals: Totals) -> tuple[int, int, int, int]:
    return totals.subtotal, totals.discount, totals.tax, totals.total


M1_LINES = (line("100.00", "10"), line("50.00"), line("30.00", "20"), line("20.00", "20"))
M1 = bill(*M1_LINES, discount=off("10.00"))
M3 = bill(*50 * (line("241.67", "20"),))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (M1, (20000, 1000, 1900, 20900)),
        (bill(*M1_LINES, discount=off("1000.00")), (20000, 20000, 0, 0)),  # M2
        (M3, (1208350, 0, 241670, 1450020)),
        (by_line(M3), (1208350, 0, 241650, 1450000)),
        (bill(line("99.99", "20"), discount=percent("100")), (9999, 9999, 0, 0)),  # M4
        (by_line(bill(line("99.99", "20"), discount=percent("100"))), (9999, 9999, 0, 0)),
        (inclusive(line("99.99", "20"), discount=percent("100")), (9999, 9999, 0, 0)),
        (bill(line("99.99", "20", discount=percent("100"))), (0, 0, 0, 0)),
        (bill(line("333.3", quantity="3"), currency="JPY"), (1000, 0, 0, 1000)),  # M7
        (bill(line("1.0005"), currency="BHD"), (1001, 0, 0, 1001)),
        (bill(line("1.00005"), currency="CLF"), (10001, 0, 0, 10001)),
        (bill(line("0", "20")), (0, 0, 0, 0)),
        # 353.90 * 19 / 119 = 56.5050…
        (inclusive(line("340.00", "19"), line("13.90", "19")), (35390, 0, 5651, 35390)),
        # 318.51 * 19 / 119 = 50.8545…
        (
            inclusive(line("340.00", "19"), line("13.90", "19"), discount=percent("10")),
            (35390, 3539, 5085, 31851),
        ),
        # 1.00 * 10 / 110 = 0.0909… a line, 0.2727… in sum
        (inclusive(*3 * (line("1.00", "10"),)), (300, 0, 27, 300)),
        (by_line(inclusive(*4 * (line("1.00", "10"),))), (400, 0, 36, 400)),
        # 0.1667 a line, 0.6667 in sum
        (inclusive(*4 * (line("1.00", "20"),)), (400, 0, 67, 400)),
        (by_line(inclusive(*4 * (line("1.00", "20"),))), (400, 0, 68, 400)),
        # exactly half a cent: of a line, of a discount, of a tax
        (bill(line("0.125")), (13, 0, 0, 13)),
        (half_even(bill(line("0.125"))), (12, 0, 0, 12)),
        (half_even(bill(line("0.135"))), (14, 0, 0, 14)),
        (bill(line("1.00"), line("-0.125")), (87, 0, 0, 87)),
        (half_even(bill(line("1.00"), line("-0.125"))), (88, 0, 0, 88)),
        (bill(line("0.50"), discount=percent("1")), (50, 1, 0, 49)),
        (half_even(bill(line("0.50"), discount=percent("1"))), (50, 0, 0, 50)),
        (bill(line("0.50", "5")), (50, 0, 3, 53)),
        (half_even(bill(line("0.50", "5"))), (50, 0, 2, 52)),
        # a binary fraction would see less than half in 1.005, and 5000000000.005 is beyond its digits
        (bill(line("1.005")), (101, 0, 0, 101)),
        (bill(line("5000000000", quantity="1.000000000001")), (500000000001, 0, 0, 500000000001)),
        (half_even(bill(line("5000000000", quantity="1.000000000001"))), (500000000000, 0, 0, 500000000000)),
        # rounded once, after the discount: 3 * 0.335 = 1.005, less 10 % = 0.9045
        (bill(line("0.335", quantity="3", discount=percent("10"))), (90, 0, 0, 90)),
        (bill(line("0.125", quantity="2", discount=off("0.10"))), (15, 0, 0, 15)),
        (bill(line("1.005", discount=off("1.00"))), (1, 0, 0, 1)),
        (bill(line("10.00", "20", discount=off("50.00"))), (0, 0, 0, 0)),
        (bill(line("0.005", discount=off("0.01"))), (0, 0, 0, 0)),
        (bill(line("1.500", discount=off("0.001")), currency="BHD"), (1499, 0, 0, 1499)),
        (bill(line("-10.00", "20", discount=percent("50")), line("20.00", "20")), (1500, 0, 300, 1800)),
        # 12.5 % of 0.99 = 0.12375; 7.25 % of 10.00 = 0.725
        (bill(line("0.99", discount=percent("12.5"))), (87, 0, 0, 87)),
        (bill(line("10.00", "7.25")), (1000, 0, 73, 1073)),
        (bill(line("10.00", "20"), discount=percent("0")), (1000, 0, 200, 1200)),
        (bill(line("10.00", "20"), discount=off("0")), (1000, 0, 200, 1200)),
        (bill(line("10.00", "100")), (1000, 0, 1000, 2000)),
        (inclusive(line("10.00", "100")), (1000, 0, 500, 1000)),
    ],
)
def test_sums(of: Bill, expected: tuple[int, int, int, int]) -> None:
    assert summary(compute(of)) == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (M1, [(10000, 500, 950), (5000, 250, 0), (3000, 150, 570), (2000, 100, 380)]),
        # 3.333… each: the earlier line takes the odd cent
        (bill(*3 * (line("1.00"),), discount=off("0.10")), [(100, 4, 0), (100, 3, 0), (100, 3, 0)]),
        # 0.4 each, 1 in sum (1.2)
        (bill(*3 * (line("0.02", "20"),)), [(2, 0, 1), (2, 0, 0), (2, 0, 0)]),
        (by_line(bill(*3 * (line("0.02", "20"),))), [(2, 0, 0), (2, 0, 0), (2, 0, 0)]),
        # 54.2857… and 2.2193…
        (inclusive(line("340.00", "19"), line("13.90", "19")), [(34000, 0, 5429), (1390, 0, 222)]),
        (
            bill(line("100", "20"), line("-20", "20"), discount=percent("10")),
            [(10000, 800, 1840), (-2000, 0, -400)],
        ),
        # a line and its rebate each keep their own tax
        (bill(line("100", "20"), line("-100", "20")), [(10000, 0, 2000), (-10000, 0, -2000)]),
        (bill(line("100", "20"), line("-100"), discount=percent("100")), [(10000, 0, 2000), (-10000, 0, 0)]),
        (bill(line("0", "20"), line("0.04", "20")), [(0, 0, 0), (4, 0, 1)]),
        # a discount falls on the lines above 0 alone: 99.00 at 20 %
        (bill(line("100", "20"), line("-99"), discount=off("1.00")), [(10000, 100, 1980), (-9900, 0, 0)]),
        # 20.00 over 70.00 and 10.00: 17.50 and 2.50
        (
            bill(line("70", "20"), line("-40"), line("10"), discount=off("20.00")),
            [(7000, 1750, 1050), (-4000, 0, 0), (1000, 250, 0)],
        ),
        # 0.03 over three equal lines of 0.01, which go down to 0 and not below
        (bill(*3 * (line("0.01"),), line("0"), discount=off("0.03")), [(1, 1, 0), (1, 1, 0), (1, 1, 0), (0, 0, 0)]),
        # 7.98 of 50.00 at 19 %: 11.0168... and -3.0336...
        (
            inclusive(line("119.00", "19"), line("-19.00", "19"), discount=off("50.00")),
            [(11900, 5000, 1102), (-1900, 0, -304)],
        ),
    ],
)
def test_shares_of_the_lines(of: Bill, expected: list[tuple[int, int, int]]) -> None:
    assert compute(of).lines == tuple(LineTotals(*shares) for shares in expected)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (M1, [("10", "S", None, 9500, 950), ("0", "S", None, 4750, 0), ("20", "S", None, 4750, 950)]),
        (bill(line("1", "20"), line("1", "20.0")), [("20", "S", None, 200, 40)]),
        (
            bill(line("1", "2E+1"), line("1", "5"), line("1", "20")),
            [("2E+1", "S", None, 200, 40), ("5", "S", None, 100, 5)],
        ),
        (
            bill(line("1", category="Z"), line("1", category="E")),
            [("0", "Z", None, 100, 0), ("0", "E", None, 100, 0)],
        ),
        (
            bill(line("1", category="E", reason="art. 132"), line("2", category="E", reason="art. 135")),
            [("0", "E", "art. 132; art. 135", 300, 0)],
        ),
        (
            bill(*(line("1", category="E", reason=reason) for reason in ("b", None, "a", "b"))),
            [("0", "E", "b; a", 400, 0)],
        ),
        (inclusive(line("340.00", "19"), line("13.90", "19")), [("19", "S", None, 29739, 5651)]),
        (by_line(inclusive(*4 * (line("1.00", "20"),))), [("20", "S", None, 332, 68)]),
        (
            bill(line("10", "20"), line("-3", "10")),
            [("20", "S", None, 1000, 200), ("10", "S", None, -300, -30)],
        ),
    ],
)
def test_breakdown(of: Bill, expected: list[tuple[str, str, str | None, int, int]]) -> None:
    breakdown = [(str(row.rate), row.category, row.exemption_reason, row.base, row.amount) for row in compute(of).taxes]
    assert breakdown == expected


ORIGINAL = Calculation.ORIGINAL
REBATED = bill(line("100", "20"), line("-99"), discount=off("1.00"))
TWO_REASONS = bill(line("1", category="E", reason="art. 132"), line("2", category="E", reason="art. 135"))


def test_a_bill_of_the_first_versions_is_computed_by_their_rules() -> None:
    """1.00 off 1.00 took 100.00 off the one line and gave 99.00 to the other; each reason had a row."""
    rebated = compute(REBATED._replace(calculation=ORIGINAL))
    assert summary(rebated) == (100, 100, 0, 0)
    assert rebated.lines == (LineTotals(10000, 10000, 0), LineTotals(-9900, -9900, 0))
    two_reasons = compute(TWO_REASONS._replace(calculation=ORIGINAL))
    assert [row.exemption_reason for row in two_reasons.taxes] == ["art. 132", "art. 135"]


@pytest.mark.parametrize("of", [M1, M3, bill(*M1_LINES, discount=off("1000.00"))])
def test_without_rebates_and_reasons_both_rules_come_to_the_same(of: Bill) -> None:
    assert compute(of._replace(calculation=ORIGINAL)) == compute(of)


def test_a_line_without_tax_is_zero_rated() -> None:
    totals = compute(bill(Line("work", Decimal(1), Decimal(10))))
    assert totals.taxes == (TaxTotal(Decimal(0), "Z", None, 1000, 0),)


# 2**53 - 1 = 6361 * 1416003655831
LARGEST = line("14160036558.31", quantity="6361")


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (bill(), {"items"}),
        (bill(*1001 * (line("1"),)), {"items"}),
        (bill(line("1", quantity="0")), {"items.0.quantity"}),
        (bill(line("1"), line("1", quantity="-1")), {"items.1.quantity"}),
        (bill(line("1", quantity="NaN")), {"items.0.quantity"}),
        (bill(line("1", quantity="sNaN")), {"items.0.quantity"}),
        (bill(line("1", quantity="Infinity")), {"items.0.quantity"}),
        (bill(line("1", quantity="1E+400")), {"items.0.quantity"}),
        (bill(line("1", quantity="1E-400")), {"items.0.quantity"}),
        (bill(line("1", quantity="0.0000000000001")), {"items.0.quantity"}),
        (bill(line("1", quantity="1000000000000000")), {"items.0.quantity"}),
        (bill(line("NaN")), {"items.0.unit_price"}),
        (bill(line("-Infinity")), {"items.0.unit_price"}),
        (bill(line("1E+999999")), {"items.0.unit_price"}),
        (bill(line("1.0000000000001")), {"items.0.unit_price"}),
        (bill(line("-1000000000000000"), line("1")), {"items.0.unit_price"}),
        (bill(line("1", "NaN")), {"items.0.tax_rate"}),
        (bill(line("1", "-1")), {"items.0.tax_rate"}),
        (bill(line("1", "100.01")), {"items.0.tax_rate"}),
        (bill(line("1", "19.0000000000001")), {"items.0.tax_rate"}),
        (bill(line("1", discount=percent("100.01"))), {"items.0.discount_value"}),
        (bill(line("1", discount=percent("-1"))), {"items.0.discount_value"}),
        (bill(line("1", discount=percent("NaN"))), {"items.0.discount_value"}),
        (bill(line("1", discount=off("-0.01"))), {"items.0.discount_value"}),
        (bill(line("1", discount=off("0.001"))), {"items.0.discount_value"}),
        (bill(line("1", discount=off("0.1")), currency="JPY"), {"items.0.discount_value"}),
        (bill(line("5"), line("-1", discount=off("0.10"))), {"items.1.discount_value"}),
        (bill(line("1"), discount=percent("100.01")), {"discount_value"}),
        (bill(line("1"), discount=percent("-0.01")), {"discount_value"}),
        (bill(line("1"), discount=percent("Infinity")), {"discount_value"}),
        (bill(line("1"), discount=off("-1")), {"discount_value"}),
        (bill(line("1"), discount=off("0.001")), {"discount_value"}),
        (bill(line("1"), discount=off("NaN")), {"discount_value"}),
        (bill(line("1"), currency="XAU"), {"currency"}),
        (bill(line("1"), currency="eur"), {"currency"}),
        (bill(line("1"), currency=""), {"currency"}),
        (bill(line("-0.01")), {"items"}),
        (bill(line("10"), line("-10.01")), {"items"}),
        (bill(line("100"), line("-90", "20")), {"total"}),
        (bill(line("999999999999999", quantity="999999999999999")), {"items.0.unit_price"}),
        (bill(line("1"), line("-999999999999999", quantity="92235")), {"items.1.unit_price"}),
        (bill(LARGEST._replace(unit_price=Decimal("14160036558.32"))), {"items.0.unit_price"}),
        (bill(LARGEST, line("0.01")), {"total"}),
        (bill(LARGEST._replace(tax=LineTax(Decimal("0.000001")))), {"total"}),
        (inclusive(LARGEST, line("0.01")), {"total"}),
        # the total is the largest amount, but one rate's base is twice that
        (
            bill(LARGEST, LARGEST, LARGEST._replace(unit_price=-LARGEST.unit_price, tax=LineTax(Decimal(0), "E"))),
            {"total"},
        ),
        # all at once, and a line that is wrong does not count as one that is missing
        (
            bill(
                line("NaN", "101", quantity="0", discount=percent("101")),
                line("-5"),
                currency="ABC",
                discount=off("-1"),
            ),
            {
                "currency",
                "discount_value",
                "items.0.discount_value",
                "items.0.quantity",
                "items.0.tax_rate",
                "items.0.unit_price",
            },
        ),
        (bill(currency="XXX", discount=percent("101")), {"currency", "discount_value", "items"}),
    ],
)
def test_every_wrong_field_is_named(of: Bill, expected: set[str]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        compute(of)
    assert set(refused.value.errors) == expected
    assert all(len(sentences) == 1 for sentences in refused.value.errors.values())


TOO_LONG = "Must have at most 15 digits before the point and 12 after it."
TOO_FINE = "Must have at most 2 digits after the point."
REBATE = "A rebate line takes no discount amount."
BELOW_ZERO = "A bill cannot go below zero."


@pytest.mark.parametrize(
    ("of", "field", "sentence"),
    [
        (bill(line("NaN")), "items.0.unit_price", "Must be a finite number."),
        (bill(line("1E15")), "items.0.unit_price", TOO_LONG),
        (bill(line("1", quantity="0")), "items.0.quantity", "Must be above 0."),
        (bill(line("1", "101")), "items.0.tax_rate", "Must be from 0 to 100."),
        (bill(line("1"), discount=off("-1")), "discount_value", "Must not be negative."),
        (bill(line("1"), discount=off("0.001")), "discount_value", TOO_FINE),
        (bill(line("-1", discount=off("1"))), "items.0.discount_value", REBATE),
        (bill(LARGEST, line("1")), "total", "Is larger than an amount can be."),
        (bill(line("-1")), "items", BELOW_ZERO),
        (bill(line("100"), line("-90", "20")), "total", BELOW_ZERO),
        (bill(), "items", "Must hold from 1 to 1000 lines."),
    ],
)
def test_a_refusal_says_why(of: Bill, field: str, sentence: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        compute(of)
    assert refused.value.errors == {field: [sentence]}


def test_the_largest_bill() -> None:
    assert summary(compute(bill(LARGEST))) == (MAX_MINOR, 0, 0, MAX_MINOR)
    assert summary(compute(bill(*1000 * (line("0.01", "10"),)))) == (1000, 0, 100, 1100)


def test_the_longest_numbers_are_exact() -> None:
    # 123456789012345.000000000001 * 0.010000000000 = 1234567890123.45000000000000001
    of = bill(line("0.010000000000", quantity="123456789012345.000000000001"))
    assert compute(of).subtotal == 123456789012345


def test_the_context_of_the_thread_changes_nothing() -> None:
    with localcontext(prec=3):
        assert summary(compute(bill(LARGEST))) == (MAX_MINOR, 0, 0, MAX_MINOR)
        assert summary(compute(M1)) == (20000, 1000, 1900, 20900)
