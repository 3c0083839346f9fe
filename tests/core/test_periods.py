from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.periods import Frequency, due_date, first_on_or_after, occurrence, occurrences_per_year, today

DAILY, WEEKLY, BIWEEKLY = Frequency.DAILY, Frequency.WEEKLY, Frequency.BIWEEKLY
MONTHLY, QUARTERLY = Frequency.MONTHLY, Frequency.QUARTERLY
SEMIANNUALLY, YEARLY = Frequency.SEMIANNUALLY, Frequency.YEARLY


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("anchor", "frequency", "interval", "n", "expected"),
    [
        ("2024-01-31", MONTHLY, 1, 0, "2024-01-31"),  # R1
        ("2024-01-31", MONTHLY, 1, 1, "2024-02-29"),
        ("2024-01-31", MONTHLY, 1, 2, "2024-03-31"),
        ("2024-01-31", MONTHLY, 1, 3, "2024-04-30"),
        ("2024-01-31", MONTHLY, 1, 4, "2024-05-31"),
        ("2024-01-31", MONTHLY, 1, 13, "2025-02-28"),
        ("2024-01-31", MONTHLY, 1, 14, "2025-03-31"),
        ("2024-01-30", MONTHLY, 1, 1, "2024-02-29"),  # R2
        ("2024-01-30", MONTHLY, 1, 2, "2024-03-30"),
        ("2024-02-29", YEARLY, 1, 1, "2025-02-28"),  # R3
        ("2024-02-29", YEARLY, 1, 2, "2026-02-28"),
        ("2024-02-29", YEARLY, 1, 3, "2027-02-28"),
        ("2024-02-29", YEARLY, 1, 4, "2028-02-29"),
        ("1900-02-28", MONTHLY, 1, 12, "1901-02-28"),
        ("2096-02-29", YEARLY, 4, 1, "2100-02-28"),  # no leap year
        ("2096-02-29", YEARLY, 4, 2, "2104-02-29"),
        ("2024-11-30", QUARTERLY, 1, 1, "2025-02-28"),
        ("2024-11-30", QUARTERLY, 1, 2, "2025-05-30"),
        ("2024-08-31", SEMIANNUALLY, 1, 1, "2025-02-28"),
        ("2024-08-31", SEMIANNUALLY, 1, 2, "2025-08-31"),
        ("2024-12-31", MONTHLY, 2, 1, "2025-02-28"),
        ("2024-12-31", MONTHLY, 2, 2, "2025-04-30"),
        ("2024-02-28", DAILY, 1, 2, "2024-03-01"),
        ("2024-02-28", DAILY, 3, 1, "2024-03-02"),
        ("2024-12-30", WEEKLY, 1, 1, "2025-01-06"),
        ("2024-12-30", WEEKLY, 2, 1, "2025-01-13"),
        ("2024-12-30", BIWEEKLY, 1, 1, "2025-01-13"),
        ("9998-12-31", YEARLY, 1, 1, "9999-12-31"),
        ("9999-12-30", DAILY, 1, 1, "9999-12-31"),
    ],
)
def test_occurrence(anchor: str, frequency: Frequency, interval: int, n: int, expected: str) -> None:
    assert occurrence(day(anchor), frequency, interval, n) == day(expected)


@pytest.mark.parametrize(
    ("anchor", "frequency", "interval", "n"),
    [
        ("9999-12-31", DAILY, 1, 1),
        ("9999-12-31", MONTHLY, 1, 1),
        ("9999-01-01", YEARLY, 1, 1),
        ("2024-01-01", YEARLY, 10**30, 1),
        ("2024-01-01", WEEKLY, 10**30, 1),
        ("2024-01-01", DAILY, 0, 1),
        ("2024-01-01", MONTHLY, -1, 1),
        ("2024-01-01", MONTHLY, 1, -1),
    ],
)
def test_an_occurrence_that_does_not_exist(anchor: str, frequency: Frequency, interval: int, n: int) -> None:
    with pytest.raises(ValueError, match=r"beyond the calendar|no occurrence"):
        occurrence(day(anchor), frequency, interval, n)


@pytest.mark.parametrize(
    ("anchor", "frequency", "interval", "on", "expected"),
    [
        ("2024-01-31", MONTHLY, 1, "2023-06-01", 0),
        ("2024-01-31", MONTHLY, 1, "2024-01-31", 0),
        ("2024-01-31", MONTHLY, 1, "2024-02-01", 1),
        ("2024-01-31", MONTHLY, 1, "2024-02-29", 1),
        ("2024-01-31", MONTHLY, 1, "2024-03-01", 2),
        ("2024-01-31", QUARTERLY, 1, "2024-02-01", 1),
        ("2024-01-15", MONTHLY, 3, "2024-07-16", 3),
        ("2024-02-29", YEARLY, 1, "2025-02-28", 1),
        ("2024-02-29", YEARLY, 1, "2025-03-01", 2),
        ("2024-01-01", DAILY, 1, "2024-12-31", 365),
        ("2024-01-01", WEEKLY, 1, "2024-01-08", 1),
        ("2024-01-01", WEEKLY, 1, "2024-01-09", 2),
        ("2024-01-01", BIWEEKLY, 2, "2024-01-02", 1),
        ("9999-12-30", YEARLY, 1, "9999-12-31", 1),
    ],
)
def test_first_on_or_after(anchor: str, frequency: Frequency, interval: int, on: str, expected: int) -> None:
    assert first_on_or_after(day(anchor), frequency, interval, day(on)) == expected


