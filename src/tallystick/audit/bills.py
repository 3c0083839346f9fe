"""Each bill computed again from its lines, and held against the last seal that was set on it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Table, bindparam, select

from tallystick.audit.types import Check, Difference, row_name, unequal
from tallystick.bills.rules import stored_bill
from tallystick.bills.store import taxes_column
from tallystick.bills.types import LineRow
from tallystick.core import numbering
from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.core.totals import Totals, compute
from tallystick.credit_notes import ops as credit_note_ops
from tallystick.credit_notes import rules as credit_note_rules
from tallystick.credit_notes.types import CreditLine, CreditNote, CreditNoteRow
from tallystick.invoices import rules as invoice_rules
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.quotations import rules as quotation_rules
from tallystick.quotations.types import Quotation, QuotationRow
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.seals import Sealed
from tallystick.store.tables import (
    credit_note_lines,
    credit_notes,
    invoice_lines,
    invoices,
    quotation_lines,
    quotations,
    seals,
)

BATCH = 500
BEYOND_ALL = 2**63 - 1
SUMS = ("subtotal", "discount", "tax", "total")
DRAFT = "draft"
LINE_SUMS = ("amount", "discount", "tax")


class Kind(NamedTuple):
    """One kind of bill: its tables, and what follows from a bill's row and lines."""

    name: str
    bills: Table
    lines: Table
    owner: str
    """The column of ``lines`` that names their bill."""
    row: type[msgspec.Struct]
    totals: Callable[[Any, list[LineRow]], Totals]
    sealed: Callable[[Any, list[LineRow]], Sealed]


class Statements(NamedTuple):
    """What reads a batch of one kind of bill: those after an id, then what hangs on them."""

    bills: Select[Any]
    lines: Select[Any]
    seals: Select[Any]


def _computed(row: Any, lines: list[LineRow]) -> Totals:
    return compute(stored_bill(row, lines))


def _credited(row: CreditNoteRow, lines: list[LineRow]) -> Totals:
    credited = [CreditLine(line, line.quantity, line.amount, line.discount, line.tax) for line in lines]
    return credit_note_rules.totals(credited, prices_include_tax=row.prices_include_tax)


def _sealed_invoice(row: InvoiceRow, lines: list[LineRow]) -> Sealed:
    return invoice_rules.sealed(Invoice(row=row, lines=lines, customer={}))


def _sealed_quotation(row: QuotationRow, lines: list[LineRow]) -> Sealed:
    return quotation_rules.sealed(Quotation(row=row, lines=lines, customer={}))


def _sealed_credit_note(row: CreditNoteRow, lines: list[LineRow]) -> Sealed:
    return credit_note_ops.sealed(CreditNote(row=row, lines=lines, invoice_line_ids=[], invoice_number=""))


INVOICES = Kind(
    name=invoice_rules.KIND,
    bills=invoices,
    lines=invoice_lines,
    owner="invoice_id",
    row=InvoiceRow,
    totals=_computed,
    sealed=_sealed_invoice,
)
QUOTATIONS = Kind(
    name=quotation_rules.KIND,
    bills=quotations,
    lines=quotation_lines,
    owner="quotation_id",
    row=QuotationRow,
    totals=_computed,
    sealed=_sealed_quotation,
)
CREDIT_NOTES = Kind(
    name=credit_note_rules.KIND,
    bills=credit_notes,
    lines=credit_note_lines,
    owner="credit_note_id",
    row=CreditNoteRow,
    totals=_credited,
    sealed=_sealed_credit_note,
)
KINDS = (QUOTATIONS, INVOICES, CREDIT_NOTES)


def check_of(kind: Kind) -> Check:
    """The check of all bills of one kind."""
    statements = _statements(kind)

    def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
        for batch in _batches(tx, account, statements):
            yield from _differences(kind, batch)
            advance(len(batch.bills))

    return Check(f"{kind.bills.name.replace('_', ' ')} and their seals", kind.bills, run)


class Batch(NamedTuple):
    """Some bills in the order of their ids, and what hangs on them by the bill's id; of the seals, those in force."""

    bills: Sequence[Row[Any]]
    lines: dict[int, list[LineRow]]
    seals: dict[int, Row[Any]]


