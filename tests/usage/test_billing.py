"""However a month's use is split into events, in whatever order they come and whenever is billed, it costs the same."""

from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallystick.core.periods import Frequency, occurrence
from tallystick.recurring import rules
from tallystick.store.db import Tx
from tallystick.usage import billing, store
from tallystick.usage.billing import Billed, UsageToBill
from tallystick.usage.charging import EarlierDays
from tallystick.usage.instants import midnight_us
from tests.api import Api
from tests.bills import a_customer
from tests.clock import Clock
from tests.recurring.test_usage import TIERS, a_meter, a_rate
from tests.usage.test_store import an_event

MONTHS, RUNS = 3, 5
METERS = ("calls", "most", "times")
FIRST = Clock("2026-01-01T00:00:00Z")().date()


class Use(NamedTuple):
    """What is used on a day of a month, in hundredths of a unit, and before which run its event comes in."""

    month: int
    day: int
    hundredths: int
    comes_before: int


uses = st.builds(
    Use,
    month=st.integers(0, MONTHS - 1),
    day=st.integers(1, 28),
    hundredths=st.integers(0, 4000),
    comes_before=st.integers(0, RUNS - 1),
)


@pytest.fixture
def metered(api: Api) -> Api:
    """An account with a meter of each kind and a rate for it, in units of which a hundredth costs whole cents."""
    for key, aggregation in zip(METERS, ("sum", "max", "count"), strict=True):
        a_meter(api, key, aggregation)
    a_rate(api, meter="calls", model="graduated", tiers=TIERS, free_if_unused=True)
    a_rate(api, meter="most", unit_price=3)
    a_rate(api, meter="times", model="package", size=4, unit_price=5)
    return api


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(uses, max_size=12))
def test_any_split_any_order_and_any_runs_bill_the_same(metered: Api, found: list[Use]) -> None:
    customer = a_customer(metered)
    assert billed_in_runs(metered, customer, found) == {
        key: sum(cost(key, [use for use in found if use.month == month]) for month in range(MONTHS)) for key in METERS
    }


def billed_in_runs(api: Api, customer: int, found: list[Use]) -> dict[str, Fraction]:
    """What the lines of all runs come to by meter; the first runs bill a month each, the others what came late."""
    sums = dict.fromkeys(METERS, Fraction(0))
    earlier: tuple[EarlierDays, ...] = ()
    seq = 0
    for run in range(RUNS):
        for use in found:
            if use.comes_before == run:
                take_in(api, customer, use)
        days = (days_of(run),) if run < MONTHS else ()
        billed = bill(api, UsageToBill(customer, "USD", METERS, None, days, earlier, seq, None))
        for line in [line for lines in (*billed.lines, billed.late) for line in lines]:
            assert line.charge is not None
            assert Fraction(line.quantity) * Fraction(line.unit_price) == Fraction(line.amount, 100)
            sums[line.charge.meter.key] += Fraction(line.amount, 100)
        seq = billed.to_seq
        earlier = (*earlier, *(EarlierDays(each, seq) for each in days))
    return sums


def take_in(api: Api, customer: int, use: Use) -> None:
    at_us = midnight_us(month(use.month).replace(day=use.day), "UTC") + use.hundredths
    quantity = f"{use.hundredths // 100}.{use.hundredths % 100:02}"
    events = [an_event(quantity, customer_id=customer, meter=key, at_us=at_us) for key in METERS]
    taken = api.database.usage.transact("tests", lambda tx: store.append(tx, api.account, events))
    assert taken.accepted == len(METERS)


def bill(api: Api, wanted: UsageToBill) -> Billed:
    def billed(tx: Tx) -> Any:
        return billing.bill(tx, api.account, [wanted])

    (found,) = api.database.transact("tests", billed)
    assert isinstance(found, Billed)
    return found


def month(number: int) -> Any:
    return occurrence(FIRST, Frequency.MONTHLY, 1, number)


def days_of(number: int) -> Any:
    return rules.billed_days(month(number), month(number + 1), "UTC")


def cost(key: str, used: list[Use]) -> Fraction:
    """What a month costs by a meter, worked out in fractions."""
    units = [Fraction(use.hundredths, 100) for use in used]
    if key == "most":
        return max(units, default=Fraction(0)) * 3
    if key == "times":
        return Fraction(-(-len(units) // 4) * 5)
    whole = sum(units, Fraction(0))
    if not whole:
        return Fraction(0)
    in_tiers = min(whole, Fraction(10)) * 10 + max(whole - 10, Fraction(0)) * 5
    return in_tiers + 2 + 3 * (whole > 10) + 3 * (whole > 20)
