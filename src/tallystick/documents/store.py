"""The SQL of receipts and statements."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, literal, null, select, union_all

from tallystick.core.account import Account
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceState
from tallystick.documents.receipts import Settled
from tallystick.documents.statements import Movement, OpenInvoice
from tallystick.store.db import Tx
from tallystick.store.sums import refusing_overflow, summed
from tallystick.store.tables import credit_notes, invoices, payments

BALANCE = invoices.c.total - invoices.c.paid - invoices.c.credited
# What a client's own credit pays was paid before.
IS_MONEY = payments.c.status == PaymentStatus.SUCCEEDED, payments.c.method != PaymentMethod.CREDIT
IS_ISSUED = invoices.c.state == InvoiceState.ISSUED


def settled(tx: Tx, account: Account, invoice_ids: Collection[int]) -> dict[int, Settled]:
    """The invoices with these ids, by them."""
    query = select(invoices.c.id, invoices.c.number, invoices.c.issue_date, invoices.c.total, BALANCE)
    found = tx.rows(query.where(invoices.c.account_id == account.id, invoices.c.id.in_(invoice_ids)), _settled)
    return dict(found)


def _settled(invoice_id: int, number: str | None, issue_date: date, total: int, balance: int) -> tuple[int, Settled]:
    return invoice_id, Settled(number or "", issue_date, total, balance)


def opening(tx: Tx, account: Account, customer_id: int, currency: str, before: date) -> int:
    """What the customer owed before a day, by what stands now; below 0 where it had something to its credit."""
    movements = union_all(*_movements(account, customer_id, currency)).subquery()
    query = select(summed(movements.c.amount)).where(movements.c.date < before)
    with refusing_overflow():
        return tx.row(query, lambda found: int(found or 0)) or 0


def movements(
    tx: Tx, account: Account, customer_id: int, currency: str, days: tuple[date, date], *, limit: int
) -> list[Movement]:
    """What stands of a customer's bills and payments from a day to a day, by day; at most ``limit``."""
    every = union_all(*_movements(account, customer_id, currency)).subquery()
    query = select(every).where(every.c.date.between(*days)).order_by(every.c.date, every.c.kind, every.c.id)
    return tx.rows(query.limit(limit), Movement)


def open_invoices(tx: Tx, account: Account, customer_id: int, currency: str) -> list[OpenInvoice]:
    """What is left to pay of each of a customer's invoices."""
    query = select(invoices.c.due_date, BALANCE).where(
        *_of(invoices, account, customer_id, currency), IS_ISSUED, BALANCE > 0
    )
    return tx.rows(query, OpenInvoice)


def _movements(account: Account, customer_id: int, currency: str) -> list[Select[Any]]:
    billed, paid, credited = (
        select(
            table.c[day].label("date"),
            literal(kind).label("kind"),
            table.c.id,
            (table.c.number if "number" in table.c else null()).label("number"),
            amount.label("amount"),
        ).where(*_of(table, account, customer_id, currency))
        for table, kind, day, amount in (
            (invoices, "invoice", "issue_date", invoices.c.total),
            (payments, "payment", "date", -payments.c.amount),
            (credit_notes, "credit_note", "issue_date", -credit_notes.c.total),
        )
    )
    return [billed.where(IS_ISSUED), paid.where(*IS_MONEY), credited]


def _of(table: Table, account: Account, customer_id: int, currency: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.account_id == account.id, table.c.customer_id == customer_id, table.c.currency == currency
