"""A kind of bill is one value: what a quotation, an invoice and a credit note each are, for all that they share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Index, Table, UniqueConstraint

from tallystick.bills import rules
from tallystick.bills.effects import Effects
from tallystick.bills.numbers import Numbers
from tallystick.bills.store import BillRows, Lines, bill_values
from tallystick.bills.types import BillRow, LineRow, StoredBill
from tallystick.core.bill import Bill
from tallystick.core.events import Event
from tallystick.core.facts import IssueAction
from tallystick.core.money import MAX_STORED_MINOR
from tallystick.core.party import Buyer
from tallystick.core.states import first_state
from tallystick.core.totals import Totals, compute

R = TypeVar("R", bound=BillRow)
B = TypeVar("B", bound=StoredBill[BillRow])


def _computed(row: Any, lines: list[LineRow]) -> Totals:
    return compute(rules.stored_bill(row, lines), MAX_STORED_MINOR)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """What every kind of bill has: its name, its tables, and what follows from a bill's row and its lines."""

    name: str
    bills: Table
    lines: Table
    row: type[msgspec.Struct]
    line: type[LineRow] = LineRow
    totals: Callable[[Any, list[Any]], Totals] = _computed
    """The sums that a stored bill should have."""
    answers: frozenset[str] = frozenset()
    """The columns in which a later verb answers the bill, which no seal holds."""
    first_sealed: Callable[[Any], dict[str, object]]
    """What the first seals held of this kind alone."""

    @property
    def owner(self) -> str:
        """The column of ``lines`` that names their bill."""
        return f"{self.name}_id"

    @property
    def number(self) -> str:
        """What its number is called, over the API."""
        return f"{self.name}_number"

    @cached_property
    def numbers(self) -> Numbers:
        """The numbers of this kind."""
        return Numbers(self.name, self.bills)

    @cached_property
    def own_lines(self) -> Lines[Any]:
        """The lines of this kind, which are of the type ``line``."""
        return Lines(self.lines, self.owner, self.line)


@dataclass(frozen=True, kw_only=True, eq=False)
class DraftKind(Kind, Generic[R, B]):
    """A kind of bill that begins as a draft: what ``bills.verbs`` need to know of it."""

    row: type[R]
    whole: Callable[[R, list[LineRow], Buyer], B]
    """Makes a bill of its row, its lines and its customer."""
    states: type[StrEnum]
    due_column: str
    """The column of the day to pay by, or of validity."""
    unique_numbers: Sequence[UniqueConstraint | Index]
    created: Event
    updated: Event
    at_issue: Callable[[B, IssueAction], Effects]
    """What an issue causes beside the bill: its events, and what it means for the books."""

    @cached_property
    def rows(self) -> BillRows[R]:
        """The rows of this kind."""
        return BillRows(self.bills, self.row, self.due_column, self.unique_numbers)

    def draft_row(self, columns: dict[str, Any], bill: Bill, totals: Totals, customer_name: str) -> R:
        """The row of a new draft: ``columns`` are those that do not follow from its bill."""
        own = {"id": 0, "state": first_state(self.states), "customer_name": customer_name}
        return self.row(**(rules.NEW_ROW_DEFAULTS | own | columns | bill_values(bill, totals)))
