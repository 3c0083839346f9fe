"""The SQL of invoices."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import (
    insert as insert_into,
)
from sqlalchemy.exc import IntegrityError

from tallystick.bills.rules import COPIED_FROM_CUSTOMER
from tallystick.bills.store import Lines
from tallystick.core.account import Account
from tallystick.core.errors import Conflict, NotFound
from tallystick.core.states import InvoiceState, Status
from tallystick.invoices.types import Invoice, InvoiceFilter, InvoiceRow, PaymentLine
from tallystick.store import rows
from tallystick.store.db import Tx, violates
from tallystick.store.paging import Page, PageRequest, fetch
from tallystick.store.tables import (
    customers,
    invoice_lines,
    invoices,
    payment_allocations,
    payments,
    unique_invoice_number,
)

lines = Lines(invoice_lines, "invoice_id")

SHOWN_NAME = func.coalesce(invoices.c.customer_name, customers.c.name).label("customer_name")
INVOICE_COLUMNS = [SHOWN_NAME if name == "customer_name" else invoices.c[name] for name in InvoiceRow.__struct_fields__]
CUSTOMER_COLUMNS = [customers.c[name].label(f"customer_{name}") for name in COPIED_FROM_CUSTOMER]
WIDTH = len(INVOICE_COLUMNS)
SORTS: Mapping[str, ColumnElement[Any]] = {
    "created_at": invoices.c.id,
    "issue_date": invoices.c.issue_date,
    "due_date": invoices.c.due_date,
    "total": invoices.c.total,
}
WITH_CUSTOMER = invoices.join(
    customers, and_(customers.c.account_id == invoices.c.account_id, customers.c.id == invoices.c.customer_id)
)


def _one(*wanted: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*INVOICE_COLUMNS, *CUSTOMER_COLUMNS)
        .select_from(WITH_CUSTOMER)
        .where(invoices.c.account_id == bindparam("account"), invoices.c.deleted_at.is_(None), *wanted)
    )


BY_ID = _one(invoices.c.id == bindparam("invoice"))
BY_ID_LOCKED = BY_ID.with_for_update(of=invoices)
BY_TOKEN = _one(invoices.c.share_token == bindparam("token"), invoices.c.state == InvoiceState.ISSUED)
ROWS = select(*INVOICE_COLUMNS).select_from(WITH_CUSTOMER)
PAYMENTS: Select[Any] = (
    select(
        payments.c.id,
        payments.c.amount,
        payment_allocations.c.amount,
        *(payments.c[name] for name in PaymentLine.__struct_fields__[3:]),
    )
    .join(
        payments,
        and_(
            payments.c.account_id == payment_allocations.c.account_id,
            payments.c.id == payment_allocations.c.payment_id,
        ),
    )
    .where(
        payment_allocations.c.account_id == bindparam("account"),
        payment_allocations.c.invoice_id == bindparam("invoice"),
    )
    .order_by(payments.c.id)
)
INSERT = insert_into(invoices).returning(invoices.c.id)
TAKEN = select(invoices.c.id).where(
    invoices.c.account_id == bindparam("account"), invoices.c.number == bindparam("number")
)


def get(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """One invoice, whole, or NotFound."""
    return _whole(tx, account, BY_ID, {"account": account.id, "invoice": invoice_id})


def get_locked(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """As ``get``, and nobody else changes the invoice before this transaction ends."""
    return _whole(tx, account, BY_ID_LOCKED, {"account": account.id, "invoice": invoice_id})


def get_shared(tx: Tx, account: Account, token: str) -> Invoice:
    """The issued invoice that the share token opens, or NotFound."""
    return _whole(tx, account, BY_TOKEN, {"account": account.id, "token": token})


def _whole(tx: Tx, account: Account, statement: Select[Any], wanted: dict[str, Any]) -> Invoice:
    found = tx.execute(statement, wanted).one_or_none()
    if found is None:
        raise NotFound("There is no such invoice.")
    row = InvoiceRow(*found[:WIDTH])
    return Invoice(
        row=row,
        lines=lines.of(tx, account, row.id),
        customer=row.customer or dict(zip(COPIED_FROM_CUSTOMER, found[WIDTH:], strict=True)),
        payments=payments_of(tx, account, row.id),
    )


def payments_of(tx: Tx, account: Account, invoice_id: int) -> list[PaymentLine]:
    """The payments that an invoice received, oldest first."""
    return [PaymentLine(*row) for row in tx.all(PAYMENTS, {"account": account.id, "invoice": invoice_id})]


def page(tx: Tx, account: Account, wanted: InvoiceFilter, request: PageRequest) -> Page[InvoiceRow]:
    """A page of the invoices that the filter selects."""
    query = ROWS.where(*conditions(account, wanted, account.today(tx.now)))
    return fetch(tx, query, request, sorts=SORTS, key=invoices.c.id, kind=InvoiceRow)


def conditions(account: Account, wanted: InvoiceFilter, today: date) -> list[ColumnElement[bool]]:
    """What a row must satisfy to be selected; never one in the trash."""
    tests: list[ColumnElement[bool]] = [invoices.c.account_id == account.id, invoices.c.deleted_at.is_(None)]
    if wanted.statuses:
        tests.append(or_(*(shows(status, today) for status in sorted(wanted.statuses))))
    if wanted.customer_id is not None:
        tests.append(invoices.c.customer_id == wanted.customer_id)
    if wanted.from_date is not None:
        tests.append(invoices.c.issue_date >= wanted.from_date)
    if wanted.to_date is not None:
        tests.append(invoices.c.issue_date <= wanted.to_date)
    if wanted.currency is not None:
        tests.append(invoices.c.currency == wanted.currency)
    if wanted.search:
        tests.append(_mentions(wanted.search.lower()))
    return tests


def _mentions(text: str) -> ColumnElement[bool]:
    return or_(
        func.lower(invoices.c.number).contains(text, autoescape=True),
        func.lower(SHOWN_NAME.element).contains(text, autoescape=True),
    )


def shows(status: Status, today: date) -> ColumnElement[bool]:
    """The test that a row shows this status on this day: ``core.states.status`` in SQL."""
    settled = invoices.c.paid + invoices.c.credited
    issued = invoices.c.state == InvoiceState.ISSUED
    owed = and_(issued, invoices.c.total > settled)
    on_time = and_(owed, invoices.c.due_date >= today)
    return {
        Status.DRAFT: invoices.c.state == InvoiceState.DRAFT,
        Status.VOIDED: invoices.c.state == InvoiceState.VOIDED,
        Status.PAID: and_(issued, invoices.c.total <= settled),
        Status.OVERDUE: and_(owed, invoices.c.due_date < today),
        Status.PARTIALLY_PAID: and_(on_time, settled > 0),
        Status.SENT: and_(on_time, settled == 0),
    }[status]


def insert(tx: Tx, account: Account, values: Mapping[str, Any]) -> int:
    """Writes an invoice's row and answers its id; Conflict where its number is taken."""
    try:
        invoice_id: int = tx.execute(INSERT, {**values, "account_id": account.id}).scalar_one()
    except IntegrityError as error:
        raise _refusal(error, values) from None
    return invoice_id


def change(tx: Tx, account: Account, row: InvoiceRow, changes: Mapping[str, Any]) -> None:
    """Changes the row where it is still in the state and version that was read; Conflict otherwise."""
    statement = (
        update(invoices)
        .where(
            invoices.c.account_id == account.id,
            invoices.c.id == row.id,
            invoices.c.state == row.state,
            invoices.c.version == row.version,
        )
        .values({**changes, "version": row.version + 1, "updated_at": tx.now})
    )
    try:
        changed = tx.execute(statement).rowcount
    except IntegrityError as error:
        raise _refusal(error, changes) from None
    if not changed:
        raise rows.stale()


def _refusal(error: IntegrityError, values: Mapping[str, Any]) -> Exception:
    if violates(error, unique_invoice_number):
        return Conflict(f"The invoice number {values['number']} is in use.")
    return error


def is_taken(tx: Tx, account: Account, number: str) -> bool:
    """Whether an invoice of the account has this number."""
    return tx.execute(TAKEN, {"account": account.id, "number": number}).first() is not None
