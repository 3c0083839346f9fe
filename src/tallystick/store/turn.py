"""Turns to write: SQLite has one writer at a time, and whoever waits for it must not hold a thread for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tallystick.core.errors import Unavailable

PATIENCE_S = 10.0
IMPATIENCE_S = 0.05


class Turn:
    """A lock that is waited for with a deadline. Raises Unavailable.

    Once somebody has waited in vain, whoever holds it hangs: then nobody else waits long, until it was free again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._patience_s = PATIENCE_S

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=self._patience_s):
            self._patience_s = IMPATIENCE_S
            raise Unavailable from TimeoutError("another write has not ended")
        self._patience_s = PATIENCE_S

    @contextmanager
    def within(self, timeout_s: float) -> Iterator[None]:
        """As the lock itself, for somebody who waits no longer than this."""
        if not self._lock.acquire(timeout=timeout_s):
            raise Unavailable from TimeoutError("another write has not ended")
        try:
            yield
        finally:
            self._lock.release()

    def __exit__(self, *_raised: object) -> None:
        self._lock.release()
