"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from tallystick.core.deliveries import WEBHOOK_RETRIES, Retries, next_at

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TWICE = (timedelta(seconds=5), timedelta(minutes=5))


@pytest.mark.parametrize(
    ("retries", "attempt", "expected"),
    [
        (TWICE, 1, NOON + timedelta(seconds=5)),
        (TWICE, 2, NOON + timedelta(minutes=5)),
        (TWICE, 3, None),
        ((), 1, None),
        (WEBHOOK_RETRIES, 9, NOON + timedelta(hours=24)),
        (WEBHOOK_RETRIES, 10, None),
    ],
)
def test_each_failure_waits_as_the_schedule_says(retries: Retries, attempt: int, expected: datetime | None) -> None:
    assert next_at(retries, attempt, NOON) == expected
