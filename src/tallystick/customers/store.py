"""The SQL of customers, beside what every resource has."""

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select

from tallystick.core.account import Account
from tallystick.customers.rules import email_key
from tallystick.customers.types import Customer
from tallystick.store import locks, rows
from tallystick.store.db import Tx
from tallystick.store.tables import credit_notes, customers, invoices, payments, quotations, recurring

NAMED_BY = {
    "an invoice": invoices.c,
    "a quotation": quotations.c,
    "a credit note": credit_notes.c,
    "a payment": payments.c,
    "a schedule of recurring billing": recurring.c,
}
READ = rows.reader(customers, Customer)
# Whether each of these names a customer.
_tests: list[ColumnElement[bool]] = [
    exists().where(columns.account_id == bindparam("account"), columns.customer_id == bindparam("customer"))
    for columns in NAMED_BY.values()
]
NAMING = select(*_tests)
_OLDEST: Select[Any] = (
    select(*rows.columns(customers, Customer))
    .where(customers.c.account_id == bindparam("account"))
    .order_by(customers.c.id)
    .limit(1)
)
BY_EMAIL = _OLDEST.where(customers.c.email_key == bindparam("key"))
BY_NAME = _OLDEST.where(customers.c.name == bindparam("key"), customers.c.email.is_(None))


def find(tx: Tx, account: Account, name: str, email: str | None) -> Customer | None:
    """The first customer with this e-mail address; where that is None, the first of just this name that has none."""
    statement, key = (BY_NAME, name) if email is None else (BY_EMAIL, email_key(email))
    return tx.row(statement, READ, account=account.id, key=key)


def lock(tx: Tx, account: Account, name: str, email: str | None) -> None:
    """Makes others who lock the customer that ``find`` would answer wait until this transaction ends."""
    kind, key = ("customer by name", name) if email is None else ("customer by email", email_key(email))
    locks.take(tx, account.id, kind, key)


def naming(tx: Tx, account: Account, customer_id: int) -> list[str]:
    """What names a customer, in words."""
    return tx.one(NAMING, _naming, account=account.id, customer=customer_id)


def _naming(*found: bool) -> list[str]:
    return [thing for thing, is_there in zip(NAMED_BY, found, strict=True) if is_there]
