"""M6: what holds for every bill, against sums of exact fractions."""

from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import given, reject
from hypothesis import strategies as st

from tallystick.core.bill import Bill, Discount, DiscountType, Line, LineTax
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import Rounding, RoundingMode, digits, to_decimal
from tallystick.core.totals import Totals, compute

HALF = Fraction(1, 2)


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    """Decimals from ``low`` to ``high`` units of the last of up to ``places`` places."""
    return st.builds(lambda units, used: Decimal(units).scaleb(-used), st.integers(low, high), st.integers(0, places))


percentages = st.one_of(st.sampled_from([Decimal(0), Decimal("33.333333333333"), Decimal(100)]), decimals(0, 100, 3))
rates = st.one_of(st.sampled_from([Decimal(text) for text in ("0", "5", "7", "7.0", "19", "20", "8.875")]), percentages)


@st.composite
def discounts(draw: st.DrawFn, places: int) -> Discount | None:
    kind = draw(st.sampled_from([None, *DiscountType]))
    if kind is None:
        return None
    values = percentages if kind is DiscountType.PERCENTAGE else decimals(0, 10**5, places)
    return Discount(kind, draw(values))


@st.composite
def lines(draw: st.DrawFn, places: int) -> Line:
    tax = LineTax(draw(rates), draw(st.sampled_from(["S", "E"])), draw(st.sampled_from([None, "art. 132", "art. 135"])))
    if draw(st.integers(0, 3)) == 3:
        return Line("rebate", draw(decimals(1, 10, 2)), draw(decimals(-(10**4), -1, 5)), tax=tax)
    discount = draw(discounts(places))
    return Line("sale", draw(decimals(1, 10**4, 4)), draw(decimals(0, 10**6, 5)), discount=discount, tax=tax)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    currency = draw(st.sampled_from(["JPY", "EUR", "BHD", "CLF"]))
    places = digits(currency)
    return Bill(
        currency,
        tuple(draw(st.lists(lines(places), min_size=1, max_size=6))),
        draw(discounts(places)),
        draw(st.booleans()),
        draw(st.sampled_from(Rounding)),
        draw(st.sampled_from(RoundingMode)),
    )


def computed(bill: Bill) -> Totals:
    """The sums of a bill; one that rebates bring below zero is no example."""
    try:
        return compute(bill)
    except ValidationFailed as refused:
        if list(refused.errors.values()) != [["A bill cannot go below zero."]]:
            raise
        reject()


def rounded(exact: Fraction, mode: RoundingMode) -> int:
    if mode is RoundingMode.HALF_EVEN:
        return round(exact)
    return int(exact + HALF) if exact >= 0 else int(exact - HALF)


def exact_line(line: Line, minor_units: int) -> Fraction:
    gross = Fraction(line.quantity) * Fraction(line.unit_price)
    if line.discount is None:
        net = gross
    elif line.discount.type is DiscountType.PERCENTAGE:
        net = gross - gross * Fraction(line.discount.value) / 100
    else:
        net = max(gross - Fraction(line.discount.value), Fraction(0))
    return net * minor_units


def exact_discount(bill: Bill, subtotal: int, minor_units: int) -> Fraction:
    if bill.discount is None:
        return Fraction(0)
    if bill.discount.type is DiscountType.PERCENTAGE:
        return subtotal * Fraction(bill.discount.value) / 100
    return min(Fraction(bill.discount.value) * minor_units, Fraction(subtotal))


def exact_tax(amount: int, rate: Decimal, bill: Bill) -> Fraction:
    return amount * Fraction(rate) / (100 + Fraction(rate) if bill.prices_include_tax else 100)


@given(bills())
def test_the_parts_sum_to_the_whole(bill: Bill) -> None:
    totals = computed(bill)
    assert sum(line.amount for line in totals.lines) == totals.subtotal
    assert sum(line.discount for line in totals.lines) == totals.discount
    assert sum(line.tax for line in totals.lines) == totals.tax
    assert sum(row.amount for row in totals.taxes) == totals.tax
    without_tax = totals.total - totals.tax
    assert sum(row.base for row in totals.taxes) == without_tax
    if bill.prices_include_tax:
        assert totals.subtotal - totals.discount == totals.total
    else:
        assert totals.subtotal - totals.discount + totals.tax == totals.total


