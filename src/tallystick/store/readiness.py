"""Whether the database can take work now; if not, why."""

import shutil
from collections.abc import Iterator
from datetime import datetime

import msgspec
from sqlalchemy.exc import DBAPIError

from tallystick.core.errors import Unavailable
from tallystick.store import unavailable
from tallystick.store.db import Database
from tallystick.store.trouble import sqlite_file

LEAST_FREE_BYTES = 16 << 20
"""A large write makes SQLite's log alone grow by some."""


class Condition(msgspec.Struct, frozen=True):
    """How a database is: why it can take no work, a sentence each, and of SQLite its last checkpoint and its disk."""

    reasons: list[str]
    checkpoint_at: datetime | None = None
    free_bytes: int | None = None


def condition(database: Database) -> Condition:
    """How it is now. Tries to write, for some seconds at most; tells nothing that only the operator may know."""
    file, checkpoints = sqlite_file(database.url), database.checkpoints
    if file is None or checkpoints is None:
        return Condition(list(_hindrances(database)))
    free_bytes = shutil.disk_usage(file.parent).free
    reasons = list(_hindrances(database))
    if free_bytes < LEAST_FREE_BYTES:
        reasons.append(f"The disk is full: {free_bytes >> 20} MiB are free.")
    if checkpoints.trouble is not None:
        reasons.append(f"The last checkpoint failed: {checkpoints.trouble}.")
    return Condition(reasons, checkpoints.good_at, free_bytes)


def _hindrances(database: Database) -> Iterator[str]:
    try:
        database.try_to_write()
    except Unavailable as error:
        yield f"The database takes no writes: {unavailable.public_reason(error)}."
    except DBAPIError:
        yield "The database takes no writes."
