"""Each bill computed again from its lines, and held against the last seal that was set on it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, select

from tallystick.bills import sums
from tallystick.bills.kind import Kind
from tallystick.bills.seal import CONTENT_HASHES
from tallystick.bills.types import LineRow
from tallystick.core import numbering
from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.credit_notes.kind import CREDIT_NOTES
from tallystick.invoices.kind import INVOICES
from tallystick.quotations.kind import QUOTATIONS
from tallystick.store import kept, rows
from tallystick.store.db import Tx
from tallystick.store.seals import Form
from tallystick.store.tables import (
    seals,
)
from tallystick.verify.types import Check, Difference, row_name, unequal

BATCH = 500
BEYOND_ALL = 2**63 - 1
DRAFT = "draft"
LINE_SUMS = ("amount", "discount", "tax")


class Statements(NamedTuple):
    """What reads a batch of one kind of bill: those after an id, then what hangs on them."""

    bills: Select[Any]
    lines: Select[Any]
    seals: Select[Any]


KINDS: tuple[Kind, ...] = (QUOTATIONS, INVOICES, CREDIT_NOTES)


def check_of(kind: Kind) -> Check:
    """The check of all bills of one kind."""
    statements = _statements(kind)

    def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
        for batch in _batches(tx, account, kind, statements):
            yield from _differences(kind, batch)
            advance(len(batch.bills))

    return Check(f"{kind.bills.name.replace('_', ' ')} and their seals", kind.bills, run)


class PlacedLine(NamedTuple):
    """A line, and its place in its bill, counted from 0."""

    position: int
    line: LineRow


class _Seal(NamedTuple):
    """A seal on a bill."""

    subject_id: int
    position: int
    form: int
    content_hash: bytes | None


class Batch(NamedTuple):
    """Some bills in the order of their ids, and what hangs on them by the bill's id; of the seals, those in force."""

    bills: Sequence[Any]
    lines: dict[int, list[PlacedLine]]
    seals: dict[int, _Seal]


def _statements(kind: Kind) -> Statements:
    bill_id, owner = kind.bills.c.id, kind.lines.c[kind.owner]
    return Statements(
        bills=select(*map(kept.as_stored, rows.columns(kind.bills, kind.row)))
        .where(kind.bills.c.account_id == bindparam("account"), bill_id > bindparam("after"))
        .order_by(bill_id)
        .limit(BATCH),
        lines=select(owner, kind.lines.c.position, *rows.columns(kind.lines, kind.line))
        .where(kind.lines.c.account_id == bindparam("account"), *_within(owner))
        .order_by(owner, kind.lines.c.position),
        seals=select(seals.c.subject_id, seals.c.position, seals.c.form, seals.c.content_hash)
        .where(seals.c.account_id == bindparam("account"), seals.c.kind == kind.name, *_within(seals.c.subject_id))
        .order_by(seals.c.subject_id, seals.c.position),
    )