@given(bills())
def test_amounts_and_discount_are_the_exact_ones_rounded_once(bill: Bill) -> None:
    totals = computed(bill)
    minor_units = 10 ** digits(bill.currency)
    amounts = [rounded(exact_line(line, minor_units), bill.rounding_mode) for line in bill.lines]
    assert [line.amount for line in totals.lines] == amounts
    assert totals.discount == rounded(exact_discount(bill, sum(amounts), minor_units), bill.rounding_mode)


@given(bills())
def test_shares_are_within_one_unit_of_the_exact_ones(bill: Bill) -> None:
    totals = computed(bill)
    above_0 = sum(max(shares.amount, 0) for shares in totals.lines)
    for line, shares in zip(bill.lines, totals.lines, strict=True):
        if above_0:
            assert abs(shares.discount - Fraction(totals.discount * max(shares.amount, 0), above_0)) < 1
        assert abs(shares.tax - exact_tax(shares.amount - shares.discount, line.tax.rate, bill)) < 1


@given(bills())
def test_a_discount_is_never_negative_and_takes_no_line_below_zero(bill: Bill) -> None:
    """EN 16931, BG-20: an allowance is not negative, and a rebate has none."""
    for shares in computed(bill).lines:
        assert 0 <= shares.discount <= max(shares.amount, 0)


@given(bills())
def test_the_breakdown_has_one_row_for_each_category_and_rate(bill: Bill) -> None:
    rows = [(row.category, row.rate) for row in computed(bill).taxes]
    assert len(rows) == len(set(rows))
    assert set(rows) == {(line.tax.category, line.tax.rate) for line in bill.lines}


@given(bills())
def test_the_tax_of_a_group_is_the_exact_one_rounded_where_the_bill_says(bill: Bill) -> None:
    totals = computed(bill)
    for row in totals.taxes:
        group = [
            shares.amount - shares.discount
            for line, shares in zip(bill.lines, totals.lines, strict=True)
            if (line.tax.rate, line.tax.category) == (row.rate, row.category)
        ]
        assert row.base == sum(group) - (row.amount if bill.prices_include_tax else 0)
        rounded_amounts = group if bill.rounding is Rounding.LINE else [sum(group)]
        assert row.amount == sum(
            rounded(exact_tax(amount, row.rate, bill), bill.rounding_mode) for amount in rounded_amounts
        )


@given(bills())
def test_every_amount_is_an_int_and_none_is_a_negative_zero(bill: Bill) -> None:
    totals = computed(bill)
    amounts = [totals.subtotal, totals.discount, totals.tax, totals.total]
    amounts += [amount for line in totals.lines for amount in line]
    amounts += [amount for row in totals.taxes for amount in (row.base, row.amount)]
    for amount in amounts:
        assert type(amount) is int
        assert to_decimal(amount, digits(bill.currency)).is_signed() is (amount < 0)


@given(bills())
def test_an_inclusive_total_never_moves(bill: Bill) -> None:
    with_tax = bill._replace(prices_include_tax=True)
    without_tax = with_tax._replace(lines=tuple(line._replace(tax=LineTax(Decimal(0))) for line in bill.lines))
    assert computed(with_tax).total == computed(without_tax).total


@given(bills(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_no_sum(bill: Bill, random: Random) -> None:
    # Without a discount on the bill: of equal lines the earlier takes its odd unit, and its rate is spared.
    undiscounted = bill._replace(discount=None)
    shuffled = list(bill.lines)
    random.shuffle(shuffled)
    totals, others = computed(undiscounted), computed(undiscounted._replace(lines=tuple(shuffled)))
    assert (others.subtotal, others.tax, others.total) == (totals.subtotal, totals.tax, totals.total)
    assert sorted(row[:2] + row[3:] for row in others.taxes) == sorted(row[:2] + row[3:] for row in totals.taxes)


@given(bills(), rates)
def test_a_full_discount_leaves_nothing(bill: Bill, rate: Decimal) -> None:
    # At one rate: of several, a rebate's keeps the tax that the discount, which falls on other lines, does not bear.
    lines = tuple(line._replace(tax=LineTax(rate)) for line in bill.lines)
    full = bill._replace(lines=lines, discount=Discount(DiscountType.PERCENTAGE, Decimal(100)))
    totals = computed(full._replace(rounding=Rounding.DOCUMENT))
    assert (totals.tax, totals.total) == (0, 0) if totals.subtotal else totals.discount == 0
