"""The SQL of customers, beside what every resource has."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, func, select

from tallystick.core.account import Account
from tallystick.customers.rules import email_key
from tallystick.customers.types import Customer
from tallystick.store import locks, rows
from tallystick.store.db import Tx
from tallystick.store.search import searchable
from tallystick.store.tables import (
    credit_notes,
    customers,
    invoices,
    payments,
    quotations,
    recurring,
    templates,
    usage_rates,
)
from tallystick.store.usage_tables import usage_events, usage_totals

NAMED_BY = {
    "an invoice": invoices.c,
    "a quotation": quotations.c,
    "a credit note": credit_notes.c,
    "a payment": payments.c,
    "a schedule of recurring billing": recurring.c,
    "a rate of usage": usage_rates.c,
}
READ = rows.reader(customers, Customer)
# Whether each of these names a customer.
_tests: list[ColumnElement[bool]] = [
    exists().where(columns.account_id == bindparam("account"), columns.customer_id == bindparam("customer"))
    for columns in NAMED_BY.values()
]
NAMING = select(*_tests)
# Any event that names a customer, or what is kept of those that are forgotten; no foreign key can, because on SQLite
# the events have a file of their own.
USED: list[Select[tuple[int]]] = [
    select(table.c.customer_id)
    .where(table.c.account_id == bindparam("account"), table.c.customer_id == bindparam("customer"))
    .limit(1)
    for table in (usage_events, usage_totals)
]
_OLDEST: Select[Any] = (
    select(*rows.columns(customers, Customer))
    .where(customers.c.account_id == bindparam("account"))
    .order_by(customers.c.id)
    .limit(1)
)
BY_EMAIL = _OLDEST.where(customers.c.email_key == bindparam("key"))
BY_NAME = _OLDEST.where(customers.c.name == bindparam("key"), customers.c.email.is_(None))
# Tells by a row that the account has this template.
KNOWN_TEMPLATE = select(templates.c.id).where(
    templates.c.account_id == bindparam("account"), templates.c.id == bindparam("template")
)


def _drafts(table: Table) -> Select[Any]:
    """A customer's drafts with the numbers that they show; always in the order of their ids, as all rows are locked."""
    return (
        select(table.c.id, func.coalesce(table.c.number, table.c.wanted_number))
        .where(
            table.c.account_id == bindparam("account"),
            table.c.customer_id == bindparam("customer"),
            table.c.state == "draft",
        )
        .order_by(table.c.id)
        .with_for_update()
    )


DRAFTS: Mapping[Table, Select[Any]] = {table: _drafts(table) for table in (invoices, quotations)}


def find(tx: Tx, account: Account, name: str, email: str | None) -> Customer | None:
    """The first customer with this e-mail address; where that is None, the first of just this name that has none."""
    statement, key = (BY_NAME, name) if email is None else (BY_EMAIL, email_key(email))
    return tx.row(statement, READ, account=account.id, key=key)


def has_template(tx: Tx, account: Account, template_id: int) -> bool:
    """Whether the account has a template of its own with this id."""
    return tx.row(KNOWN_TEMPLATE, int, account=account.id, template=template_id) is not None


def lock(tx: Tx, account: Account, name: str, email: str | None) -> None:
    """Makes others who lock the customer that ``find`` would answer wait until this transaction ends."""
    kind, key = ("customer by name", name) if email is None else ("customer by email", email_key(email))
    locks.take(tx, account.id, kind, key)


def naming(tx: Tx, account: Account, customer_id: int) -> list[str]:
    """What names a customer, in words."""
    named_by = tx.one(NAMING, _naming, account=account.id, customer=customer_id)
    with tx.usage() as events:
        found = [events.row(each, int, account=account.id, customer=customer_id) for each in USED]
    return named_by if found == [None, None] else [*named_by, "usage events"]


def rename_in_drafts(tx: Tx, account: Account, customer: Customer) -> None:
    """Lets the drafts of a customer be found by the name that it has now, which they show."""
    for table, drafts in DRAFTS.items():
        found = tx.rows(drafts, _numbered, account=account.id, customer=customer.id)
        renamed = [(searchable(number, customer.buyer.name), account.id, draft_id) for draft_id, number in found]
        tx.update_many(table, ("search",), renamed)


def _numbered(draft_id: int, number: str | None) -> tuple[int, str | None]:
    return draft_id, number


def _naming(*found: bool) -> list[str]:
    return [thing for thing, is_there in zip(NAMED_BY, found, strict=True) if is_there]
