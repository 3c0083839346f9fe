"""Group commit on SQLite: what several write at the same time is committed together, with one sync (ADR 59)."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from threading import Event

from sqlalchemy.exc import DBAPIError

from tallystick.store.tx import TryAgain
from tallystick.store.unavailable import leaves_unknown

MOST_MEMBERS = 16
OPEN_FOR_S = 0.02
"""How many share a transaction, and how long it takes up more: the first of them waits for all."""


class Group:
    """A transaction that its members write in, one after the other; each waits until it has ended."""

    def __init__(self) -> None:
        self.members = 0
        """How many have written in it, and raised nothing."""
        self._ends_at_s = time.monotonic() + OPEN_FOR_S
        self._ended = Event()
        self._trouble: BaseException | None = None

    @property
    def is_complete(self) -> bool:
        """Whether it takes up nobody else."""
        return self.members >= MOST_MEMBERS or time.monotonic() >= self._ends_at_s

    @contextmanager
    def part(self, driver: sqlite3.Connection) -> Iterator[None]:
        """The work of one more member, which alone is undone where it raises; the first one's by whoever undoes all."""
        if self.members:
            with _savepoint(driver):
                yield
        else:
            yield
        self.members += 1

    def end(self, trouble: BaseException | None = None) -> None:
        """Tells the members that all is committed, or what it met, where all is undone or nobody knows."""
        self._trouble = trouble
        self._ended.set()

    def has_ended(self, *, within_s: float) -> bool:
        """Waits for the end, so long at most."""
        return self._ended.wait(within_s)

    def check(self) -> None:
        """For a member, after the end. Raises TryAgain where all was undone, and DBAPIError where nobody knows."""
        if self._trouble is None:
            return
        if isinstance(self._trouble, DBAPIError) and leaves_unknown(self._trouble):
            # Each member raises one of its own, since a thread adds to the traceback of what it raises.
            raise copy(self._trouble)
        raise TryAgain from self._trouble


@contextmanager
def _savepoint(driver: sqlite3.Connection) -> Iterator[None]:
    driver.execute("SAVEPOINT member")
    try:
        yield
    except BaseException:
        # Where SQLite has undone the whole, there is nothing to go back to.
        with suppress(sqlite3.Error):
            driver.execute("ROLLBACK TO member")
            driver.execute("RELEASE member")
        raise
    driver.execute("RELEASE member")
