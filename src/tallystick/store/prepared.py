"""Statements that are compiled once, which ``Tx`` does for each that takes parameters.

SQLAlchemy's ``execute`` looks up the compiled form of a statement by its structure, and builds a context, a result and
a row type around each call: several times the work that SQLite has with it. Here the SQL and the converters of its
values are kept beside the statement, and a call goes straight to the driver.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Alias,
    BindParameter,
    Column,
    CompoundSelect,
    Delete,
    Dialect,
    Insert,
    Select,
    Table,
    TextualSelect,
    Update,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.functions import FunctionElement

NAMED = re.compile(r"%\((?P<name>\w+)\)s|%%")
LOCKS = ("pg_advisory", "pg_try_advisory")
"""How the functions begin that lock something until the transaction ends."""

MAX_FORMS = 256
"""What a client may name to change in a row it may name in any combination, and each is a form of the UPDATE."""

Statement = Select[*tuple[Any, ...]] | CompoundSelect[Any] | TextualSelect | Insert | Update | Delete
Values = Mapping[str, Any]
Convert = Callable[[Any], Any]


class CompiledForm:
    """A statement as one driver takes it, for one set of names."""

    def __init__(self, statement: Statement, dialect: Dialect, names: Values, lists: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
        members = {name: [None for each in names if each.rpartition("_")[0] == name] for name in lists}
        state = compiled.construct_expanded_state({**dict.fromkeys(names), **members})
        binders = compiled._bind_processors | state.processors
        self.sql: str
        self.sql, order = (state.statement, state.positiontup) if compiled.positional else numbered(state.statement)
        self._parameters = [(name, binders.get(name)) for name in order]
        self._constants = {name: value for name, value in state.parameters.items() if name not in names}
        self._types = [column.type.dialect_impl(dialect) for column in statement.exported_columns]
        self._dialect = dialect
        self.concerns = _tables(statement)
        self.only_reads = _only_reads(statement)
        self.deletes = isinstance(statement, Delete)
        self.updates = isinstance(statement, Update)
        self._readers: list[tuple[int, Convert]] | None = None

    def arguments(self, values: Values) -> list[Any]:
        """The values as the driver takes them."""
        if self._constants:
            values = {**self._constants, **values}
        return [values[name] if convert is None else convert(values[name]) for name, convert in self._parameters]

    @property
    def parameter_count(self) -> int:
        """How many values it takes."""
        return len(self._parameters)

    @property
    def width(self) -> int:
        """How many columns its rows have."""
        return len(self._types)

    def rows(self, cursor: Any) -> list[tuple[Any, ...]]:
        """The rows that the cursor still has, as Python has their values."""
        return self.converted(cursor.fetchall(), cursor, 0)

    def converted(self, rows: Sequence[Sequence[Any]], cursor: Any, first: int) -> list[tuple[Any, ...]]:
        """The rows as Python has their values: of those columns of the cursor's from the ``first`` on."""
        if self._readers is None:
            # Asked for once: the driver makes it anew each time, of all columns.
            self._readers = self._readers_for(cursor.description[first : first + self.width])
        if len(rows) == 1:
            return [self._converted_alone(rows[0])]
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        if columns:
            for index, convert in self._readers:
                columns[index] = map(convert, columns[index])
        return list(zip(*columns, strict=True))

    def _converted_alone(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """A row that comes alone, as most of a request do, without making columns of it."""
        values = list(row)
        for index, convert in self._readers or ():
            values[index] = convert(values[index])
        return tuple(values)

    def _readers_for(self, description: Sequence[Any]) -> list[tuple[int, Convert]]:
        # Only an answer tells the driver's type of a column, on which the conversion may depend.
        readers = [
            kind.result_processor(self._dialect, column[1])
            for kind, column in zip(self._types, description, strict=True)
        ]
        return [(index, reader) for index, reader in enumerate(readers) if reader is not None]


def _tables(statement: Statement) -> frozenset[Table]:
    """The tables that a statement reads or writes, and those that must hold what it refers to."""
    elements = list(visitors.iterate(statement))
    written = [element.table for element in (statement, *elements) if isinstance(element, UpdateBase)]
    sources = [*elements, *written, *(element.table for element in elements if isinstance(element, Column))]
    referred = (key.column.table for table in written if isinstance(table, Table) for key in table.foreign_keys)
    found = (source.element if isinstance(source, Alias) else source for source in (*sources, *referred))
    return frozenset(source for source in found if isinstance(source, Table))


def _only_reads(statement: Statement) -> bool:
    """Whether a statement changes and locks nothing."""
    return isinstance(statement, Select | CompoundSelect) and not any(map(_does_more, visitors.iterate(statement)))


def _does_more(element: object) -> bool:
    if isinstance(element, FunctionElement):
        return str(getattr(element, "name", "")).startswith(LOCKS)
    return isinstance(element, UpdateBase) or getattr(element, "_for_update_arg", None) is not None


def numbered(statement: str) -> tuple[str, Sequence[str]]:
    """A statement for psycopg with its parameters as PostgreSQL numbers them, and their names in that order.

    Psycopg takes one of more than 50 parameters apart each time that it runs, and one with numbers never.
    """
    places: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found["name"]
        return f"${places.setdefault(name, len(places) + 1)}" if name else "%"

    return NAMED.sub(number, statement), list(places)


class _Prepared:
    """The forms of a statement, and the names of its lists for ``IN`` (expanding parameters).

    A list is padded to a power of two, so that the statement has few forms.
    """

    def __init__(self, statement: Statement) -> None:
        binds = [element for element in visitors.iterate(statement) if isinstance(element, BindParameter)]
        self._lists = [bind.key for bind in binds if bind.expanding and bind.required]
        self._forms: dict[tuple[str, ...], CompiledForm] = {}

    def form(self, statement: Statement, dialect: Dialect, values: Values) -> tuple[CompiledForm, Values]:
        if self._lists:
            values = self._expanded(values)
        key = (dialect.name, *values)
        form = self._forms.get(key)
        if form is None:
            if len(self._forms) == MAX_FORMS:
                self._forms.clear()
            form = self._forms[key] = CompiledForm(statement, dialect, values, self._lists)
        return form, values

    def _expanded(self, values: Values) -> Values:
        """The values with the members of each list by themselves, under the names that SQLAlchemy gives them."""
        expanded = dict(values)
        for name in self._lists:
            members = _padded(list(expanded.pop(name)))
            expanded |= {f"{name}_{place}": member for place, member in enumerate(members, 1)}
        return expanded


# Beside each statement and for as long as it lives, which is for ever where it is a constant.
_PREPARED: WeakKeyDictionary[Statement, _Prepared] = WeakKeyDictionary()


def form_of(statement: Statement, dialect: Dialect, values: Values) -> tuple[CompiledForm, Values]:
    """The statement as a driver takes it with parameters of these names, and the parameters by the form's names."""
    prepared = _PREPARED.get(statement)
    if prepared is None:
        prepared = _PREPARED[statement] = _Prepared(statement)
    return prepared.form(statement, dialect, values)


def _padded(members: list[Any]) -> list[Any]:
    """The members, the last of them repeated up to a power of two; none where there are none."""
    missing = (1 << (len(members) - 1).bit_length()) - len(members) if members else 0
    return members + members[-1:] * missing
