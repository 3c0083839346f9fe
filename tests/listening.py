"""Collects the statements that the program runs, to ask a database how it would go about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tallystick.store.prepared import CompiledForm, Values


@contextmanager
def listening() -> Iterator[list[tuple[str, Any]]]:
    """Collects the statements that run during the block, with their parameters."""
    statements: list[tuple[str, Any]] = []

    def on_execute(*call: Any) -> None:
        _connection, _cursor, sql, parameters, *_ = call
        statements.append((sql, parameters))

    def on_prepared(form: CompiledForm, values: Values) -> Any:
        parameters = arguments(form, values)
        statements.append((form.sql, tuple(parameters)))
        return parameters

    arguments = CompiledForm.arguments
    event.listen(Engine, "before_cursor_execute", on_execute)
    try:
        # Prepared statements go past SQLAlchemy.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(CompiledForm, "arguments", on_prepared)
            yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", on_execute)
