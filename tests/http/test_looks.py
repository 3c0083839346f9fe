"""One look at a time is shared by all who ask while it lasts, but by nobody who asks long after it began."""

import threading
from concurrent.futures import Future
from queue import SimpleQueue

import pytest

from tallystick.http.looks import SHARED_FOR_NS, Looks
from tallystick.store.readiness import Condition

TIMEOUT_S = 60
ASKERS = 50


class Scene:
    """Looks that end when they are told to, by a clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.began: SimpleQueue[int] = SimpleQueue()
        self.under_way = 0
        self._count = 0
        self._ends: SimpleQueue[None] = SimpleQueue()
        self.looks = Looks(self._look, lambda: self.now_ns)

    def _look(self) -> Condition:
        self._count += 1
        self.under_way += 1
        assert self.under_way == 1
        self.began.put(self._count)
        self._ends.get(timeout=TIMEOUT_S)
        self.under_way -= 1
        return Condition([str(self._count)], [])

    def end(self) -> None:
        self._ends.put(None)

    def ask_many(self) -> list[Future[Condition]]:
        return [self.looks.ask() for _ in range(ASKERS)]


def answers(asked: list[Future[Condition]]) -> list[list[str]]:
    return [each.result(TIMEOUT_S).reasons for each in asked]


def test_all_who_ask_meanwhile_share_a_look() -> None:
    scene = Scene()
    asked = scene.ask_many()
    assert scene.began.get(timeout=TIMEOUT_S) == 1
    scene.now_ns += SHARED_FOR_NS
    asked += scene.ask_many()
    scene.end()
    assert answers(asked) == [["1"]] * 2 * ASKERS


def test_who_asks_after_it_has_another() -> None:
    scene = Scene()
    for number in (1, 2):
        asked = scene.ask_many()
        assert scene.began.get(timeout=TIMEOUT_S) == number
        scene.end()
        assert answers(asked) == [[str(number)]] * ASKERS


def test_who_asks_long_after_it_began_has_the_one_that_follows() -> None:
    scene = Scene()
    early = scene.ask_many()
    assert scene.began.get(timeout=TIMEOUT_S) == 1
    scene.now_ns += SHARED_FOR_NS + 1
    late = scene.ask_many()
    # However long ago they asked: it has not begun.
    scene.now_ns += 100 * SHARED_FOR_NS
    late += scene.ask_many()
    scene.end()
    assert answers(early) == [["1"]] * ASKERS
    assert scene.began.get(timeout=TIMEOUT_S) == 2
    assert not any(each.done() for each in late)
    scene.end()
    assert answers(late) == [["2"]] * 2 * ASKERS


def test_nobody_who_gives_up_cancels_it_for_the_others() -> None:
    scene = Scene()
    asked = scene.ask_many()
    assert not any(each.cancel() for each in asked)
    scene.end()
    assert answers(asked) == [["1"]] * ASKERS


def test_a_look_that_fails_is_no_last_one() -> None:
    fails = threading.Event()
    fails.set()

    def look() -> Condition:
        if fails.is_set():
            raise ZeroDivisionError
        return Condition([], [])

    looks = Looks(look)
    with pytest.raises(ZeroDivisionError):
        looks.ask().result(TIMEOUT_S)
    fails.clear()
    assert looks.ask().result(TIMEOUT_S) == Condition([], [])
