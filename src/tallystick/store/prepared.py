"""Statements that are compiled once, for the hot paths.

SQLAlchemy's ``execute`` looks up the compiled form of a statement by its structure, and builds a context, a result and
a row type around each call: several times the work that SQLite has with it. Here the SQL and the converters of its
values are kept with the statement, and a call goes straight to the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, Delete, Dialect, Insert, Select, Update
from sqlalchemy.sql import visitors

from tallystick.store.db import Tx

Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete
Values = Mapping[str, Any]
Convert = Callable[[Any], Any]


class Prepared:
    """A statement that never changes: its parameters are those of its ``bindparam`` and the columns of its INSERT.

    A list for ``IN`` (an expanding parameter) is padded to a power of two, so that the statement has few forms.
    Refusals are raised as SQLAlchemy raises them: as DBAPIError or one of its kinds.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        binds = [element for element in visitors.iterate(statement) if isinstance(element, BindParameter)]
        self._lists = [bind.key for bind in binds if bind.expanding]
        self._forms: dict[tuple[str, ...], _Form] = {}

    def all(self, tx: Tx, values: Values) -> list[list[Any]]:
        """The rows that the statement answers."""
        form, values = self._form(tx, values)
        with tx.driving(form.sql) as cursor:
            cursor.execute(form.sql, form.arguments(values))
            return form.rows(cursor)

    def one_or_none(self, tx: Tx, values: Values) -> list[Any] | None:
        """The row that the statement answers, if any; it must not find several."""
        found = self.all(tx, values)
        return found[0] if found else None

    def each(self, tx: Tx, many: Sequence[Values]) -> list[list[Any]]:
        """The rows that the statement answers to each set of values; all sets have the same names."""
        form, _ = self._form(tx, many[0])
        arguments = [form.arguments(values) for values in many]
        found: list[list[Any]] = []
        with tx.driving(form.sql) as cursor:
            if tx.is_postgresql:
                cursor.executemany(form.sql, arguments, returning=True)
                for result in cursor.results():
                    found += form.rows(result)
            else:
                for each in arguments:
                    found += form.rows(cursor.execute(form.sql, each))
        return found

    def _form(self, tx: Tx, values: Values) -> "tuple[_Form, Values]":
        if self._lists:
            values = self._expanded(values)
        dialect = tx.connection.dialect
        key = (dialect.name, *values)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _Form(self._statement, dialect, values, self._lists)
        return form, values

    def _expanded(self, values: Values) -> Values:
        """The values with the members of each list by themselves, under the names that SQLAlchemy gives them."""
        expanded = dict(values)
        for name in self._lists:
            members = _padded(expanded.pop(name))
            expanded |= {f"{name}_{place}": member for place, member in enumerate(members, 1)}
        return expanded


class _Form:
    """A statement as one driver takes it, for one set of names."""

    def __init__(self, statement: Statement, dialect: Dialect, names: Values, lists: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
        members = {name: [None for each in names if each.rpartition("_")[0] == name] for name in lists}
        state = compiled.construct_expanded_state({**dict.fromkeys(names), **members})
        binders = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
        }
        self.sql: str = state.statement
        self._is_positional: bool = compiled.positional
        self._parameters = [(name, binders.get(name)) for name in state.positiontup or state.parameters]
        self._constants = {name: value for name, value in state.parameters.items() if name not in names}
        self._types = [column.type.dialect_impl(dialect) for column in statement.exported_columns]
        self._dialect = dialect
        self._readers: list[tuple[int, Convert]] | None = None

    def arguments(self, values: Values) -> Any:
        """The values as the driver takes them."""
        if self._constants:
            values = {**self._constants, **values}
        if self._is_positional:
            return [values[name] if convert is None else convert(values[name]) for name, convert in self._parameters]
        return {name: values[name] if convert is None else convert(values[name]) for name, convert in self._parameters}

    def rows(self, cursor: Any) -> list[list[Any]]:
        """The rows that the cursor still has, as Python has their values."""
        if self._readers is None:
            self._readers = self._readers_for(cursor.description)
        rows = [list(row) for row in cursor.fetchall()]
        for index, convert in self._readers:
            for row in rows:
                row[index] = convert(row[index])
        return rows

    def _readers_for(self, description: Sequence[Any]) -> list[tuple[int, Convert]]:
        # Only an answer tells the driver's type of a column, on which the conversion may depend.
        readers = [
            kind.result_processor(self._dialect, column[1])
            for kind, column in zip(self._types, description, strict=True)
        ]
        return [(index, reader) for index, reader in enumerate(readers) if reader is not None]


def _padded(members: list[Any]) -> list[Any]:
    """The members, the last of them repeated up to a power of two; none where there are none."""
    missing = (1 << (len(members) - 1).bit_length()) - len(members) if members else 0
    return members + members[-1:] * missing
