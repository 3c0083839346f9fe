"""Altering the books behind the program's back, and what `verify` says then."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from tallystick.store.db import Tx
from tallystick.verify import checks
from tests.api import Api, unwatched

CHECKS_ON_POSTGRESQL = """
    SELECT conrelid::regclass AS table_name, conname FROM pg_constraint WHERE contype = 'c' AND conrelid > 0
"""


def report(tx: Tx, *owners: Api) -> list[str]:
    """What `verify` finds in these accounts, a line each."""
    return [str(difference) for difference in checks.differences(tx, [api.account for api in owners], unwatched)]


@contextmanager
def unguarded(api: Api) -> Iterator[Tx]:
    """A transaction in which the database lets every row go, and which is rolled back."""
    with api.database.transaction("tests") as tx:
        if tx.is_postgresql:
            tx.connection.execute(text("SET LOCAL session_replication_role = replica"))
            for check in tx.connection.execute(text(CHECKS_ON_POSTGRESQL)).all():
                tx.connection.execute(text(f"ALTER TABLE {check.table_name} DROP CONSTRAINT {check.conname}"))
        else:
            tx.connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            tx.connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        yield tx
        tx.connection.get_transaction().rollback()  # type: ignore[union-attr]
