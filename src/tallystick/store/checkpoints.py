"""Moves what SQLite's write-ahead log holds into the database's file: beside the requests, and told (docs/adr/0041).

SQLite would do it within a commit, and keep an error of it to itself. That loses data: pages whose sync failed once
count as written for the kernel, the next checkpoint succeeds without them, and the log, which alone still has them,
begins anew. So here an I/O error ends the process at once. The log is then as it was, and the next start, which knows
of no checkpoint, moves the whole of it again.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from tallystick.core.errors import Unavailable
from tallystick.store.unavailable import is_io_error, reason

COMMITS = 64
"""After so many commits the log is moved at once; SQLite's own limit, 1,000 pages, is some 60 to 100 bills."""

AT_LATEST_S = 5.0
END_TIMEOUT_S = 10.0

log = logging.getLogger(__name__)


class Checkpoints:
    """Takes checkpoints on the connection that writes, when it is its turn; its thread begins with a commit.

    ``good_at`` is when the last one did not fail, None before the first, and ``trouble`` what the last one met. After
    ``most_commits`` one is taken at once.
    """

    def __init__(self, turn: AbstractContextManager[None], connection: Callable[[], sqlite3.Connection]) -> None:
        self.good_at: datetime | None = None
        self.trouble: str | None = None
        self.most_commits = COMMITS
        self._turn = turn
        self._connection = connection
        self._commits = 0
        self._some = threading.Event()
        self._many = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)

    def committed(self, writes: int = 1) -> None:
        """Notes that so many writes were committed; for whoever has the turn."""
        self._commits += writes
        if not self._some.is_set():
            self._some.set()
            if self._thread.ident is None:
                self._thread.start()
        if self._commits >= self.most_commits:
            self._many.set()

    def close(self) -> None:
        """Takes no more, and ends with the one that is under way."""
        self._is_closed = True
        self._some.set()
        self._many.set()
        if self._thread.ident is not None:
            self._thread.join(END_TIMEOUT_S)

    def _run(self) -> None:
        while not self._is_closed:
            self._some.wait()
            self._many.wait(AT_LATEST_S)
            self._many.clear()
            try:
                with self._turn:
                    self._take()
            except Unavailable as error:
                self._tell(reason(error))

    def _take(self) -> None:
        if self._is_closed:
            return
        try:
            # Of this file alone: another that is attached to be read cannot be written.
            self._connection().execute("PRAGMA main.wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            if is_io_error(error):
                _end(error)
            # As where the disk is full: the log keeps all, and it is tried again.
            self._tell(str(error))
        else:
            self._commits = 0
            self._some.clear()
            self.good_at, self.trouble = datetime.now(UTC), None

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("a checkpoint of the database failed, and is tried again: %s", trouble)
        self.trouble = trouble


def _end(error: sqlite3.Error) -> None:
    """Ends the process, and closes nothing, which would take another checkpoint."""
    log.critical("a checkpoint met an I/O error (%s): the server ends, so that its next start recovers the log", error)
    logging.shutdown()
    os._exit(1)
