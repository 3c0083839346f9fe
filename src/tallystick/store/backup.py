"""A copy of a SQLite database, taken while others read and write it."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tallystick.core.errors import Hindrance
from tallystick.store.usage_file import usage_file_of

PART = ".tallystick-part"
JOURNAL = "-journal"
NEWEST_SEALS = """
    SELECT account_id, hash FROM seals
    WHERE (account_id, position) IN (SELECT account_id, max(position) FROM seals GROUP BY account_id)
    ORDER BY account_id
"""


class CannotBackUp(Hindrance):
    """Why there is no backup, and what to do."""


def back_up(source: Path, target: Path) -> None:
    """Copies the database at ``source`` as it is at one instant; nobody who uses it waits.

    And the file of usage events, if there is one, to beside ``target``: a moment later, so that it has all events that
    the copied invoices bill. The copies are checked, and only then get their names. Raises CannotBackUp where there is
    nothing to copy, where ``target`` is there already, where its disk is full, and where a copy is not sound.
    """
    if not source.is_file():
        raise CannotBackUp(f"There is no database at {source}. DATABASE_URL says which one to back up.")
    usage = usage_file_of(source)
    with new_file(target) as part:
        try:
            _copy(source, part)
            if usage.is_file():
                with new_file(usage_file_of(target)) as usage_part:
                    _copy(usage, usage_part)
        except sqlite3.OperationalError as error:
            # Nothing but the copies grows.
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise CannotBackUp(f"{target.absolute()} cannot be written: the disk is full.") from error


def heads(backup: Path) -> list[tuple[int, bytes]]:
    """Of each account in a copy its id and the hash of its newest seal: to be kept where nobody alters them."""
    with closing(sqlite3.connect(f"file:{quote(str(backup))}?mode=ro", uri=True)) as copy:
        return copy.execute(NEWEST_SEALS).fetchall()


def _copy(source: Path, part: Path) -> None:
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(part)) as copy:
        # All pages in one step, which is one snapshot: by steps, each write of another process would start it anew.
        original.backup(copy)
        # One file, without a write-ahead log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        _check(copy)


def _check(copy: sqlite3.Connection) -> None:
    for pragma in ("integrity_check", "foreign_key_check"):
        found = copy.execute(f"PRAGMA {pragma}").fetchmany(3)
        if found not in ([], [("ok",)]):
            raise CannotBackUp(f"The database is damaged, and was not backed up; {pragma} says: {found}.")


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Where to write what becomes the new file ``target`` at the end of the block, whole and on disk, or not at all.

    What others that were cut off have left in the folder goes away. Raises CannotBackUp where ``target`` is there
    already, and where its folder is not.
    """
    if not target.parent.is_dir():
        raise CannotBackUp(f"There is no folder {target.parent.absolute()}. Make it first.")
    _refuse_existing(target)
    _clear_away(target.parent)
    part = target.with_name(target.name + PART)
    with _held(part):
        try:
            yield part
            _sync(part)
            _refuse_existing(target)
            part.rename(target)
            _sync(target.parent)
        finally:
            _remove(part)


def _clear_away(folder: Path) -> None:
    for part in folder.glob(f"*{PART}"):
        # Another's that is being written is held by it; one of another user is not ours to remove.
        with suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(part)


def _remove(part: Path) -> None:
    part.with_name(part.name + JOURNAL).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


@contextmanager
def _held(part: Path) -> Iterator[None]:
    """Makes the file and holds it for the time of the block, so that nobody takes it for what was left behind."""
    with ExitStack() as stack:
        while True:
            file = stack.enter_context(part.open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
            if part.exists() and os.path.samestat(os.fstat(file.fileno()), part.stat()):
                break
        yield


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise CannotBackUp(f"{target} is there already, and is not overwritten. Give another name.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
