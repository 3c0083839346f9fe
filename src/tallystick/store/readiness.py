"""Whether the database can take work now; if not, why."""

import shutil
from collections.abc import Iterator
from datetime import datetime

import msgspec
from sqlalchemy.exc import DBAPIError

from tallystick.core.errors import Unavailable
from tallystick.store import beats, unavailable
from tallystick.store.db import Database
from tallystick.store.trouble import sqlite_file

LEAST_FREE_BYTES = 16 << 20
"""A large write makes SQLite's log alone grow by some."""

TO_DO = "start `tallystick worker`, or no schedule is billed."
NO_WORKER_YET = f"No worker has worked yet: {TO_DO}"
NO_WORKER = f"No worker has worked for five minutes: {TO_DO}"


class Condition(msgspec.Struct, frozen=True):
    """How a database is: why it can take no work, a sentence each, and what else to heed; when a worker last worked.

    Of SQLite also when its log last came into its file, and what is free on its disk.
    """

    reasons: list[str]
    notes: list[str]
    worker_at: datetime | None = None
    checkpoint_at: datetime | None = None
    free_bytes: int | None = None


def condition(database: Database) -> Condition:
    """How it is now. Tries to write, for some seconds at most; tells nothing that only the operator may know."""
    reasons = [*_hindrances(database), *_failures_of_sqlite(database), *_failures_of_usage(database)]
    notes, worker_at = ([], None) if reasons else _of_worker(database)
    checkpoint_at = database.checkpoints.good_at if database.checkpoints else None
    return Condition(reasons, notes, worker_at, checkpoint_at, _free_bytes(database))


def _of_worker(database: Database) -> tuple[list[str], datetime | None]:
    with database.read() as tx:
        worker_at = beats.last(tx)
    if worker_at is None:
        return [NO_WORKER_YET], None
    return [NO_WORKER] if tx.now - worker_at > beats.MISSED_AFTER else [], worker_at


def _failures_of_sqlite(database: Database) -> Iterator[str]:
    free_bytes = _free_bytes(database)
    if free_bytes is not None and free_bytes < LEAST_FREE_BYTES:
        yield f"The disk is full: {free_bytes >> 20} MiB are free."
    if database.checkpoints is not None and database.checkpoints.trouble is not None:
        yield f"The last checkpoint failed: {database.checkpoints.trouble}."


def _failures_of_usage(database: Database) -> Iterator[str]:
    """What hinders usage events, where they are in a file of their own."""
    if not (database.is_sqlite and database.has_usage):
        return
    yield from (f"Usage: {reason}" for reason in _hindrances(database.usage))
    taken = database.usage.checkpoints
    if taken is not None and taken.trouble is not None:
        yield f"Usage: The last checkpoint failed: {taken.trouble}."


def _free_bytes(database: Database) -> int | None:
    file = sqlite_file(database.url)
    # Its folder may be gone with it.
    return shutil.disk_usage(file.parent).free if file is not None and file.parent.is_dir() else None


def _hindrances(database: Database) -> Iterator[str]:
    try:
        database.try_to_write()
    except Unavailable as error:
        yield f"The database takes no writes: {unavailable.public_reason(error)}."
    except DBAPIError:
        yield "The database takes no writes."
