import pytest

from tests.api import Api
from tests.dialects.invoice_ng.calls import Calls


@pytest.fixture
def calls(api: Api) -> Calls:
    return Calls(api)
