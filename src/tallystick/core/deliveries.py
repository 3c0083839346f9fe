"""How often, and when, a delivery is tried."""

from datetime import datetime, timedelta
from enum import StrEnum

Retries = tuple[timedelta, ...]
"""The waits after the first failed attempt, the second and so on; after the last wait comes the last attempt."""

WEBHOOK_RETRIES: Retries = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Of the Standard Webhooks specification, "Deliverability and reliability"."""


class DeliveryStatus(StrEnum):
    """How far a delivery is."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


def next_at(retries: Retries, attempt: int, failed_at: datetime) -> datetime | None:
    """When to try again after this attempt, counted from 1, has failed; None where it was the last one."""
    return failed_at + retries[attempt - 1] if attempt <= len(retries) else None
