"""Which periods a schedule has, and which of them are due."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.core.periods import Frequency, today
from tallystick.recurring import rules
from tallystick.recurring.types import Schedule, Terms

A_DAY = timedelta(days=1)
ZONES = ("UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati", "Europe/Dublin")
CONTENT: dict[str, Any] = {
    "id": 7,
    "customer_id": 1,
    "currency": "EUR",
    "discount_type": None,
    "discount_value": None,
    "prices_include_tax": False,
    "notes": None,
    "payment_terms": None,
    "template_id": None,
    "error": None,
}


def terms(start: str, frequency: str = "monthly", **fields: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(Terms.__struct_fields__)
    rest = {"interval": 1, "auto_issue": True, "auto_send": False}
    return {**nothing, **rest, "frequency": Frequency(frequency), "start_date": date.fromisoformat(start), **fields}


def schedule(start: str, frequency: str = "monthly", *, occurrences: int = 0, **fields: Any) -> Schedule:
    own = terms(start, frequency, **fields)
    begins = own["start_date"]
    following = rules.next_date(Terms(**own), begins, occurrences)
    return Schedule(**own, **CONTENT, bills_from=begins, next_date=following, occurrences=occurrences)


def starts(found: Schedule, as_of: str, limit: int = 100) -> list[str]:
    return [str(period.start) for period in rules.due(found, date.fromisoformat(as_of), limit).periods]


@pytest.mark.parametrize(
    ("start", "frequency", "as_of", "expected"),
    [
        # R1
        ("2024-01-31", "monthly", "2024-05-31", ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]),
        ("2024-12-31", "monthly", "2025-03-31", ["2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"]),
        # R2
        ("2024-01-30", "monthly", "2024-03-30", ["2024-01-30", "2024-02-29", "2024-03-30"]),
        # R3
        (
            "2024-02-29",
            "yearly",
            "2028-02-29",
            ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
        ),
        ("2024-02-29", "yearly", "2028-02-28", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2026-01-31", "quarterly", "2026-10-31", ["2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31"]),
        ("2026-08-31", "semiannually", "2027-08-31", ["2026-08-31", "2027-02-28", "2027-08-31"]),
        ("2026-03-01", "biweekly", "2026-03-29", ["2026-03-01", "2026-03-15", "2026-03-29"]),
        ("2026-03-01", "weekly", "2026-03-14", ["2026-03-01", "2026-03-08"]),
        ("2026-02-27", "daily", "2026-03-01", ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ("2026-03-01", "daily", "2026-02-28", []),
    ],
)
def test_the_periods_that_are_due(start: str, frequency: str, as_of: str, expected: list[str]) -> None:
    assert starts(schedule(start, frequency), as_of) == expected


@pytest.mark.parametrize(
    ("fields", "as_of", "expected", "following"),
    [
        ({}, "2026-02-28", ["2026-01-31", "2026-02-28"], "2026-03-31"),
        ({"interval": 3}, "2026-05-01", ["2026-01-31", "2026-04-30"], "2026-07-31"),
        ({"end_date": date(2026, 3, 31)}, "2026-12-31", ["2026-01-31", "2026-02-28", "2026-03-31"], "None"),
        ({"end_date": date(2026, 3, 30)}, "2026-12-31", ["2026-01-31", "2026-02-28"], "None"),
        ({"max_occurrences": 2}, "2026-12-31", ["2026-01-31", "2026-02-28"], "None"),
        ({"max_occurrences": 3, "occurrences": 2}, "2026-12-31", ["2026-01-31"], "None"),
        ({"max_occurrences": 3}, "2026-02-28", ["2026-01-31", "2026-02-28"], "2026-03-31"),
    ],
)
def test_where_it_ends(fields: dict[str, Any], as_of: str, expected: list[str], following: str) -> None:
    due = rules.due(schedule("2026-01-31", **fields), date.fromisoformat(as_of), 100)
    assert [str(period.start) for period in due.periods] == expected
    assert str(due.next_date) == following


def test_no_more_than_the_limit() -> None:
    due = rules.due(schedule("2026-01-01", "daily"), date(2026, 12, 31), 3)
    assert [str(period.start) for period in due.periods] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert due.next_date == date(2026, 1, 4)


@given(
    anchor=st.dates(date(1990, 1, 1), date(2060, 12, 31)),
    frequency=st.sampled_from(Frequency),
    interval=st.integers(1, 40),
    seconds=st.integers(0, 40 * 366 * 86_400),
    zone=st.sampled_from(ZONES),
)
def test_periods_tile_the_calendar(anchor: date, frequency: Frequency, interval: int, seconds: int, zone: str) -> None:
    """From the anchor to today wherever that is: no gap, no overlap, and the anchor's day in each month that has it."""
    instant = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    as_of = today(instant, zone)
    found = schedule(str(anchor), frequency.value, interval=interval)
    periods, following = rules.due(found, as_of, 20_000)
    assert [period.start for period in periods] == sorted({period.start for period in periods})
    ends = [period.end + A_DAY for period in periods]
    assert [anchor, *ends] == [*(period.start for period in periods), following]
    assert following is not None
    assert all(period.start <= as_of for period in periods)
    assert following > as_of
    if frequency in (Frequency.MONTHLY, Frequency.QUARTERLY, Frequency.SEMIANNUALLY, Frequency.YEARLY):
        assert all(period.start.day == min(anchor.day, _last_day(period.start)) for period in periods)


