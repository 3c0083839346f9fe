"""What usage costs: the truths worked out by hand, and a model in fractions."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.rating import (
    Price,
    PriceModel,
    Rate,
    Rated,
    Rates,
    RateUnit,
    Tier,
    charged_units,
    cost,
    price_errors,
)

D = Decimal


def tiers(*rows: tuple[str | None, str, str]) -> tuple[Tier, ...]:
    return tuple(Tier(None if end is None else D(end), D(price), D(flat)) for end, price, flat in rows)


PER_UNIT = Price(model=PriceModel.PER_UNIT, unit_price=D("0.5"))
GRADUATED = Price(model=PriceModel.GRADUATED, tiers=tiers(("10", "10", "2"), ("20", "5", "3"), (None, "5", "3")))
VOLUME = Price(model=PriceModel.VOLUME, tiers=tiers(("100", "2", "10"), ("200", "1", "0"), (None, "0.5", "50")))
PACKAGE = Price(model=PriceModel.PACKAGE, unit_price=D(100), size=D(10), free_units=D(10))
PERCENTAGE = Price(model=PriceModel.PERCENTAGE, percent=D("2.9"))
BOUNDED = Price(model=PriceModel.PERCENTAGE, percent=D(10), minimum=D(1), maximum=D(5))
FREE = Price(model=PriceModel.PER_UNIT, unit_price=D(2), free_units=D(100), flat=D(7))


@pytest.mark.parametrize(
    ("price", "quantity", "expected"),
    [
        (PER_UNIT, "0", "0"),
        (PER_UNIT, "3", "1.5"),
        (PER_UNIT, "0.000000000001", "0.0000000000005"),
        (PER_UNIT, "999999999999999.999999999999", "499999999999999.9999999999995"),
        (GRADUATED, "0", "2"),
        (GRADUATED, "1", "12"),
        (GRADUATED, "10", "102"),
        (GRADUATED, "10.5", "107.5"),
        (GRADUATED, "11", "110"),
        (GRADUATED, "12", "115"),
        (GRADUATED, "21", "163"),
        (VOLUME, "0", "10"),
        (VOLUME, "1", "12"),
        (VOLUME, "100", "210"),
        (VOLUME, "100.5", "100.5"),
        (VOLUME, "201", "150.5"),
        (PACKAGE, "121", "1200"),
        (PACKAGE, "120", "1100"),
        (PACKAGE, "10", "0"),
        (PACKAGE, "10.1", "100"),
        (PERCENTAGE, "4", "0.116"),
        (BOUNDED, "0", "1"),
        (BOUNDED, "30", "3"),
        (BOUNDED, "51", "5"),
        (FREE, "0", "7"),
        (FREE, "100", "7"),
        (FREE, "101.5", "10"),
    ],
)
def test_a_quantity_costs(price: Price, quantity: str, expected: str) -> None:
    assert cost(price, D(quantity)) == D(expected)


@pytest.mark.parametrize(
    ("price", "quantity", "expected"),
    [
        ({"model": PriceModel.GRADUATED, "tiers": GRADUATED.tiers}, "0", "0"),
        ({"model": PriceModel.GRADUATED, "tiers": GRADUATED.tiers}, "1", "12"),
        ({"model": PriceModel.PERCENTAGE, "percent": D(1), "minimum": D(3)}, "0", "0"),
        ({"model": PriceModel.PER_UNIT, "unit_price": D(1), "flat": D(7)}, "0", "0"),
    ],
)
def test_what_is_free_if_unused_costs_nothing_unused(price: Any, quantity: str, expected: str) -> None:
    assert cost(Price(**price, free_if_unused=True), D(quantity)) == D(expected)


@pytest.mark.parametrize(
    ("unit", "quantity", "events", "expected"),
    [
        (None, "7.5", 3, "7.5"),
        (RateUnit.SECOND, "7.5", 3, "7.5"),
        (RateUnit.EVENT, "7.5", 3, "3"),
        (RateUnit.HOUR, "3600", 1, "1"),
        (RateUnit.HOUR, "5400", 1, "1.5"),
        (RateUnit.HOUR, "1", 1, "0.000277777778"),
        (RateUnit.HOUR, "0", 0, "0"),
    ],
)
def test_a_quantity_is_counted_in_the_unit_of_its_rate(
    unit: RateUnit | None, quantity: str, events: int, expected: str
) -> None:
    assert charged_units(unit, D(quantity), events) == D(expected)


def model(price: Price, quantity: Fraction) -> Fraction:
    """The cost by the definition of each model, unit after unit of the smallest step that matters."""
    if quantity == 0 and price.free_if_unused:
        return Fraction(0)
    used = max(quantity - Fraction(price.free_units), Fraction(0))
    return _of_model(price, used) + Fraction(price.flat)


def _of_model(price: Price, used: Fraction) -> Fraction:
    ends = [None if tier.up_to is None else Fraction(tier.up_to) for tier in price.tiers]
    begins = [Fraction(0), *(end for end in ends if end is not None)]
    match price.model:
        case PriceModel.PER_UNIT:
            return used * Fraction(price.unit_price or 0)
        case PriceModel.GRADUATED:
            entered = [place for place, begin in enumerate(begins) if place == 0 or used > begin]
            within = [min(used, ends[place] or used) - begins[place] for place in entered]
            parts = zip(within, entered, strict=True)
            return sum(
                (part * Fraction(price.tiers[at].unit_price) + Fraction(price.tiers[at].flat) for part, at in parts),
                Fraction(0),
            )
        case PriceModel.VOLUME:
            at = sum(1 for end in ends if end is not None and used > end)
            return used * Fraction(price.tiers[at].unit_price) + Fraction(price.tiers[at].flat)
        case PriceModel.PACKAGE:
            return Fraction(price.unit_price or 0) * -(-used // Fraction(price.size or 1))
        case PriceModel.PERCENTAGE:
            share = used * Fraction(price.percent or 0) / 100
            lifted = max(share, Fraction(price.minimum or 0))
            return lifted if price.maximum is None else min(lifted, Fraction(price.maximum))


def decimals(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.builds(lambda units, used: D(units).scaleb(-used), st.integers(low, high), st.integers(0, 12))


@st.composite
def prices(draw: st.DrawFn) -> Price:
    kind = draw(st.sampled_from(PriceModel))
    common: dict[str, Any] = {
        "free_units": draw(decimals(0, 50)),
        "flat": draw(decimals(0, 9)),
        "free_if_unused": draw(st.booleans()),
    }
    ends = sorted(draw(st.sets(decimals(1, 10**4), max_size=4)))
    own: dict[str, Any] = {
        PriceModel.PER_UNIT: {"unit_price": draw(decimals(0, 10**6))},
        PriceModel.PACKAGE: {"unit_price": draw(decimals(0, 10**6)), "size": draw(decimals(1, 100))},
        PriceModel.PERCENTAGE: {
            "percent": draw(decimals(0, 100)),
            "minimum": D(1),
            "maximum": D(draw(st.integers(1, 9))),
        },
    }.get(kind, {"tiers": tuple(Tier(end, draw(decimals(0, 99)), draw(decimals(0, 9))) for end in [*ends, None])})
    return Price(model=kind, **common, **own)


@given(prices(), st.one_of(st.just(D(0)), decimals(0, 10**6)))
def test_a_model_in_fractions_agrees(price: Price, quantity: Decimal) -> None:
    assert Fraction(cost(price, quantity)) == model(price, Fraction(quantity))


def rate(number: int, **fields: Any) -> Rate:
    empty = {"meter": None, "service": None, "region": None, "customer_id": None, "currency": "EUR", "unit": None}
    return Rate(**{**empty, "id": number, "valid_from": None, "tax_id": None, "price": PER_UNIT, **fields})


MARCH = date(2026, 3, 1)
RATES = Rates(
    (
        rate(1, service="vm"),
        rate(2, service="vm", region="eu"),
        rate(3, meter="hours"),
        rate(4, meter="hours", valid_from=date(2026, 3, 10)),
        rate(5, meter="hours", customer_id=7),
        rate(6, meter="hours", currency="USD"),
        rate(7, meter="calls", price=GRADUATED),
        rate(8, meter="calls", price=GRADUATED, valid_from=date(2026, 3, 10)),
    )
)


@pytest.mark.parametrize(
    ("rated", "day", "expected"),
    [
        (Rated(1, None, "vm", None, "EUR"), MARCH, 1),
        (Rated(1, None, "vm", "us", "EUR"), MARCH, 1),
        (Rated(1, None, "vm", "eu", "EUR"), MARCH, 2),
        (Rated(1, "hours", "vm", "eu", "EUR"), MARCH, 3),
        (Rated(1, "hours", None, None, "EUR"), date(2026, 3, 9), 3),
        (Rated(1, "hours", None, None, "EUR"), date(2026, 3, 10), 4),
        (Rated(7, "hours", None, None, "EUR"), date(2026, 3, 10), 5),
        (Rated(7, "hours", None, None, "USD"), date(2026, 3, 10), 6),
        # What is priced by tiers has one price for its whole period: the one of the first day.
        (Rated(1, "calls", None, None, "EUR"), date(2026, 3, 20), 7),
        (Rated(1, "disk", None, None, "EUR"), MARCH, None),
        (Rated(0, "hours", None, None, "JPY"), MARCH, None),
    ],
)
def test_of_several_rates_one_fits(rated: Rated, day: date, expected: int | None) -> None:
    for _ in range(2):
        found = RATES.fitting(rated, day, MARCH)
        assert (found and found.id) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (PER_UNIT, []),
        (GRADUATED, []),
        (VOLUME, []),
        (PACKAGE, []),
        (PERCENTAGE, []),
        (BOUNDED, []),
        (Price(model=PriceModel.PER_UNIT), ["unit_price"]),
        (Price(model=PriceModel.PER_UNIT, unit_price=D(1), size=D(1)), ["size"]),
        (Price(model=PriceModel.VOLUME), ["tiers"]),
        (Price(model=PriceModel.PACKAGE, unit_price=D(1), size=D(0)), ["size"]),
        (Price(model=PriceModel.PERCENTAGE, percent=D(1), minimum=D(2), maximum=D(1)), ["maximum"]),
        (Price(model=PriceModel.GRADUATED, tiers=tiers(("10", "1", "0"))), ["tiers.0.up_to"]),
        (
            Price(model=PriceModel.GRADUATED, tiers=tiers((None, "1", "0"), ("5", "1", "0"), (None, "1", "0"))),
            ["tiers.0.up_to"],
        ),
        (
            Price(model=PriceModel.GRADUATED, tiers=tiers(("5", "1", "0"), ("5", "1", "0"), (None, "1", "0"))),
            ["tiers.1.up_to"],
        ),
    ],
)
def test_a_price_that_makes_no_sense_is_refused_by_field(price: Price, expected: list[str]) -> None:
    assert list(price_errors(price)) == expected
