"""The properties here are tried as often as those of the core."""

import tests.core.conftest  # noqa: F401
