"""Writing what a client keeps with a thing for itself (``core.labels``)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.labels import merged
from tallystick.store.db import Tx, violates
from tallystick.store.tables import thing, unique_external_id_name

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
    pairs = tx.execute(kept).scalar_one_or_none()
    return {**changes, "metadata": merged(pairs or {}, changes["metadata"])}


@contextmanager
def refusing_a_taken_external_id(table: Table, values: Values) -> Iterator[None]:
    """Raises Conflict in place of the database's refusal of an ``external_id`` that another row of the kind has."""
    try:
        yield
    except IntegrityError as error:
        taken = [index for index in table.indexes if index.name == unique_external_id_name(table.name)]
        if taken and violates(error, taken[0]):
            raise Conflict(f"The external_id {values['external_id']} is in use by another {thing(table)}.") from None
        raise
