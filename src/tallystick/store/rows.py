"""The statements that every table of versioned rows needs, each bound to one account.

A row comes back as the struct whose fields name its columns.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import structs
from sqlalchemy import (
    Column,
    Select,
    Table,
    select,
)
from sqlalchemy import (
    delete as delete_from,
)
from sqlalchemy import (
    insert as insert_into,
)
from sqlalchemy import (
    update as update_of,
)
from sqlalchemy.exc import IntegrityError

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, NotFound
from tallystick.store import labels
from tallystick.store.db import Tx
from tallystick.store.tables import thing

T = TypeVar("T", bound=msgspec.Struct)


def columns(table: Table, kind: type[msgspec.Struct]) -> list[Column[Any]]:
    """The columns that the struct's fields name, in their order, so that ``reader`` makes it of their values.

    A field that is no column holds a struct of columns.
    """
    return [table.c[name] for part in _parts(table, kind) for name in part.names]


class _Part(NamedTuple):
    """Columns beside each other: of a struct that a field holds, or the row's own."""

    names: tuple[str, ...]
    held: type[msgspec.Struct] | None


@cache
def _parts(table: Table, kind: type[msgspec.Struct]) -> list[_Part]:
    parts: list[_Part] = []
    for field in structs.fields(kind):
        if field.name not in table.c:
            parts.append(_Part(field.type.__struct_fields__, field.type))
        elif parts and parts[-1].held is None:
            parts[-1] = _Part((*parts[-1].names, field.name), None)
        else:
            parts.append(_Part((field.name,), None))
    return parts


def reader(table: Table, kind: type[T]) -> Callable[..., T]:
    """What makes a row of the values of its ``columns``."""
    parts = _parts(table, kind)
    make = _maker(kind)
    if all(part.held is None for part in parts):
        return make
    ends = list(accumulate(len(part.names) for part in parts))
    spans = [(*part, end - len(part.names), end) for part, end in zip(parts, ends, strict=True)]

    def read(*row: Any) -> T:
        values: list[Any] = []
        for names, held, start, end in spans:
            if held is None:
                values += row[start:end]
            else:
                values.append(held(**dict(zip(names, row[start:end], strict=True))))
        return make(*values)

    return read


def _maker(kind: type[T]) -> Callable[..., T]:
    """What makes a struct of the values of its fields, in their order."""
    names = kind.__struct_fields__
    if kind.__match_args__ == names:
        return kind
    return lambda *values: kind(**dict(zip(names, values, strict=True)))


def writer(table: Table, kind: type[T]) -> Callable[[T], list[Any]]:
    """What answers the values of a row's ``columns``, in their order."""
    held = [kind.__struct_fields__.index(field.name) for field in structs.fields(kind) if field.name not in table.c]

    def write(row: T) -> list[Any]:
        values: list[Any] = list(structs.astuple(row))
        for place in reversed(held):
            values[place : place + 1] = structs.astuple(values[place])
        return values

    return write


def flat(table: Table, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Values by the names of a row's fields as those of its columns."""
    names = _names(table)
    held = [name for name in values if name not in names]
    if not held:
        return values
    columns = dict(values)
    for name in held:
        columns |= structs.asdict(columns.pop(name))
    return columns


@cache
def _names(table: Table) -> frozenset[str]:
    return frozenset(table.c.keys())


def selection(table: Table, kind: type[msgspec.Struct], account: Account) -> Select[Any]:
    """A SELECT of the account's rows as ``kind``."""
    return select(*columns(table, kind)).where(table.c.account_id == account.id)


def get(tx: Tx, account: Account, table: Table, kind: type[T], row_id: int) -> T:
    """The row with this id, or NotFound."""
    row = tx.execute(selection(table, kind, account).where(table.c.id == row_id)).one_or_none()
    if row is None:
        raise not_found(table)
    return reader(table, kind)(*row)


def find(tx: Tx, account: Account, table: Table, kind: type[T], ids: set[int]) -> dict[int, T]:
    """The rows with these ids, by id; no query where there are none to look for."""
    if not ids:
        return {}
    rows = tx.execute(selection(table, kind, account).where(table.c.id.in_(ids)))
    read = reader(table, kind)
    return {row.id: read(*row) for row in rows}


def insert(tx: Tx, account: Account, table: Table, kind: type[T], values: Mapping[str, Any]) -> T:
    """Writes a new row and answers it; Conflict where its ``external_id`` is taken."""
    written = flat(table, labels.of_new(values))
    stamped = {**written, "account_id": account.id, "created_at": tx.now, "updated_at": tx.now}
    with labels.refusing_a_taken_external_id(table, written):
        return reader(table, kind)(*tx.execute(insert_into(table).returning(*columns(table, kind)), stamped).one())


def update(
    tx: Tx,
    account: Account,
    table: Table,
    kind: type[T],
    row_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None,
) -> T:
    """Changes a row and counts its version up.

    NotFound where it is not there, Conflict where ``version`` is stale or the ``external_id`` taken.
    """
    statement = update_of(table).where(table.c.account_id == account.id, table.c.id == row_id)
    if version is not None:
        statement = statement.where(table.c.version == version)
    changed = flat(table, labels.of_changed(tx, account, table, row_id, changes))
    advanced = {**changed, "version": table.c.version + 1, "updated_at": tx.now}
    with labels.refusing_a_taken_external_id(table, changed):
        row = tx.execute(statement.values(advanced).returning(*columns(table, kind))).one_or_none()
    if row is None:
        get(tx, account, table, kind, row_id)
        raise stale()
    return reader(table, kind)(*row)


def delete(tx: Tx, account: Account, table: Table, row_id: int, *, in_use: str) -> None:
    """Deletes a row. NotFound where it is not there; Conflict, saying ``in_use``, where another row names it."""
    statement = delete_from(table).where(table.c.account_id == account.id, table.c.id == row_id)
    try:
        with tx.connection.begin_nested():
            deleted = tx.execute(statement).rowcount
    except IntegrityError:
        raise Conflict(in_use) from None
    if not deleted:
        raise not_found(table)


def not_found(table: Table) -> NotFound:
    """The refusal that names what is not there."""
    return NotFound(f"There is no such {thing(table)}.")


def check_version(stored: int, seen: int | None) -> None:
    """Raises Conflict for a row that is no longer in the version that was seen, where one was."""
    if seen not in (None, stored):
        raise stale()


def stale() -> Conflict:
    """The refusal of a change to a version that is no longer the newest."""
    return Conflict("This was changed since you read it. Read it again, and repeat your change with its new version.")
