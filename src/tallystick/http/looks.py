"""Looks whether the database is ready, one at a time: however many ask, they hold up nobody else."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from tallystick.store.readiness import Condition

SHARED_FOR_NS = 2_000_000_000
"""How long after a look began others still share what it finds: no answer is older than its question by more."""


@dataclass
class Look:
    """What it ``found``, and when it began; None while it waits for the one before."""

    found: Future[Condition] = field(default_factory=Future)
    began_ns: int | None = None

    def is_old(self, now_ns: int) -> bool:
        """Whether it began too long ago."""
        return self.began_ns is not None and now_ns - self.began_ns > SHARED_FOR_NS


class Looks:
    """A look takes as long as a write must wait, so each has a thread of its own, and there is at most one."""

    def __init__(self, look: Callable[[], Condition], clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._look = look
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: deque[Look] = deque()
        """The one under way, and one more that is to follow."""

    def ask(self) -> Future[Condition]:
        """What the look under way finds; where that began too long ago, the one that follows it."""
        with self._lock:
            if not self._asked or self._asked[-1].is_old(self._clock()):
                self._asked.append(Look())
                # So that nobody who gives up waiting cancels it for the others.
                self._asked[-1].found.set_running_or_notify_cancel()
                if len(self._asked) == 1:
                    threading.Thread(target=self._work, name="looks", daemon=True).start()
            return self._asked[-1].found

    def _work(self) -> None:
        is_asked = True
        while is_asked:
            look = self._asked[0]
            look.began_ns = self._clock()
            try:
                condition = self._look()
            except BaseException as error:  # noqa: BLE001  # it is for whoever asked
                is_asked = self._ended()
                look.found.set_exception(error)
            else:
                is_asked = self._ended()
                look.found.set_result(condition)

    def _ended(self) -> bool:
        """Whether another look follows."""
        with self._lock:
            self._asked.popleft()
            return bool(self._asked)