def test_first_on_or_after_wants_an_interval() -> None:
    with pytest.raises(ValueError, match="no occurrence"):
        first_on_or_after(day("2024-01-01"), MONTHLY, 0, day("2024-01-01"))


dates = st.dates(date(1990, 1, 1), date(2100, 12, 31))
frequencies = st.sampled_from(Frequency)
intervals = st.integers(1, 40)


@given(dates, frequencies, intervals, dates)
def test_the_first_occurrence_is_the_smallest(anchor: date, frequency: Frequency, interval: int, on: date) -> None:
    n = first_on_or_after(anchor, frequency, interval, on)
    assert occurrence(anchor, frequency, interval, n) >= on
    assert n == 0 or occurrence(anchor, frequency, interval, n - 1) < on


@given(dates, frequencies, intervals, st.integers(0, 100))
def test_an_occurrence_is_found_again_and_they_only_go_forward(
    anchor: date, frequency: Frequency, interval: int, n: int
) -> None:
    found = occurrence(anchor, frequency, interval, n)
    assert first_on_or_after(anchor, frequency, interval, found) == n
    assert occurrence(anchor, frequency, interval, n + 1) > found


@given(dates, st.integers(0, 2000))
def test_a_month_keeps_the_anchors_day_or_ends(anchor: date, n: int) -> None:
    found = occurrence(anchor, MONTHLY, 1, n)
    assert found.day == anchor.day or (found.day < anchor.day and (found + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("issue_date", "terms_days", "expected"),
    [
        ("2026-01-31", 0, "2026-01-31"),
        ("2026-01-31", 30, "2026-03-02"),
        ("2024-02-01", 29, "2024-03-01"),
        ("9999-12-01", 30, "9999-12-31"),
    ],
)
def test_due_date(issue_date: str, terms_days: int, expected: str) -> None:
    assert due_date(day(issue_date), terms_days) == day(expected)


@pytest.mark.parametrize(
    ("frequency", "interval", "expected"),
    [
        (DAILY, 1, Fraction(365)),
        (WEEKLY, 2, Fraction(365, 14)),
        (BIWEEKLY, 1, Fraction(365, 14)),
        (MONTHLY, 1, Fraction(12)),
        (MONTHLY, 5, Fraction(12, 5)),
        (QUARTERLY, 1, Fraction(4)),
        (SEMIANNUALLY, 1, Fraction(2)),
        (YEARLY, 3, Fraction(1, 3)),
    ],
)
def test_occurrences_per_year(frequency: Frequency, interval: int, expected: Fraction) -> None:
    assert occurrences_per_year(frequency, interval) == expected


def test_occurrences_of_no_interval() -> None:
    with pytest.raises(ValueError, match="every 0"):
        occurrences_per_year(DAILY, 0)


@pytest.mark.parametrize("terms_days", [31, 10**30, -(10**30)])
def test_a_due_date_beyond_the_calendar(terms_days: int) -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        due_date(day("9999-12-01"), terms_days)


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-03-31T12:30+00:00", "Pacific/Auckland", "2026-04-01"),  # R8
        ("2026-03-31T12:30+00:00", "America/Los_Angeles", "2026-03-31"),
        ("2026-03-31T12:30+00:00", "UTC", "2026-03-31"),
        ("2025-12-31T10:59:59+00:00", "Pacific/Auckland", "2025-12-31"),
        ("2025-12-31T11:00:00+00:00", "Pacific/Auckland", "2026-01-01"),
        ("2026-06-30T11:59:59+00:00", "Pacific/Auckland", "2026-06-30"),  # winter time
        ("2026-06-30T12:00:00+00:00", "Pacific/Auckland", "2026-07-01"),
        ("2026-01-01T00:30+05:00", "UTC", "2025-12-31"),
    ],
)
def test_today(now: str, zone: str, expected: str) -> None:
    assert today(datetime.fromisoformat(now), zone) == day(expected)


def test_today_wants_an_instant() -> None:
    with pytest.raises(ValueError, match="zone"):
        today(datetime(2026, 1, 1), "UTC")  # noqa: DTZ001 - naive on purpose


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_today_in_no_zone(zone: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        today(datetime(2026, 1, 1, tzinfo=UTC), zone)


@given(st.integers(0, 2**32), st.integers(-12, 14))
def test_today_depends_on_the_instant_alone(posix_time_s: int, offset_h: int) -> None:
    now = datetime.fromtimestamp(posix_time_s, UTC)
    elsewhere = datetime.fromtimestamp(posix_time_s, timezone(timedelta(hours=offset_h)))
    assert today(elsewhere, "Europe/Berlin") == today(now, "Europe/Berlin")
