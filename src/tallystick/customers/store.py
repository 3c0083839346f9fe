"""The SQL of customers."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.core.errors import Conflict, NotFound, ValidationFailed
from tallystick.customers.rules import email_key
from tallystick.customers.types import Customer
from tallystick.store import locks, rows
from tallystick.store.db import Tx
from tallystick.store.paging import Page, PageRequest, fetch, stream
from tallystick.store.prepared import Prepared
from tallystick.store.search import mentions
from tallystick.store.tables import credit_notes, customers, invoices, payments, quotations, recurring

SORTS = {"created_at": customers.c.id, "name": customers.c.name}
SEARCHED = (customers.c.name, customers.c.email, customers.c.phone)
NAMED_BY = {
    "an invoice": invoices.c,
    "a quotation": quotations.c,
    "a credit note": credit_notes.c,
    "a payment": payments.c,
    "a schedule of recurring billing": recurring.c,
}
READ = rows.reader(customers, Customer)
OLDEST: Select[Any] = (
    select(*rows.columns(customers, Customer))
    .where(customers.c.account_id == bindparam("account"))
    .order_by(customers.c.id)
    .limit(1)
)
BY_EMAIL = Prepared(OLDEST.where(customers.c.email_key == bindparam("key")))
BY_NAME = Prepared(OLDEST.where(customers.c.name == bindparam("key"), customers.c.email.is_(None)))
IN_USE = "Something names this customer since a moment ago, so it cannot be deleted."


def get(tx: Tx, account: Account, customer_id: int) -> Customer:
    """One customer, or NotFound."""
    return rows.get(tx, account, customers, Customer, customer_id)


def known(tx: Tx, account: Account, customer_id: int) -> Customer:
    """The customer that a request's ``customer_id`` names, or ValidationFailed for that field."""
    try:
        return get(tx, account, customer_id)
    except NotFound as error:
        raise ValidationFailed({"customer_id": [error.message]}) from None


def find(tx: Tx, account: Account, name: str, email: str | None) -> Customer | None:
    """The first customer with this e-mail address; where that is None, the first of just this name that has none."""
    statement, key = (BY_NAME, name) if email is None else (BY_EMAIL, email_key(email))
    found = statement.one_or_none(tx, {"account": account.id, "key": key})
    return None if found is None else READ(*found)


def find_many(tx: Tx, account: Account, ids: set[int]) -> dict[int, Customer]:
    """The customers with these ids, by id."""
    return rows.find(tx, account, customers, Customer, ids)


def lock(tx: Tx, account: Account, name: str, email: str | None) -> None:
    """Makes others who lock the customer that ``find`` would answer wait until this transaction ends."""
    kind, key = ("customer by name", name) if email is None else ("customer by email", email_key(email))
    locks.take(tx, account.id, kind, key)


def page(tx: Tx, account: Account, request: PageRequest, search: str | None, external_id: str | None) -> Page[Customer]:
    """A page of the account's customers; ``search`` looks in name, e-mail and phone."""
    return fetch(tx, _selected(account, search, external_id), request, sorts=SORTS, key=customers.c.id, kind=READ)


def every(
    tx: Tx, account: Account, request: PageRequest, search: str | None, external_id: str | None
) -> Iterator[Customer]:
    """As ``page``, all of them."""
    return stream(tx, _selected(account, search, external_id), request, sorts=SORTS, key=customers.c.id, kind=READ)


def _selected(account: Account, search: str | None, external_id: str | None) -> Select[Any]:
    query = rows.selection(customers, Customer, account)
    if external_id is not None:
        query = query.where(customers.c.external_id == external_id)
    if search:
        query = query.where(mentions(search, *SEARCHED))
    return query


def insert(tx: Tx, account: Account, values: Mapping[str, Any]) -> Customer:
    """Writes a new customer."""
    return rows.insert(tx, account, customers, Customer, _keyed(values))


def change(tx: Tx, account: Account, customer_id: int, changes: Mapping[str, Any], version: int | None) -> Customer:
    """Changes a customer; NotFound, or Conflict where ``version`` is stale."""
    return rows.update(tx, account, customers, Customer, customer_id, _keyed(changes), version=version)


def _keyed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values, with what is compared of the e-mail address that they name."""
    if "email" not in values:
        return values
    email = values["email"]
    return {**values, "email_key": None if email is None else email_key(email)}


def delete(tx: Tx, account: Account, customer_id: int) -> None:
    """Deletes a customer that nothing names; Conflict, saying what names it, otherwise."""
    naming = _naming(tx, account, customer_id)
    if naming:
        raise Conflict(f"This customer cannot be deleted, because it is named by {' and '.join(naming)}.")
    rows.delete(tx, account, customers, customer_id, in_use=IN_USE)


def _naming(tx: Tx, account: Account, customer_id: int) -> list[str]:
    """What names a customer, in words."""
    tests = [
        select(columns.id).where(columns.account_id == account.id, columns.customer_id == customer_id).exists()
        for columns in NAMED_BY.values()
    ]
    found = tx.execute(select(*tests)).one()
    return [thing for thing, is_there in zip(NAMED_BY, found, strict=True) if is_there]
