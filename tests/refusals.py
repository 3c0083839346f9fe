"""What a rule says to a case, as a table of cases has it in its last column."""

from collections.abc import Callable
from typing import Any

import pytest

from tallystick.core.errors import DomainError, ValidationFailed

BEFORE_ANY_STATEMENT = pytest.mark.database("sqlite")
"""Of a test of what is answered before a request reads more than its key, which is the same over any database."""


def is_refused(rule: Callable[..., object], *arguments: Any) -> bool:
    """Whether the rule raises one of the API's refusals."""
    try:
        rule(*arguments)
    except DomainError:
        return True
    return False


def outcome(rule: Callable[..., Any], *arguments: Any) -> Any:
    """What the rule answers, or the names of the fields that it refuses."""
    try:
        return rule(*arguments)
    except ValidationFailed as refused:
        return list(refused.errors)
