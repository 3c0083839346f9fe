"""Fixtures of the tests of iqraa's API."""

import pytest

from tallystick.dialects.iqraa.routes import IQRAA
from tests.api import Api
from tests.dialects.callers import DialectCaller


@pytest.fixture
def iqraa(api: Api) -> DialectCaller:
    """Calls iqraa's API over the test's own database."""
    return DialectCaller(api, IQRAA)
