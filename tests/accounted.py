"""Proves of a statement that it names its account, which is what a cluster of databases routes by.

``watched`` looks at every statement that the program runs, whatever test has it run.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Alias, Column, Insert, Table
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import BinaryExpression, ClauseElement

from tallystick.store.db import Tx
from tallystick.store.prepared import CompiledForm
from tallystick.store.tables import accounts

LOOKS: Mapping[str, re.Pattern[str]] = {
    "The worker asks which accounts have work for it: one look into an index for each of them.": re.compile(
        r"SELECT accounts\.id, .*FROM accounts WHERE EXISTS \(SELECT \* "
        r"FROM (recurring_runs|recurring|usage_meters|events|journal|idempotency_keys|invoices|search_changes|"
        r"figure_changes) "
        r"WHERE .*\) ORDER BY accounts\.id"
    ),
    "An import gives no id twice, in any account: one look at the end of a primary key.": re.compile(
        r"SELECT coalesce\(max\(\w+\.id\), \S+\) AS \w+ FROM \w+"
    ),
}
"""The statements that look at all accounts, each with its reason; what they do is bounded by what an index shows."""


class Unaccounted(AssertionError):
    """A statement that reads or writes rows whatever their account."""


def unnamed(statement: Any) -> set[str]:
    """The tables of which the statement reads or changes every account's rows, or a part of it makes rows of none."""
    made = {insert.table for insert in _inserts(statement) if insert is not statement and not fills_account(insert, ())}
    return {str(source.name) for source in (_sources(statement) - _with_account(statement)) | made}


def is_look(text: str) -> bool:
    """Whether this text of a statement is one of ``LOOKS``."""
    flat = " ".join(text.split())
    return any(pattern.fullmatch(flat) for pattern in LOOKS.values())


def fills_account(statement: Insert, names: Sequence[str]) -> bool:
    """Whether the rows that are inserted by parameters of these names, or by a SELECT, get an account."""
    values = {getattr(column, "key", column) for column in statement._values or ()}
    given = values | set(names) | set(statement._select_names or ())
    return "account_id" in given or "account_id" not in statement.table.c


def _sources(statement: Any) -> set[Any]:
    """The tables of an account that a statement reads or changes, and their aliases; what an INSERT fills is none."""
    filled = {insert.table for insert in _inserts(statement)}
    found: set[Any] = {element for element in _elements(statement) if isinstance(element, Table | Alias)}
    aliased = {element.element for element in found if isinstance(element, Alias)}
    columns = {element.table for element in _elements(statement) if isinstance(element, Column)}
    used = {source for source in found | columns if source not in aliased or source in columns}
    if isinstance(statement, UpdateBase) and not isinstance(statement, Insert):
        used.add(statement.table)
    return {source for source in used if "account_id" in getattr(source, "c", {}) and source not in filled}


def _inserts(statement: Any) -> set[Insert]:
    """The statement, where it is an INSERT, and those within it."""
    return {element for element in (statement, *_elements(statement)) if isinstance(element, Insert)}


def _with_account(statement: Any) -> set[Any]:
    """The tables whose account is given, or is that of another one whose account is given."""
    pairs = [
        (_account_of(element.left), _account_of(element.right))
        for element in _elements(statement)
        if isinstance(element, BinaryExpression) and element.operator is operators.eq
    ]
    named = {source for left, right in pairs if None in (left, right) for source in (left, right)} - {None}
    while more := {source for pair in pairs if named & set(pair) for source in pair} - named - {None}:
        named |= more
    return named


def _account_of(side: Any) -> Any:
    """The table whose account a column names, or None where it is no such column."""
    table = getattr(side, "table", None)
    names_it = table is not None and side.name == ("id" if table is accounts else "account_id")
    return table if names_it else None


def _elements(statement: Any) -> Iterator[ClauseElement]:
    return iter(visitors.iterate(statement))  # type: ignore[arg-type]


class Watch:
    """What was run: the text of each statement, once, and of those that named no account what they read."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}
        self.looks: set[str] = set()
        self.faults: list[str] = []

    def note(self, statement: Any, text: str, names: Sequence[str] = ()) -> None:
        """Looks at a statement, where it is a new one."""
        if text in self.seen:
            return
        self.seen[text] = statement
        filled = not isinstance(statement, Insert) or fills_account(statement, names)
        if unnamed(statement) and is_look(text):
            self.looks.add(text)
        elif unnamed(statement) or not filled:
            self.faults.append(text)

    def note_block(self, table: Table, columns: Sequence[str]) -> None:
        """Looks at an INSERT of many rows."""
        if "account_id" in table.c and "account_id" not in columns:
            self.faults.append(f"INSERT INTO {table.name} {tuple(columns)}")

    def check(self) -> None:
        """Raises Unaccounted where a statement since the last time named no account."""
        faults, self.faults = self.faults, []
        if faults:
            raise Unaccounted("\n".join(faults))


@contextmanager
def watched() -> Iterator[Watch]:
    """Looks at every statement that is run, the first time that it is."""
    watch = Watch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tx, "_by_sqlalchemy", _noting_result(watch, Tx._by_sqlalchemy))
        patch.setattr(Tx, "insert_many", _noting_block(watch, Tx.insert_many))
        patch.setattr(CompiledForm, "__init__", _noting_form(watch, CompiledForm.__init__))
        yield watch


def _noting_result(watch: Watch, run: Callable[..., Any]) -> Callable[..., Any]:
    def run_and_note(tx: Tx, statement: Any, parameters: Any) -> Any:
        result = run(tx, statement, parameters)
        watch.note(statement, result.context.statement)
        return result

    return run_and_note


def _noting_block(watch: Watch, run: Callable[..., None]) -> Callable[..., None]:
    def run_and_note(tx: Tx, table: Table, columns: Sequence[str], rows: Any) -> None:
        watch.note_block(table, columns)
        run(tx, table, columns, rows)

    return run_and_note


def _noting_form(watch: Watch, make: Callable[..., None]) -> Callable[..., None]:
    def make_and_note(form: CompiledForm, statement: Any, dialect: Any, names: Any, lists: Any) -> None:
        make(form, statement, dialect, names, lists)
        watch.note(statement, form.sql, list(names))

    return make_and_note
