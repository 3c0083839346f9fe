"""Fixtures of the tests of billingdb's API."""

import pytest

from tallystick.dialects.billingdb.routes import BILLINGDB
from tests.api import Api
from tests.dialects.callers import DialectCaller


@pytest.fixture
def billingdb(api: Api) -> DialectCaller:
    """Calls billingdb's API over the test's own database."""
    return DialectCaller(api, BILLINGDB)
