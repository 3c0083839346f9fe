"""What a verb has decided to make of a bill, and how that is written: of one bill, or of a block of them (ADR 55)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from msgspec import Struct, structs

from tallystick.bills import effects
from tallystick.bills.effects import NO_EFFECTS, Effects
from tallystick.bills.kind import B, DraftKind, R
from tallystick.bills.seal import seal_of
from tallystick.bills.types import BillRow, LineRow
from tallystick.core.account import Account
from tallystick.store import seals
from tallystick.store.db import Tx

S = TypeVar("S", bound=BillRow)

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Step(Struct, Generic[S], frozen=True, kw_only=True):
    """What is to become of a bill. A step that changes no column writes no row.

    ``read`` is the row as it was read, and ``row`` as it will be, but for the number of an issue, which is taken last.
    ``lines`` are those of a bill that is issued or sealed; where ``renews_lines``, they take the place of the stored.
    """

    read: S
    row: S
    lines: list[LineRow] = []
    columns: Mapping[str, Any] = NOTHING
    effects: Effects = NO_EFFECTS
    is_issue: bool = False
    is_sealed: bool = False
    renews_lines: bool = False

    @classmethod
    def of(cls, row: S, lines: list[LineRow]) -> "Step[S]":
        """The bill as it is: nothing becomes of it yet."""
        return cls(read=row, row=row, lines=lines)

    def then(self, columns: Mapping[str, Any], effects: Effects = NO_EFFECTS) -> "Step[S]":
        """The step, and then that these columns change."""
        row = structs.replace(self.row, **columns)
        changed = {**self.columns, **columns}
        return structs.replace(self, row=row, columns=changed, effects=self.effects.then(effects))

    def telling(self, effects: Effects) -> "Step[S]":
        """The step, and then these effects."""
        return structs.replace(self, effects=self.effects.then(effects))


def write(tx: Tx, account: Account, kind: DraftKind[R, B], step: Step[R]) -> Step[R]:
    """As ``write_all``, of one bill."""
    return write_all(tx, account, kind, [step])[0]


def write_all(tx: Tx, account: Account, kind: DraftKind[R, B], steps: Sequence[Step[R]]) -> list[Step[R]]:
    """Writes steps of bills that are locked, in order, each table at once; answers them as they are written.

    Raises as ``BillRows.change_all``. Numbers are taken after everything else, and seals set last, because their
    counters stay locked until the transaction ends.
    """
    effects.write_all(tx, account, [step.effects for step in steps])
    steps = [_with_lines(tx, account, kind, step) for step in steps]
    written = _rows_written(tx, account, kind, _numbered(tx, account, kind, steps))
    sealed = [seal_of(kind, step.row, step.lines) for step in written if step.is_sealed]
    if sealed:
        seals.append(tx, account, sealed)
    return written


def _with_lines(tx: Tx, account: Account, kind: DraftKind[R, B], step: Step[R]) -> Step[R]:
    if not step.renews_lines:
        return step
    return structs.replace(step, lines=kind.own_lines.replace(tx, account, step.row.id, step.lines))


def _numbered(tx: Tx, account: Account, kind: DraftKind[R, B], steps: Sequence[Step[R]]) -> list[Step[R]]:
    """The steps, those that issue a bill with its number."""
    numbers = iter(kind.numbers.at_issue(tx, account, [step.row for step in steps if step.is_issue]))
    return [step.then(next(numbers)) if step.is_issue else step for step in steps]


def _rows_written(tx: Tx, account: Account, kind: DraftKind[R, B], steps: Sequence[Step[R]]) -> list[Step[R]]:
    changed = [step for step in steps if step.columns]
    rows = iter(kind.rows.change_all(tx, account, [(step.read, step.columns) for step in changed]))
    return [structs.replace(step, row=next(rows)) if step.columns else step for step in steps]


def bill_of(bill: B, step: Step[Any]) -> B:
    """The bill as a step leaves it."""
    return structs.replace(bill, row=step.row, lines=step.lines)
