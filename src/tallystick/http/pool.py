"""Threads for what is synchronous, as the event loop awaits it."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    work: Callable[[], Any]

    def do(self) -> None:
        """Works, and tells whoever awaits it how that went."""
        try:
            result = self.work()
        except BaseException as error:  # noqa: BLE001  # all of them are for whoever awaits the work
            self.loop.call_soon_threadsafe(self.done.set_exception, error)
        else:
            self.loop.call_soon_threadsafe(self.done.set_result, result)


class Turns:
    """Jobs that wait: the callers take turns, and those come first of whose jobs the fewest are under way.

    The jobs of one caller keep their order. A caller may be anything that can be a key; the object is for any thread.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[Job]] = {}
        self._under_way: Counter[Hashable] = Counter()
        self._lock = threading.Lock()
        # One for each job that waits: its C waits for less than a semaphore of Python's does.
        self._tickets: SimpleQueue[None] = SimpleQueue()

    def put(self, caller: Hashable, job: Job) -> None:
        """Lets a job wait for its caller's turn."""
        with self._lock:
            self._waiting.setdefault(caller, deque()).append(job)
        self._tickets.put(None)

    def take(self) -> tuple[Hashable, Job]:
        """Waits for a job, which is under way until its caller is given to ``end``."""
        self._tickets.get()
        with self._lock:
            caller = min(self._waiting, key=self._under_way.__getitem__)
            jobs = self._waiting.pop(caller)
            job = jobs.popleft()
            if jobs:
                self._waiting[caller] = jobs
            self._under_way[caller] += 1
        return caller, job

    def end(self, caller: Hashable) -> None:
        """Counts one job less of the caller's."""
        with self._lock:
            self._under_way[caller] -= 1
            if not self._under_way[caller]:
                del self._under_way[caller]


class Pool:
    """A few threads, which take up work as its callers' turns come. They end with the process."""

    def __init__(self, name: str, threads: int) -> None:
        self.unfinished = 0
        """How much is under way or waits."""
        self._turns = Turns()
        for number in range(1, threads + 1):
            threading.Thread(target=self._work, name=f"{name} {number}", daemon=True).start()

    async def run(self, work: Callable[[], T], caller: Hashable = None) -> T:
        """What ``work`` answers or raises in one of the threads. To be called in one event loop only.

        No ``caller`` waits for all the work of another; without one, work is done in the order in which it comes.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self.unfinished += 1
        self._turns.put(caller, Job(loop, done, work))
        try:
            return await done
        finally:
            self.unfinished -= 1

    def _work(self) -> None:
        while True:
            caller, job = self._turns.take()
            job.do()
            self._turns.end(caller)
