"""Turns to write: SQLite has one writer at a time, and whoever waits for it must not hold a thread for ever."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
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
    ``tidy`` is what a turn begins with, unless it goes on with what the last one has left.
    """

    def __init__(self, tidy: Callable[[], None] = lambda: None) -> None:
        self.ended = 0
        """How many turns have ended."""
        self._tidy = tidy
        self._lock = threading.Lock()
        self._patience_s = PATIENCE_S
        # One for each who waits to go on: threads may use both ends of a deque, and an int would lose count.
        self._going_on: deque[None] = deque()

    @property
    def going_on(self) -> int:
        """How many wait for a turn that goes on."""
        return len(self._going_on)

    def __enter__(self) -> None:
        self._wait()
        self._begin()

    def __exit__(self, *_raised: object) -> None:
        self._end()

    @contextmanager
    def within(self, timeout_s: float) -> Iterator[None]:
        """As the lock itself, for somebody who waits no longer than this."""
        if not self._lock.acquire(timeout=timeout_s):
            raise TurnTaken
        self._begin()
        try:
            yield
        finally:
            self._end()

    @contextmanager
    def that_goes_on(self) -> Iterator[None]:
        """As the lock itself, for somebody who finds what the last turn has left."""
        self._going_on.append(None)
        try:
            self._wait()
        finally:
            self._going_on.pop()
        try:
            yield
        finally:
            self._end()

    def _wait(self) -> None:
        if not self._lock.acquire(timeout=self._patience_s):
            self._patience_s = IMPATIENCE_S
            raise TurnTaken
        self._patience_s = PATIENCE_S

    def _begin(self) -> None:
        try:
            self._tidy()
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        self.ended += 1
        self._lock.release()
