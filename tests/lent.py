"""Databases that go from test to test within a process, with what was built over them and compiled for them.

Building the application, and compiling the statements of the checks, is most of the work of a small test. So a
database that one test has closed is opened by the next over a URL of its own, and stays the value that an application
was built over.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Dialect, Engine

from tallystick.store.db import Database


@contextmanager
def lent(url: str, *, clock: Callable[[], datetime]) -> Iterator[Database]:
    """A database over this URL, which nobody else has during the block."""
    database = _free.pop() if _free else Database.__new__(Database)
    Database.__init__(database, url, clock=clock)
    for engine in vars(database).values():
        if isinstance(engine, Engine):
            _share_compiled(engine)
    try:
        yield database
    finally:
        database.close()
        _free.append(database)


def _share_compiled(engine: Engine) -> None:
    """Gives the engine the statements that were compiled for others of its kind: they are kept by dialect."""
    engine.dialect = _dialects.setdefault(engine.dialect.name, engine.dialect)
    engine.update_execution_options(compiled_cache=_compiled)


_free: list[Database] = []
_dialects: dict[str, Dialect] = {}
_compiled: dict[Any, Any] = {}
