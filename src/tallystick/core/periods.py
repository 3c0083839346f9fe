"""Calendar arithmetic that never drifts: occurrences come from the anchor, never from the one before."""

import calendar
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMIANNUALLY = "semiannually"
    YEARLY = "yearly"


_DAYS = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.BIWEEKLY: 14}
_MONTHS = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3, Frequency.SEMIANNUALLY: 6, Frequency.YEARLY: 12}

_TIME_ZONES = 600  # about as many as the IANA database holds
_DATES_KEPT = 4096  # a run bills thousands of schedules by the same few rhythms


def due_date(issue_date: date, terms_days: int) -> date:
    """Raises ValueError beyond the year 9999."""
    return _from_ordinal(issue_date.toordinal() + terms_days)


@lru_cache(_DATES_KEPT)
def occurrence(anchor: date, frequency: Frequency, interval: int, n: int, *, day_of_month: int | None = None) -> date:
    """The ``n``-th occurrence of every ``interval`` periods; the 0th is the anchor itself.

    Counted in months, it keeps the anchor's day, or ``day_of_month`` where the anchor's month is too short for it, and
    takes the month's last day where the month lacks that.
    Raises ValueError beyond the year 9999, and for an ``interval`` below 1 or an ``n`` below 0.
    """
    if interval < 1 or n < 0:
        raise ValueError(f"no occurrence {n} of every {interval} periods")
    if frequency in _DAYS:
        return _from_ordinal(anchor.toordinal() + _DAYS[frequency] * interval * n)
    return _add_months(anchor, _MONTHS[frequency] * interval * n, day_of_month or anchor.day)


@lru_cache(_DATES_KEPT)
def first_on_or_after(
    anchor: date, frequency: Frequency, interval: int, day: date, *, day_of_month: int | None = None
) -> int:
    """The smallest ``n`` whose ``occurrence`` is not before ``day``; it may lie beyond the year 9999.

    Raises ValueError for an ``interval`` below 1.
    """
    if interval < 1:
        raise ValueError(f"no occurrence of every {interval} periods")
    if day <= anchor:
        return 0
    if frequency in _DAYS:
        return -((anchor - day).days // (_DAYS[frequency] * interval))
    months = 12 * (day.year - anchor.year) + day.month - anchor.month
    n = months // (_MONTHS[frequency] * interval)
    return n if occurrence(anchor, frequency, interval, n, day_of_month=day_of_month) >= day else n + 1


@lru_cache(_DATES_KEPT)
def on_day_of_month(day: date, day_of_month: int) -> date:
    """That day of the month of ``day``, or the month's last where it is too short."""
    return day.replace(day=min(day_of_month, calendar.monthrange(day.year, day.month)[1]))


def occurrences_per_year(frequency: Frequency, interval: int) -> Fraction:
    """How often every ``interval`` periods come round in a year, of 365 days or 12 months.

    Raises ValueError for an ``interval`` below 1.
    """
    if interval < 1:
        raise ValueError(f"no occurrence of every {interval} periods")
    if frequency in _DAYS:
        return Fraction(365, _DAYS[frequency] * interval)
    return Fraction(12, _MONTHS[frequency] * interval)


# A request or a run asks for the same instant's date again and again, for each row that it shows or makes.
@lru_cache(maxsize=_TIME_ZONES)
def today(now: datetime, timezone: str) -> date:
    """The date at ``now`` in an IANA time zone.

    Raises KeyError or ValueError where there is no such zone, and ValueError where ``now`` carries no zone.
    """
    return wall_clock(now, timezone).date()


def wall_clock(now: datetime, timezone: str) -> datetime:
    """What a clock on the wall shows at ``now`` in an IANA time zone. Raises as ``today``."""
    if now.tzinfo is None:
        raise ValueError("now must carry its time zone")
    return now.astimezone(_zone(timezone))


@lru_cache(maxsize=_TIME_ZONES)
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)


def _add_months(anchor: date, months: int, day_of_month: int) -> date:
    years, month0 = divmod(anchor.month - 1 + months, 12)
    year, month = anchor.year + years, month0 + 1
    if year > date.max.year:
        raise ValueError(f"the year {year} is beyond the calendar")
    return on_day_of_month(date(year, month, 1), day_of_month)


def _from_ordinal(ordinal: int) -> date:
    if not 1 <= ordinal <= date.max.toordinal():
        raise ValueError(f"day {ordinal} is beyond the calendar")
    return date.fromordinal(ordinal)
