"""However a month is cut into parts, they bear its whole cost."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.rating import Price, PriceModel, Rate, RateUnit, Tier, charged_units, cost
from tallystick.usage.pricing import Pricing, UsagePart, Used

D = Decimal
TIERS = (Tier(D(10), D(10), D(2)), Tier(D(20), D(5), D(3)), Tier(None, D("0.3"), D(3)))
PRICES = (
    Price(model=PriceModel.GRADUATED, tiers=TIERS),
    Price(model=PriceModel.VOLUME, tiers=TIERS),
    Price(model=PriceModel.PACKAGE, unit_price=D(7), size=D(3), free_units=D(5)),
    Price(model=PriceModel.PERCENTAGE, percent=D("2.9"), minimum=D(1), flat=D("0.1")),
    Price(model=PriceModel.PER_UNIT, unit_price=D("0.1"), free_units=D(2)),
)
numbers = st.decimals(0, 1000, places=3)


def part(quantity: Decimal, *, adds_up: bool) -> Used:
    calls = UsagePart(date(2026, 3, 1), "calls", (), None, None, adds_up=adds_up, has_cost=False)
    return Used(calls, 1, 2, int(quantity * 10**12), 0)


@given(
    st.sampled_from(PRICES),
    st.sampled_from((None, *RateUnit)),
    st.lists(numbers, min_size=1, max_size=9),
    st.booleans(),
)
def test_the_shares_of_a_month_sum_to_its_cost(
    price: Price, unit: RateUnit | None, quantities: list[Decimal], adds_up: bool
) -> None:
    rate = Rate(
        id=1,
        meter="calls",
        service=None,
        region=None,
        customer_id=None,
        currency="EUR",
        unit=unit,
        valid_from=None,
        tax_id=None,
        price=price,
    )
    pricing, parts = Pricing([rate], "EUR"), [part(quantity, adds_up=adds_up) for quantity in quantities]
    for each in parts:
        pricing.add(each)
    shares = [Fraction(pricing.cost(each) or 0, 10**26) for each in parts]
    whole = cost(price, charged_units(unit, sum(quantities, D(0)), 2 * len(parts)))
    assert sum(shares) == Fraction(whole)
    is_by_quantity = adds_up and unit is not RateUnit.EVENT and any(quantities)
    weights = quantities if is_by_quantity else [D(2)] * len(parts)
    for share, weight in zip(shares, weights, strict=True):
        exact = Fraction(whole) * Fraction(weight) / sum(map(Fraction, weights))
        assert abs(share - exact) <= Fraction(1, 10**12)
