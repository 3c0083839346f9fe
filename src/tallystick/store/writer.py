"""SQLite's one writer in this process."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from tallystick.core.errors import Unavailable
from tallystick.store import engines
from tallystick.store.checkpoints import Checkpoints
from tallystick.store.engines import driver_of, wait_for_others
from tallystick.store.group import Group
from tallystick.store.turn import Turn, TurnTaken

BEGIN = "BEGIN IMMEDIATE"
TRY_TIMEOUT_S = 2.0
LOCKED_OUT_TIMEOUT_S = 0.25
"""How long a write waits for another process's once that has been in vain."""

LEFT_ALONE_AFTER_S = 0.05


class Writer:
    """Keeps its connection, and so saves the way through the pool each time."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self.turn = Turn(self._end_group)
        self.checkpoints = Checkpoints(self.turn, lambda: driver_of(self._open()))
        self._engine = engine
        self._timeout_s = engines.SQLITE_BUSY_TIMEOUT_S
        self._file = file
        self._identity: tuple[int, int] | None = None
        self._kept: Connection | None = None
        self._is_locked_out = False
        self._group: Group | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction, when it is its turn: commits at the end of the block.

        Raises Unavailable as Turn does, and where the file was deleted or replaced.
        """
        with self.turn:
            kept = self._locked()
            try:
                yield kept
                _commit(kept)
            except BaseException:
                _undo(kept)
                raise
            self.checkpoints.committed()

    @contextmanager
    def join(self) -> Iterator[Connection]:
        """As ``begin``, for what is short: committed with what others write who wait for their turn meanwhile.

        Raises TryAgain where it was undone with what others wrote, and should be done again alone.
        """
        group: Group | None = None
        try:
            with self.turn.that_goes_on():
                group = self._group = self._group or self._new_group()
                kept = self._open()
                try:
                    with group.part(driver_of(kept)):
                        yield kept
                finally:
                    self._leave(group, kept)
        finally:
            # A refusal too may rest on what is not committed yet.
            if group is not None:
                self._wait_for(group)

    def _new_group(self) -> Group:
        self._locked()
        return Group()

    def _leave(self, group: Group, kept: Connection) -> None:
        """Leaves the group to the next one who comes, or ends it."""
        if not group.members:
            self._undo_group(kept, None)
        elif not driver_of(kept).in_transaction:
            self._undo_group(kept, RuntimeError("SQLite has undone the whole transaction"))
        elif group.is_complete or not self.turn.going_on:
            self._end_group()

    def _end_group(self) -> None:
        group, kept = self._group, self._kept
        if group is None or kept is None:
            return
        try:
            _commit(kept)
        except BaseException as error:  # noqa: BLE001  # all of them are for the members
            self._undo_group(kept, error)
        else:
            self._group = None
            self.checkpoints.committed(group.members)
            group.end()

    def _undo_group(self, kept: Connection, trouble: BaseException | None) -> None:
        group, self._group = self._group, None
        try:
            _undo(kept)
        finally:
            if group is not None:
                group.end(trouble)

    def _wait_for(self, group: Group) -> None:
        while not group.has_ended(within_s=LEFT_ALONE_AFTER_S):
            # Whoever it was left to may have given up; and each turn that is none of a member ends it.
            with suppress(TurnTaken), self.turn.within(LEFT_ALONE_AFTER_S):
                pass
        group.check()

    def try_lock(self) -> None:
        """Takes SQLite's lock to write, and lets go of it. Raises Unavailable, or what SQLite says.

        Where others write one after the other, and it is not its turn in time, it can be done all the same.
        """
        self.check_file()
        ended = self.turn.ended
        try:
            self._try_lock()
        except TurnTaken:
            if self.turn.ended == ended:
                raise

    def _try_lock(self) -> None:
        with self.turn.within(TRY_TIMEOUT_S):
            kept = self._open()
            self.check_file()
            self._wait_for_others(kept, TRY_TIMEOUT_S)
            driver_of(kept).execute(BEGIN)
            driver_of(kept).rollback()
            self._wait_for_others(kept, self._timeout_s)

    def check_file(self, *_event: object) -> None:
        """Raises Unavailable where the file is not the one that was opened.

        SQLite would go on writing into one without a name, and all of that would be gone with the process; and a new
        connection would make a new one.
        """
        now = _identity(self._file)
        if self._identity not in (None, now):
            raise Unavailable from OSError("its file was replaced" if now else "its file was deleted")

    def close(self) -> None:
        """Closes the connection."""
        self.checkpoints.close()
        if self._kept is not None:
            self._kept.close()

    def _open(self) -> Connection:
        if self._kept is None:
            self._kept = self._engine.connect()
            # What undoes one statement of many rows, or a savepoint: on disk it costs several times such a statement.
            driver_of(self._kept).execute("PRAGMA temp_store=MEMORY")
            self._identity = _identity(self._file)
        return self._kept

    def _locked(self) -> Connection:
        """The connection, in a transaction that may write."""
        kept = self._open()
        self.check_file()
        self._lock(kept)
        return kept

    def _lock(self, kept: Connection) -> None:
        try:
            driver_of(kept).execute(BEGIN)
        except sqlite3.OperationalError:
            # Who waits for a turn need not wait as long to learn the same.
            self._wait_for_others(kept, LOCKED_OUT_TIMEOUT_S)
            raise
        if self._is_locked_out:
            self._wait_for_others(kept, self._timeout_s)

    def _wait_for_others(self, kept: Connection, timeout_s: float) -> None:
        wait_for_others(kept, timeout_s)
        self._is_locked_out = timeout_s < self._timeout_s


def _commit(kept: Connection) -> None:
    """Commits what SQLAlchemy knows of, where it ran a statement too, and what the driver ran by itself.

    Raises DBAPIError.
    """
    kept.commit()
    try:
        driver_of(kept).commit()
    except sqlite3.Error as error:
        raise DBAPIError.instance("COMMIT", None, error, sqlite3.Error) from error


def _undo(kept: Connection) -> None:
    """Undoes a transaction, of which SQLAlchemy believes after a COMMIT that failed that it is not open."""
    kept.rollback()
    driver_of(kept).rollback()


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
