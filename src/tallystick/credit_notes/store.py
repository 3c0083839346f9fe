"""The SQL of credit notes."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, Select, and_, bindparam, select, update

from tallystick.bills.store import Lines
from tallystick.core.account import Account
from tallystick.credit_notes.kind import CREDIT_NOTES
from tallystick.credit_notes.types import (
    NOTHING_CREDITED,
    CreditedSoFar,
    CreditNote,
    CreditNoteFilter,
    CreditNoteLine,
    CreditNoteRow,
    Given,
)
from tallystick.invoices.store import ISSUED, OWED
from tallystick.store import labels, rows
from tallystick.store.db import Tx
from tallystick.store.paging import Page, PageRequest, fetch, stream
from tallystick.store.prepared import Statement
from tallystick.store.tables import credit_note_lines, credit_notes, invoices

SORTS: Mapping[str, ColumnElement[Any]] = {"created_at": credit_notes.c.id, "number": credit_notes.c.number_order}
ROW_COLUMNS = rows.columns(credit_notes, CreditNoteRow)
ROWS = rows.Rows(credit_notes, CreditNoteRow)
WRITE = rows.writer(credit_notes, CreditNoteRow)
COLUMNS = [column.name for column in ROW_COLUMNS]
LINES: Lines[CreditNoteLine] = CREDIT_NOTES.own_lines
INVOICE_NUMBER = (
    select(invoices.c.number)
    .where(invoices.c.account_id == credit_notes.c.account_id, invoices.c.id == credit_notes.c.invoice_id)
    .correlate(credit_notes)
    .scalar_subquery()
)
WITH_INVOICE = credit_notes.join(
    invoices, and_(invoices.c.account_id == credit_notes.c.account_id, invoices.c.id == credit_notes.c.invoice_id)
)
# A credit note, with the number of its invoice.
ONE: Select[Any] = (
    select(*ROW_COLUMNS, invoices.c.number.label("invoice_number"))
    .select_from(WITH_INVOICE)
    .where(credit_notes.c.account_id == bindparam("account"), credit_notes.c.id == bindparam("credit_note"))
)
ONE_LOCKED = ONE.with_for_update(of=credit_notes)
# As ``ONE``, by its share token.
SHARED: Select[Any] = (
    select(*ROW_COLUMNS, invoices.c.number.label("invoice_number"))
    .select_from(WITH_INVOICE)
    .where(credit_notes.c.account_id == bindparam("account"), credit_notes.c.share_token == bindparam("token"))
)
# The credited lines of an invoice.
# A subquery and not a join, in which SQLite would begin with all the lines of the account.
CREDITED: Select[Any] = select(*rows.columns(credit_note_lines, CreditNoteLine)).where(
    credit_note_lines.c.account_id == bindparam("account"),
    credit_note_lines.c.credit_note_id.in_(
        select(credit_notes.c.id).where(
            credit_notes.c.account_id == bindparam("account"), credit_notes.c.invoice_id == bindparam("invoice")
        )
    ),
)
# The notes of some invoices of which something is the customer's credit.
GIVEN: Select[Any] = (
    select(credit_notes.c.id, credit_notes.c.invoice_id, credit_notes.c.to_credit)
    .where(
        credit_notes.c.account_id == bindparam("account"),
        credit_notes.c.invoice_id.in_(bindparam("invoices", expanding=True)),
        credit_notes.c.to_credit > 0,
    )
    .order_by(credit_notes.c.id)
)
# The invoices on which a customer owes something although notes of theirs gave it credit.
SHORT: Select[Any] = (
    select(credit_notes.c.invoice_id)
    .select_from(WITH_INVOICE)
    .where(
        credit_notes.c.account_id == bindparam("account"),
        credit_notes.c.customer_id == bindparam("customer"),
        credit_notes.c.currency == bindparam("in_currency"),
        credit_notes.c.to_credit > 0,
        ISSUED,
        OWED,
    )
)
# Takes something of what a note gave as credit.
LOWER = (
    update(credit_notes)
    .where(credit_notes.c.account_id == bindparam("account"), credit_notes.c.id == bindparam("credit_note"))
    .values(
        to_credit=credit_notes.c.to_credit - bindparam("less"),
        version=credit_notes.c.version + 1,
        updated_at=bindparam("now"),
    )
)
INSERT = credit_notes.insert().returning(credit_notes.c.id)


def credited(tx: Tx, account: Account, invoice_id: int) -> dict[int, CreditedSoFar]:
    """What earlier credit notes took of each line of an invoice."""
    taken: dict[int, CreditedSoFar] = {}
    for line in tx.rows(CREDITED, CreditNoteLine, account=account.id, invoice=invoice_id):
        before = taken.get(line.invoice_line_id, NOTHING_CREDITED)
        taken[line.invoice_line_id] = before.after(line.quantity, line.amount, line.discount, line.tax)
    return taken


def insert(tx: Tx, account: Account, new: CreditNote) -> CreditNote:
    """Writes a credit note with its lines, and answers the same with its ids.

    Raises Conflict where its ``external_id`` is taken.
    """
    values = dict(zip(COLUMNS, WRITE(new.row), strict=True), account_id=account.id, updated_at=new.row.created_at)
    del values["id"]
    with labels.refusing_a_taken_external_id(credit_notes, values):
        note_id = tx.one(INSERT, int, **values)
    lines = LINES.insert(tx, account, note_id, new.lines)
    return structs.replace(new, row=structs.replace(new.row, id=note_id), lines=lines)


def get(tx: Tx, account: Account, credit_note_id: int) -> CreditNote:
    """One credit note, whole, or NotFound."""
    return _whole(tx, account, ONE, credit_note=credit_note_id)


def get_locked(tx: Tx, account: Account, credit_note_id: int) -> CreditNote:
    """As ``get``, and nobody else changes the credit note before this transaction ends."""
    return _whole(tx, account, ONE_LOCKED, credit_note=credit_note_id)


def get_shared(tx: Tx, account: Account, token: str) -> CreditNote:
    """The credit note that the share token opens, or NotFound."""
    return _whole(tx, account, SHARED, token=token)


def _whole(tx: Tx, account: Account, statement: Statement, **wanted: Any) -> CreditNote:
    found = tx.row(statement, _with_number, account=account.id, **wanted)
    if found is None:
        raise rows.not_found(credit_notes)
    row, invoice_number = found
    return CreditNote(row=row, lines=LINES.of(tx, account, row.id), invoice_number=invoice_number)


def given(tx: Tx, account: Account, invoice_ids: Collection[int]) -> list[Given]:
    """The notes of these invoices of which something is the customer's credit, oldest first."""
    return tx.rows(GIVEN, Given, account=account.id, invoices=invoice_ids)


