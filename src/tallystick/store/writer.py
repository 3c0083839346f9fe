"""SQLite's one writer in this process."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from tallystick.store import engines
from tallystick.store.checkpoints import Checkpoints
from tallystick.store.engines import driver_of
from tallystick.store.turn import Turn

LOCKED_OUT_TIMEOUT_S = 0.25
"""How long a write waits for another process's once that has been in vain."""


class Writer:
    """Keeps its connection, and so saves the way through the pool each time."""

    def __init__(self, engine: Engine) -> None:
        self.turn = Turn()
        self.checkpoints = Checkpoints(self.turn, lambda: driver_of(self._open()))
        self._engine = engine
        self._timeout_s = engines.SQLITE_BUSY_TIMEOUT_S
        self._kept: Connection | None = None
        self._is_locked_out = False

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction, when it is its turn: commits at the end of the block. Raises Unavailable as Turn does."""
        with self.turn:
            kept = self._open()
            try:
                with kept.begin():
                    if self._is_locked_out:
                        self._wait_for_others(kept, self._timeout_s)
                    yield kept
            except DBAPIError:
                # A COMMIT that failed may leave its transaction open, and SQLAlchemy believes that it is not.
                driver_of(kept).rollback()
                raise
            except sqlite3.OperationalError:
                # So BEGIN failed. Who waits for a turn need not wait as long to learn the same.
                self._wait_for_others(kept, LOCKED_OUT_TIMEOUT_S)
                raise
            self.checkpoints.committed()

    def close(self) -> None:
        """Closes the connection."""
        self.checkpoints.close()
        if self._kept is not None:
            self._kept.close()

    def _open(self) -> Connection:
        if self._kept is None:
            self._kept = self._engine.connect()
        return self._kept

    def _wait_for_others(self, kept: Connection, timeout_s: float) -> None:
        driver_of(kept).execute(f"PRAGMA busy_timeout={round(timeout_s * 1000)}")
        self._is_locked_out = timeout_s < self._timeout_s
