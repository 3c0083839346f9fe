"""Fixtures of the tests of recurring billing."""

from collections.abc import Iterator

import pytest

from tests.api import Api, opened
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-06-15T12:00:00Z")


@pytest.fixture
def api(database_url: str, clock: Clock) -> Iterator[Api]:
    """The API on the day of ``clock``."""
    with opened(database_url, clock=clock) as client:
        yield client
