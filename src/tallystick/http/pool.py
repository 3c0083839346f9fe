"""Threads for what is synchronous, as the event loop awaits it."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    work: Callable[[], Any]


class Pool:
    """A few threads, which take up work in the order in which it comes. They end with the process."""

    def __init__(self, name: str, threads: int) -> None:
        self.unfinished = 0
        """How much is under way or waits."""
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        for number in range(1, threads + 1):
            threading.Thread(target=self._work, name=f"{name} {number}", daemon=True).start()

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` answers or raises in one of the threads. To be called in one event loop only."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self.unfinished += 1
        self._jobs.put(Job(loop, done, work))
        try:
            return await done
        finally:
            self.unfinished -= 1

    def _work(self) -> None:
        while True:
            loop, done, work = self._jobs.get()
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001  # all of them are for whoever awaits the work
                loop.call_soon_threadsafe(done.set_exception, error)
            else:
                loop.call_soon_threadsafe(done.set_result, result)
