"""Rows about one thing name the same customer and currency."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, bindparam, exists, false, not_, or_, select

from tallystick.audit.types import Check, Difference
from tallystick.core.account import Account
from tallystick.core.payment import PaymentStatus
from tallystick.store.db import Tx
from tallystick.store.tables import credit_notes, invoices, journal, payment_allocations, payments

NEVER = false()


def _check(
    name: Column[Any],
    target: Any,
    customer: Column[Any],
    currency: Column[Any],
    source: Any,
    is_past: ColumnElement[bool] = NEVER,
) -> Check:
    """The check that what ``name`` names is there, with this customer and this currency.

    A row that ``is_past`` may have another customer and currency: those that its target had then.
    """
    table = name.table
    differs = or_(target.c.customer_id != customer, target.c.currency != currency)
    fault = or_(target.c.id.is_(None), and_(differs, not_(is_past)))
    joined = source.outerjoin(target, and_(target.c.account_id == table.c.account_id, target.c.id == name))
    statement = (
        select(table.c.id, name, customer, currency, target.c.customer_id, target.c.currency)
        .select_from(joined)
        .where(table.c.account_id == bindparam("account"), name.is_not(None), fault)
        .order_by(table.c.id)
    )
    thing = name.name.removesuffix("_id").replace("_", " ")

    def run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
        wrong: Iterable[Any] = tx.execute(statement, {"account": account.id})
        for row_id, target_id, *pairs in wrong:
            stored, due = pairs[:2], pairs[2:]
            if due[0] is None:
                finding = f"its {thing} {target_id} is missing"
            else:
                finding = (
                    f"is of customer {stored[0]} in {stored[1]}, should be of customer {due[0]} in {due[1]}, "
                    f"as its {thing} {target_id}"
                )
            yield Difference(table.name, str(row_id), finding)

    return Check(f"{table.name.replace('_', ' ')}: the same customer as the {thing}", table, run)


_of_payment = payment_allocations.outerjoin(
    payments,
    and_(payments.c.account_id == payment_allocations.c.account_id, payments.c.id == payment_allocations.c.payment_id),
)
_withdrawal = journal.alias()
# What was posted before an invoice was taken back is of whom it was for then.
_withdrawn = exists().where(
    _withdrawal.c.account_id == journal.c.account_id,
    _withdrawal.c.invoice_id == journal.c.invoice_id,
    _withdrawal.c.event == "unpublish",
    _withdrawal.c.id >= journal.c.id,
)
CHECKS = (
    _check(journal.c.invoice_id, invoices, journal.c.customer_id, journal.c.currency, journal, _withdrawn),
    _check(journal.c.payment_id, payments, journal.c.customer_id, journal.c.currency, journal),
    _check(journal.c.credit_note_id, credit_notes, journal.c.customer_id, journal.c.currency, journal),
    _check(credit_notes.c.invoice_id, invoices, credit_notes.c.customer_id, credit_notes.c.currency, credit_notes),
    _check(
        payment_allocations.c.invoice_id,
        invoices,
        payments.c.customer_id,
        payments.c.currency,
        _of_payment,
        # The invoice may have got another customer since, because nothing stands on it any more.
        payments.c.status != PaymentStatus.SUCCEEDED,
    ),
)