def _within(column: ColumnElement[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column > bindparam("after"), column <= bindparam("last")


def _batches(tx: Tx, account: Account, kind: Kind, statements: Statements) -> Iterator[Batch]:
    after, placed = 0, _placed_line(kind)
    read: Callable[..., Any] = rows.reader(kind.bills, kind.row)
    while after < BEYOND_ALL:
        bills = tx.rows(statements.bills, read, account=account.id, after=after)
        # The last batch reaches beyond its bills: lines and seals of bills that are gone show up in it.
        last = bills[-1].id if len(bills) == BATCH else BEYOND_ALL
        window = {"account": account.id, "after": after, "last": last}
        lines: dict[int, list[PlacedLine]] = defaultdict(list)
        for owner, line in tx.rows(statements.lines, placed, **window):
            lines[owner].append(line)
        last_seals = {seal.subject_id: seal for seal in tx.rows(statements.seals, _Seal, **window)}
        in_force = {bill_id: seal for bill_id, seal in last_seals.items() if seal.content_hash is not None}
        yield Batch(bills, lines, in_force)
        after = last


def _placed_line(kind: Kind) -> Callable[..., tuple[int, PlacedLine]]:
    return lambda owner, position, *columns: (owner, PlacedLine(position, kind.line(*columns)))


def _differences(kind: Kind, batch: Batch) -> Iterator[Difference]:
    for row in batch.bills:
        placed = batch.lines.pop(row.id, [])
        lines = [each.line for each in placed]
        yield from _placed(kind, row, placed)
        yield from _recomputed(kind, row, lines)
        yield from _named(kind, row)
        yield from _against_seal(kind, row, lines, batch.seals.pop(row.id, None))
    for bill_id, orphans in batch.lines.items():
        for orphan in orphans:
            finding = f"its {kind.name.replace('_', ' ')} {bill_id} is missing"
            yield Difference(kind.lines.name, row_name(orphan.line.id, None), finding)
    for bill_id, seal in batch.seals.items():
        yield Difference(kind.bills.name, str(bill_id), f"is missing, and seal {seal.position} is set on it")


def _placed(kind: Kind, row: Any, lines: list[PlacedLine]) -> Iterator[Difference]:
    for place, each in enumerate(lines):
        if each.position != place:
            finding = f"position is {each.position}, should be {place}"
            yield Difference(kind.lines.name, row_name(each.line.id, row.number), finding)


def _recomputed(kind: Kind, row: Any, lines: list[LineRow]) -> Iterator[Difference]:
    name = row_name(row.id, row.number)
    try:
        due = kind.totals(row, lines)
    except (ValidationFailed, ValueError) as error:
        reasons = error.errors if isinstance(error, ValidationFailed) else error
        yield Difference(kind.bills.name, name, f"cannot be computed again: {reasons}")
        return
    for line, line_due in zip(lines, due.lines, strict=True):
        for what in LINE_SUMS:
            if getattr(line, what) != getattr(line_due, what):
                finding = unequal(what, getattr(line, what), getattr(line_due, what), row.currency)
                yield Difference(kind.lines.name, row_name(line.id, row.number), finding)
    for what in sums.FIELDS:
        stored, should = getattr(row.sums, what), getattr(due, what)
        if stored != should:
            finding = unequal(what, stored, should, row.currency)
            yield Difference(kind.bills.name, name, finding)
    if _as_values(row.taxes) != _as_values(kept.as_json(due.taxes)):
        finding = f"taxes are {row.taxes}, should be {kept.as_json(due.taxes)} (rate, category, reason, base, tax)"
        yield Difference(kind.bills.name, name, finding)


def _as_values(taxes: Any) -> Any:
    """A breakdown in which equal rates are equal, however many digits they are written with; what is none, as it is."""
    try:
        return [[Decimal(rate), *rest] for rate, *rest in taxes]
    except (TypeError, ValueError, InvalidOperation):
        return taxes


def _against_seal(kind: Kind, row: Any, lines: list[LineRow], seal: _Seal | None) -> Iterator[Difference]:
    finding = _seal_finding(kind, row, lines, seal)
    if finding:
        yield Difference(kind.bills.name, row_name(row.id, row.number), finding)


def _named(kind: Kind, row: Any) -> Iterator[Difference]:
    """What the seal does not hold: the name of the customer for lists, and what numbers are compared and sorted by.

    Of numbers that an older version took for different ones, only one has what is compared.
    """
    if row.number is not None:
        expected = {"number_key": numbering.key(row.number), "number_order": numbering.order(row.number)}
        for name, value in expected.items():
            if getattr(row, name) not in (None, value):
                finding = f"{name} is {getattr(row, name)!r}, should be {value!r}"
                yield Difference(kind.bills.name, row_name(row.id, row.number), finding)
    is_dated = row.issued_at is not None and row.number_scope is not None
    if is_dated and not numbering.readings(row.number_scope, row.issue_date):
        finding = f"issue_date is {row.issue_date}, and its number is of {row.number_scope}"
        yield Difference(kind.bills.name, row_name(row.id, row.number), finding)
    if row.customer is not None and row.customer_name != _name_in(row.customer):
        finding = f"customer_name is {row.customer_name!r}, should be {_name_in(row.customer)!r}"
        yield Difference(kind.bills.name, row_name(row.id, row.number), finding)


def _name_in(copy: object) -> object:
    """The name in a customer's copy, which is read as it lies in the database: any JSON, where it was altered."""
    return copy.get("name") if isinstance(copy, dict) else None


def _seal_finding(kind: Kind, row: Any, lines: list[LineRow], seal: _Seal | None) -> str | None:
    if row.issued_at is None:
        return seal and f"is not issued, but seal {seal.position} says that it is"
    if row.state == DRAFT:
        return f"is a draft, but was issued at {row.issued_at:%Y-%m-%dT%H:%M:%SZ}"
    if seal is None:
        return "is issued, but no seal is set on it"
    if CONTENT_HASHES[Form(seal.form)](kind, row, lines) != seal.content_hash:
        return f"its content is not what it was when seal {seal.position} was set on it"
    return None