def _statements(kind: Kind) -> Statements:
    bill_id, owner = kind.bills.c.id, kind.lines.c[kind.owner]
    return Statements(
        bills=select(*rows.columns(kind.bills, kind.row))
        .where(kind.bills.c.account_id == bindparam("account"), bill_id > bindparam("after"))
        .order_by(bill_id)
        .limit(BATCH),
        lines=select(owner, *rows.columns(kind.lines, LineRow))
        .where(kind.lines.c.account_id == bindparam("account"), *_within(owner))
        .order_by(owner, kind.lines.c.position),
        seals=select(seals.c.bill_id, seals.c.position, seals.c.content_hash)
        .where(seals.c.account_id == bindparam("account"), seals.c.kind == kind.name, *_within(seals.c.bill_id))
        .order_by(seals.c.bill_id, seals.c.position),
    )


def _within(column: ColumnElement[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column > bindparam("after"), column <= bindparam("last")


def _batches(tx: Tx, account: Account, statements: Statements) -> Iterator[Batch]:
    after = 0
    while after < BEYOND_ALL:
        bills = tx.all(statements.bills, {"account": account.id, "after": after})
        # The last batch reaches beyond its bills: lines and seals of bills that are gone show up in it.
        last = bills[-1].id if len(bills) == BATCH else BEYOND_ALL
        window = {"account": account.id, "after": after, "last": last}
        lines: dict[int, list[LineRow]] = defaultdict(list)
        for line in tx.all(statements.lines, window):
            lines[line[0]].append(LineRow(*line[1:]))
        last_seals = {seal.bill_id: seal for seal in tx.all(statements.seals, window)}
        in_force = {bill_id: seal for bill_id, seal in last_seals.items() if seal.content_hash is not None}
        yield Batch(bills, lines, in_force)
        after = last


def _differences(kind: Kind, batch: Batch) -> Iterator[Difference]:
    for found in batch.bills:
        row: Any = kind.row(*found)
        lines = batch.lines.pop(row.id, [])
        yield from _recomputed(kind, row, lines)
        yield from _named(kind, row)
        yield from _against_seal(kind, row, lines, batch.seals.pop(row.id, None))
    for bill_id, orphans in batch.lines.items():
        for line in orphans:
            finding = f"its {kind.name.replace('_', ' ')} {bill_id} is missing"
            yield Difference(kind.lines.name, row_name(line.id, None), finding)
    for bill_id, seal in batch.seals.items():
        yield Difference(kind.bills.name, str(bill_id), f"is missing, and seal {seal.position} is set on it")


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
    for what in SUMS:
        if getattr(row, what) != getattr(due, what):
            finding = unequal(what, getattr(row, what), getattr(due, what), row.currency)
            yield Difference(kind.bills.name, name, finding)
    if _as_values(row.taxes) != _as_values(taxes_column(due.taxes)):
        finding = f"taxes are {row.taxes}, should be {taxes_column(due.taxes)} (rate, category, reason, base, tax)"
        yield Difference(kind.bills.name, name, finding)


def _as_values(taxes: list[Any]) -> list[Any]:
    """A breakdown in which equal rates are equal, however many digits they are written with."""
    return [[Decimal(rate), *rest] for rate, *rest in taxes]


def _against_seal(kind: Kind, row: Any, lines: list[LineRow], seal: Row[Any] | None) -> Iterator[Difference]:
    finding = _seal_finding(kind, row, lines, seal)
    if finding:
        yield Difference(kind.bills.name, row_name(row.id, row.number), finding)


def _named(kind: Kind, row: Any) -> Iterator[Difference]:
    """What the seal does not hold: the name of the customer for lists, and what is compared of the number.

    Of numbers that an older version took for different ones, only one has what is compared.
    """
    if row.number is not None and row.number_key not in (None, numbering.key(row.number)):
        finding = f"number_key is {row.number_key!r}, should be {numbering.key(row.number)!r}"
        yield Difference(kind.bills.name, row_name(row.id, row.number), finding)
    if row.customer is not None and row.customer_name != row.customer.get("name"):
        finding = f"customer_name is {row.customer_name!r}, should be {row.customer.get('name')!r}"
        yield Difference(kind.bills.name, row_name(row.id, row.number), finding)


def _seal_finding(kind: Kind, row: Any, lines: list[LineRow], seal: Row[Any] | None) -> str | None:
    if row.issued_at is None:
        return seal and f"is not issued, but seal {seal.position} says that it is"
    if row.state == DRAFT:
        return f"is a draft, but was issued at {row.issued_at:%Y-%m-%dT%H:%M:%SZ}"
    if seal is None:
        return "is issued, but no seal is set on it"
    if kind.sealed(row, lines).content_hash != seal.content_hash:
        return f"its content is not what it was when seal {seal.position} was set on it"
    return None
