"""Instants as they are stored: microseconds of UTC since 1970."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000
SECOND_US = 1_000_000


def microseconds(at: datetime) -> int:
    """An instant as it is stored."""
    return (at - EPOCH) // MICROSECOND


def instant(at_us: int) -> datetime:
    """What is stored as an instant."""
    return EPOCH + timedelta(microseconds=at_us)


def midnight_us(day: date, timezone: str) -> int:
    """When a day begins in an IANA time zone; where its midnight is skipped, at the first instant after that."""
    return microseconds(datetime.combine(day, time(), ZoneInfo(timezone)))