def short(tx: Tx, account: Account, customer_id: int, currency: str) -> set[int]:
    """The invoices on which a customer owes something although their notes gave it credit: it was spent elsewhere."""
    return set(tx.rows(SHORT, int, account=account.id, customer=customer_id, in_currency=currency))


def lower_credit(tx: Tx, account: Account, back: Given) -> None:
    """Lowers what of a credit note is the customer's credit."""
    tx.write(LOWER, account=account.id, credit_note=back.credit_note_id, less=back.amount, now=tx.now)


def page(tx: Tx, account: Account, wanted: CreditNoteFilter, request: PageRequest) -> Page[CreditNoteRow]:
    """A page of the account's credit notes."""
    query = _selected(account, wanted)
    return fetch(tx, query, request, sorts=SORTS, kind=ROWS.read)


def every(
    tx: Tx, account: Account, wanted: CreditNoteFilter, request: PageRequest
) -> Iterator[tuple[CreditNoteRow, str]]:
    """As ``page``, all of them, each with its invoice's number."""
    query = _selected(account, wanted).add_columns(INVOICE_NUMBER)
    return stream(tx, query, request, sorts=SORTS, kind=_with_number)


def _with_number(*row: Any) -> tuple[CreditNoteRow, str]:
    return ROWS.read(*row[:-1]), row[-1]


def _selected(account: Account, wanted: CreditNoteFilter) -> Select[Any]:
    query = select(*ROW_COLUMNS).where(credit_notes.c.account_id == account.id)
    asked = wanted._asdict().items()
    return query.where(*(credit_notes.c[name] == value for name, value in asked if value is not None))
