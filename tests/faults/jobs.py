"""Work for a server that ends in its middle: POSTs in many threads, each with an idempotency key of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx

from testing.server import Server

THREADS = 16
KEYS = count(1)


class Job:
    """One POST to a path, of whichever API, with an idempotency key of its own; and its answer once there is one."""

    def __init__(self, path: str, body: dict[str, Any]) -> None:
        self.path = path
        self.body = body
        self.answer: bytes | None = None
        self._key = f"job-{next(KEYS)}"

    def send(self, server: Server) -> httpx.Response:
        headers = {"X-API-Key": server.key, "Idempotency-Key": self._key}
        return server.client.post(self.path, json=self.body, headers=headers)


def work(server: Server, jobs: list[list[Job]], answered: Callable[[], None]) -> None:
    """Does what has no answer yet, in many threads; each thread ends when the server is gone."""
    todo, lock = iter(jobs), threading.Lock()

    def take() -> list[Job] | None:
        with lock:
            return next(todo, None)

    def run() -> None:
        while (steps := take()) is not None:
            for job in steps:
                if job.answer is None:
                    try:
                        response = job.send(server)
                    except httpx.TransportError:
                        return
                    assert response.is_success, response.text
                    job.answer = response.content
                    answered()

    with ThreadPoolExecutor(THREADS) as threads:
        for running in [threads.submit(run) for _ in range(THREADS)]:
            running.result()


def work_until(server: Server, jobs: list[list[Job]], answers: int, end: Callable[[], None]) -> None:
    """Works, and calls ``end`` at the given number of answers, while others are under way."""
    counted = count(1)

    def answered() -> None:
        if next(counted) == answers:
            end()

    work(server, jobs, answered)


def check_nothing_is_lost(server: Server, jobs: list[list[Job]]) -> None:
    """Every answer that was given is given again, to the byte."""
    for job in (job for steps in jobs for job in steps if job.answer is not None):
        replay = job.send(server)
        assert replay.headers.get("Idempotent-Replayed") == "true", f"the answer to {job.path} is lost"
        assert replay.content == job.answer
