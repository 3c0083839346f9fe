"""Writing what a client keeps with a thing for itself (``core.labels``)."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.labels import Metadata, merged
from tallystick.store.db import Tx
from tallystick.store.tables import unique_external_id_name
from tallystick.store.unique import Unique, refusal, refusing_taken

Values = Mapping[str, Any]


def of_new(values: Values) -> Values:
    """The columns of a new row, its ``metadata`` as they are kept."""
    return {**values, "metadata": merged({}, values["metadata"])} if "metadata" in values else values


def of_changed(tx: Tx, account: Account, table: Table, row_id: int, changes: Values) -> Values:
    """The columns that change, ``metadata`` among them merged with what is kept; no query where they are not named.

    Nobody else changes the row from then on. Raises ValidationFailed where too many pairs would be kept.
    """
    if "metadata" not in changes:
        return changes
    kept = select(table.c.metadata).where(table.c.account_id == account.id, table.c.id == row_id).with_for_update()
    pairs: Metadata | None = tx.row(kept, dict)
    return {**changes, "metadata": merged(pairs or {}, changes["metadata"])}


def refusing_a_taken_external_id(table: Table, values: Values) -> AbstractContextManager[None]:
    """Raises Conflict in place of the database's refusal of an ``external_id`` that another row of the kind has."""
    return refusing_taken(_unique_external_id(table), values)


def refusal_of_a_taken_external_id(table: Table, values: Values, error: IntegrityError) -> Conflict | None:
    """What the database's refusal means, where it is of an ``external_id`` that another row of the kind has."""
    return refusal(_unique_external_id(table), values, error)


@cache
def _unique_external_id(table: Table) -> list[Unique]:
    name = unique_external_id_name(table.name)
    return [Unique("external_id", "external_id", index) for index in table.indexes if index.name == name]
