"""Turns to write: one at a time, and nobody waits for ever."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tallystick.core.errors import Unavailable
from tallystick.store import turn
from tallystick.store.turn import Turn

A_WHILE_S = 0.5


def test_one_has_it_at_a_time() -> None:
    ours, inside = Turn(), []

    def take(_n: int) -> int:
        with ours:
            inside.append(1)
            time.sleep(0.001)
            together = len(inside)
            inside.pop()
        return together

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(take, range(40))) == {1}


def test_who_waits_in_vain_is_told_and_the_next_ones_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "PATIENCE_S", A_WHILE_S)
    ours = Turn()

    def waited_s() -> float:
        began_s = time.monotonic()
        with pytest.raises(Unavailable), ours:
            pass
        return time.monotonic() - began_s

    with ThreadPoolExecutor(1) as other:
        with ours:
            first_s, second_s = (other.submit(waited_s).result() for _ in range(2))
        assert first_s >= A_WHILE_S > second_s
        with ours:
            # It was free meanwhile, so that one waits in earnest again.
            assert other.submit(waited_s).result() >= A_WHILE_S
