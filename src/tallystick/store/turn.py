"""Turns to write: SQLite has one writer at a time, and whoever waits for it must not hold a thread for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tallystick.core.errors import Unavailable

PATIENCE_S = 10.0
IMPATIENCE_S = 0.05


class TurnTaken(Unavailable):
    """Somebody else's turn has not ended."""

    def __init__(self) -> None:
        super().__init__()
        self.__cause__ = TimeoutError("another write has not ended")


class Turn:
    """A lock that is waited for with a deadline. Raises TurnTaken.

    Once somebody has waited in vain, whoever holds it hangs: then nobody else waits long, until it was free again.
    """

    def __init__(self) -> None:
        self.ended = 0
        """How many turns have ended."""
        self._lock = threading.Lock()
        self._patience_s = PATIENCE_S

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._patience_s):
            self._patience_s = IMPATIENCE_S
            raise TurnTaken
        self._patience_s = PATIENCE_S

    @contextmanager
    def within(self, timeout_s: float) -> Iterator[None]:
        """As the lock itself, for somebody who waits no longer than this."""
        if not self._lock.acquire(timeout=timeout_s):
            raise TurnTaken
        try:
            yield
        finally:
            self.__exit__()

    def __exit__(self, *_raised: object) -> None:
        self.ended += 1
        self._lock.release()
