"""The statements that every table of versioned rows needs, each bound to one account.

A row comes back as the struct whose fields name its columns.
"""

from collections.abc import Callable, Collection, Mapping
from functools import cache
from itertools import accumulate
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import structs
from sqlalchemy import Column, Select, Table, bindparam, delete, insert, select, update
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
    spans = [
        (part.held and _maker(part.held), end - len(part.names), end) for part, end in zip(parts, ends, strict=True)
    ]

    def read(*row: Any) -> T:
        values: list[Any] = []
        for hold, start, end in spans:
            if hold is None:
                values += row[start:end]
            else:
                values.append(hold(*row[start:end]))
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


class Rows(Generic[T]):
    """The versioned rows of one table, each statement bound to one account; a row is a ``kind``."""

    def __init__(self, table: Table, kind: type[T]) -> None:
        self.table = table
        self.read = reader(table, kind)
        self._columns = columns(table, kind)
        own = (table.c.account_id == bindparam("account"), table.c.id == bindparam("wanted"))
        self._one: Select[Any] = select(*self._columns).where(*own)
        self._some: Select[Any] = select(*self._columns).where(
            table.c.account_id == bindparam("account"), table.c.id.in_(bindparam("wanted", expanding=True))
        )
        self._insert = insert(table).returning(*self._columns)
        self._delete = delete(table).where(*own)

    def selection(self, account: Account) -> Select[Any]:
        """A SELECT of the account's rows, for ``read``."""
        return select(*self._columns).where(self.table.c.account_id == account.id)

    def get(self, tx: Tx, account: Account, row_id: int) -> T:
        """The row with this id, or NotFound."""
        row = tx.row(self._one, self.read, account=account.id, wanted=row_id)
        if row is None:
            raise not_found(self.table)
        return row

    def find(self, tx: Tx, account: Account, ids: Collection[int]) -> list[T]:
        """The rows with these ids; no query where there are none to look for."""
        return tx.rows(self._some, self.read, account=account.id, wanted=ids) if ids else []

    def insert(self, tx: Tx, account: Account, values: Mapping[str, Any]) -> T:
        """Writes a new row and answers it; Conflict where its ``external_id`` is taken."""
        written = flat(self.table, labels.of_new(values))
        stamps = {"account_id": account.id, "created_at": tx.now, "updated_at": tx.now}
        with labels.refusing_a_taken_external_id(self.table, written):
            return tx.one(self._insert, self.read, **written, **stamps)

    def update(
        self, tx: Tx, account: Account, row_id: int, changes: Mapping[str, Any], *, version: int | None = None
    ) -> T:
        """Changes a row, of any version or of ``version``, and counts its version up.

        NotFound where it is not there, Conflict where ``version`` is stale or the ``external_id`` taken.
        """
        columns = self.table.c
        statement = update(self.table).where(columns.account_id == account.id, columns.id == row_id)
        if version is not None:
            statement = statement.where(columns.version == version)
        changed = flat(self.table, labels.of_changed(tx, account, self.table, row_id, changes))
        advanced = {**changed, "version": columns.version + 1, "updated_at": tx.now}
        with labels.refusing_a_taken_external_id(self.table, changed):
            row = tx.row(statement.values(advanced).returning(*self._columns), self.read)
        if row is None:
            self.get(tx, account, row_id)
            raise stale()
        return row

    def delete(self, tx: Tx, account: Account, row_id: int, *, in_use: str) -> None:
        """Deletes a row. NotFound where it is not there; Conflict, saying ``in_use``, where another row names it."""
        try:
            with tx.savepoint():
                deleted = tx.write(self._delete, account=account.id, wanted=row_id)
        except IntegrityError:
            raise Conflict(in_use) from None
        if not deleted:
            raise not_found(self.table)


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
