"""Credit notes, worked out again one after the other: none takes more of an invoice than was left, nor another tax."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, select

from tallystick.bills.types import LineRow
from tallystick.core.account import Account
from tallystick.core.bill import Calculation
from tallystick.core.errors import ValidationFailed
from tallystick.credit_notes import rules
from tallystick.credit_notes.types import NOTHING_CREDITED, CreditedSoFar, Part
from tallystick.invoices import store as invoice_store
from tallystick.invoices.types import InvoiceRow
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.tables import credit_note_lines, credit_notes, invoice_lines, invoices
from tallystick.verify.types import Check, Difference, money, row_name, unequal

AMOUNTS = ("amount", "discount")
CREDITED: Select[Any] = (
    select(
        *(credit_notes.c[name] for name in ("invoice_id", "number", "calculation")),
        *(credit_note_lines.c[name] for name in ("id", "credit_note_id", "invoice_line_id")),
        *(credit_note_lines.c[name] for name in ("quantity", *AMOUNTS, "tax")),
    )
    .join_from(
        credit_note_lines,
        credit_notes,
        and_(
            credit_notes.c.account_id == credit_note_lines.c.account_id,
            credit_notes.c.id == credit_note_lines.c.credit_note_id,
        ),
    )
    .where(credit_note_lines.c.account_id == bindparam("account"))
    .order_by(credit_notes.c.invoice_id, credit_notes.c.id, credit_note_lines.c.position)
)
INVOICE: Select[Any] = select(*rows.columns(invoices, InvoiceRow)).where(
    invoices.c.account_id == bindparam("account"), invoices.c.id == bindparam("invoice")
)
READ = rows.reader(invoices, InvoiceRow)


class _CreditedLine(NamedTuple):
    """A line of a credit note, with what its note says."""

    invoice_id: int
    number: str
    calculation: str
    id: int
    credit_note_id: int
    invoice_line_id: int
    quantity: Decimal
    amount: int
    discount: int
    tax: int


class _Credited(NamedTuple):
    """An invoice, and what its credit notes have taken of each line so far."""

    row: InvoiceRow
    lines: dict[int, LineRow]
    taken: dict[int, CreditedSoFar]


def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
    """Goes through the credit notes of each invoice in the order in which they were issued."""
    lines_of_notes = tx.stream(CREDITED, _CreditedLine, account=account.id)
    for invoice_id, group in groupby(lines_of_notes, key=attrgetter("invoice_id")):
        credited = list(group)
        row = tx.row(INVOICE, READ, account=account.id, invoice=invoice_id)
        # That an invoice is missing is found where references are looked at.
        if row is not None:
            lines = {line.id: line for line in invoice_store.lines.of(tx, account, invoice_id)}
            yield from _of_invoice(_Credited(row, lines, {}), credited)
        advance(len(credited))


CHECK = Check("the credited lines", credit_note_lines, run)


def _of_invoice(invoice: _Credited, credited: Sequence[_CreditedLine]) -> Iterator[Difference]:
    shares: dict[int, int] = {}
    for note_id, group in groupby(credited, key=attrgetter("credit_note_id")):
        note = []
        for line in group:
            if line.invoice_line_id in invoice.lines:
                note.append(line)
            else:
                finding = f"credits the line {line.invoice_line_id}, which is none of its invoice {invoice.row.id}"
                yield Difference(credit_note_lines.name, row_name(line.id, line.number), finding)
        if note and note[0].calculation == Calculation.ORIGINAL:
            for line in note:
                shares[line.invoice_line_id] = shares.get(line.invoice_line_id, 0) + line.tax
        elif note:
            yield from _again(invoice, note_id, note)
        for line in note:
            before = invoice.taken.get(line.invoice_line_id, NOTHING_CREDITED)
            invoice.taken[line.invoice_line_id] = before.after(line.quantity, line.amount, line.discount, line.tax)
    yield from _beyond(invoice, shares)


def _again(invoice: _Credited, note_id: int, note: Sequence[_CreditedLine]) -> Iterator[Difference]:
    """A credit note taxed again, after those before it."""
    number, currency = note[0].number, invoice.row.currency
    parts = [Part(invoice.lines[line.invoice_line_id], line.quantity, line.amount, line.discount) for line in note]
    try:
        expected = rules.with_tax(invoice.row, list(invoice.lines.values()), parts, invoice.taken)
    except (ValidationFailed, ValueError) as error:
        reasons = error.errors if isinstance(error, ValidationFailed) else error
        yield Difference(credit_notes.name, row_name(note_id, number), f"takes more than was left: {reasons}")
        return
    for line, line_expected in zip(note, expected, strict=True):
        if line.tax != line_expected.tax:
            finding = unequal("tax", line.tax, line_expected.tax, currency)
            yield Difference(credit_note_lines.name, row_name(line.id, number), finding)


def _beyond(invoice: _Credited, shares: dict[int, int]) -> Iterator[Difference]:
    """The lines of which more is credited than they have.

    A line's own tax is the limit only for ``shares``, what notes of the first versions took of it.
    """
    for line_id, taken in sorted(invoice.taken.items()):
        line = invoice.lines[line_id]
        name = row_name(line_id, invoice.row.number)
        if taken.quantity > line.quantity:
            finding = f"credited quantity is {taken.quantity:f}, should be at most {line.quantity:f}"
            yield Difference(invoice_lines.name, name, finding)
        amounts = {what: getattr(taken, what) for what in AMOUNTS} | {"tax": shares.get(line_id, 0)}
        for what, amount in amounts.items():
            whole = getattr(line, what)
            if not min(0, whole) <= amount <= max(0, whole):
                finding = f"credited {what} is {money(amount, invoice.row.currency)}, should be at most "
                yield Difference(invoice_lines.name, name, finding + money(whole, invoice.row.currency))
