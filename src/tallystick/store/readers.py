"""SQLite's readers in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from tallystick.store.engines import driver_of


class Readers:
    """Keeps its connections, as many as ever read at a time, and so saves the way through the pool each time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: list[Connection] = []

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction over one snapshot."""
        with self.connect() as connection:
            driver_of(connection).execute("BEGIN")
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for a statement that is its own transaction."""
        connection = self._taken()
        try:
            yield connection
        finally:
            # Of SQLAlchemy's own, where it ran a statement too; and of what the driver ran by itself.
            connection.rollback()
            driver_of(connection).rollback()
            self._idle.append(connection)

    def close(self) -> None:
        """Closes the connections that nobody reads by."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._engine.connect()
