"""A clock for tests, which stands still until it is moved."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The instant ``now``; called, it tells it, as a Database wants of its clock."""

    def __init__(self, at: str) -> None:
        self.set(at)

    def __call__(self) -> datetime:
        return self.now

    def set(self, at: str) -> None:
        """Moves to an instant of ISO 8601, with its offset."""
        self.now = datetime.fromisoformat(at).astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.now += by