def _last_day(day: date) -> int:
    first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (first_of_next - A_DAY).day


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from(Frequency), st.integers(1, 12), st.data())
def test_periods_do_not_depend_on_how_often_one_looks(
    anchor: date, frequency: Frequency, interval: int, data: st.DataObject
) -> None:
    """Billed bit by bit, or all at the end: the same periods."""
    looks = data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=6))
    found = schedule(str(anchor), frequency.value, interval=interval)
    at_once = rules.due(found, anchor + timedelta(days=sum(looks)), 10_000)
    bit_by_bit, day, at = [], anchor, found
    for days in looks:
        day += timedelta(days=days)
        due = rules.due(at, day, 10_000)
        bit_by_bit += due.periods
        if due.periods:
            at = _moved_on(at, due.periods[-1].end + A_DAY, due.next_date)
    assert bit_by_bit == at_once.periods
    assert at.next_date == at_once.next_date


def _moved_on(found: Schedule, bills_from: date, following: date | None) -> Schedule:
    fields = {name: getattr(found, name) for name in Schedule.__struct_fields__}
    return Schedule(**{**fields, "bills_from": bills_from, "next_date": following})


@pytest.mark.parametrize(
    ("today_is", "catches_up", "bills_from", "following"),
    [
        ("2026-04-10", False, "2026-04-10", "2026-04-30"),
        ("2026-04-30", False, "2026-04-30", "2026-04-30"),
        ("2026-05-01", False, "2026-05-01", "2026-05-31"),
        ("2026-04-10", True, "2026-01-31", "2026-01-31"),
        ("2025-12-01", False, "2026-01-31", "2026-01-31"),
    ],
)
def test_switched_on_again(today_is: str, catches_up: bool, bills_from: str, following: str) -> None:
    columns = rules.switched_on(schedule("2026-01-31"), date.fromisoformat(today_is), catches_up=catches_up)
    assert {name: str(value) for name, value in columns.items()} == {
        "active": "True",
        "bills_from": bills_from,
        "next_date": following,
    }


def test_what_has_ended_is_not_switched_on() -> None:
    with pytest.raises(Conflict, match="end_date"):
        rules.switched_on(schedule("2026-01-31", end_date=date(2026, 3, 1)), date(2026, 6, 1), catches_up=False)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, []),
        ({"end_date": date(2026, 1, 31)}, []),
        ({"end_date": date(2026, 1, 30)}, ["end_date"]),
        ({"auto_send": True}, []),
        ({"auto_send": True, "auto_issue": False}, ["auto_send"]),
        ({"tax_id": 1, "tax_rate": 20}, ["tax_rate"]),
        ({"auto_send": True, "auto_issue": False, "end_date": date(2020, 1, 1)}, ["auto_send", "end_date"]),
    ],
)
def test_terms_that_contradict_each_other(fields: dict[str, Any], wrong: list[str]) -> None:
    asked = Terms(**terms("2026-01-31", **fields))
    if not wrong:
        rules.check_terms(asked)
        return
    with pytest.raises(ValidationFailed) as refused:
        rules.check_terms(asked)
    assert sorted(refused.value.errors) == wrong


@pytest.mark.parametrize(("days", "is_fine"), [(-400, True), (0, True), (366, True), (367, False)])
def test_how_far_ahead_a_run_may_bill(days: int, is_fine: bool) -> None:
    day = date(2026, 6, 15)
    if is_fine:
        rules.check_as_of(day + timedelta(days=days), day)
        return
    with pytest.raises(ValidationFailed):
        rules.check_as_of(day + timedelta(days=days), day)
