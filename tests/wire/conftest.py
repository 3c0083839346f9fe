from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tallystick.accounts.ops import DEFAULTS
from tallystick.core.account import Account
from tallystick.core.party import Seller


@pytest.fixture
def account_in() -> Callable[[str], Account]:
    """Makes an account with this time zone, out of no database."""
    made = datetime(2026, 1, 1, tzinfo=UTC)
    fixed: dict[str, Any] = {
        **DEFAULTS,
        "id": 1,
        "seller": Seller("Ann"),
        "version": 1,
        "created_at": made,
        "updated_at": made,
    }
    return lambda timezone: Account(**{**fixed, "timezone": timezone})
