"""The verbs of customers."""

from collections.abc import Mapping
from typing import Any

from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.customers import store
from tallystick.customers.types import Customer
from tallystick.store import outbox
from tallystick.store.db import Tx


def create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Customer:
    """Makes a customer."""
    customer = store.insert(tx, account, values)
    outbox.add(tx, account, Event.CUSTOMER_CREATED, customer.id)
    return customer


def find_or_create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Customer:
    """The customer with the e-mail address of ``values``, or without one the customer of its name that has none.

    One that is found is never changed; where there is none it is made, once, whoever else asks for it (ADR 38).
    """
    name, email = values["name"], values.get("email")
    found = store.find(tx, account, name, email)
    if found is not None:
        return found
    store.lock(tx, account, name, email)
    return store.find(tx, account, name, email) or create(tx, account, values)


def update(tx: Tx, account: Account, customer_id: int, changes: Mapping[str, Any], version: int | None) -> Customer:
    """Changes what ``changes`` name. Issued bills keep the details that they were issued with."""
    customer = store.change(tx, account, customer_id, changes, version)
    outbox.add(tx, account, Event.CUSTOMER_UPDATED, customer_id)
    return customer


def delete(tx: Tx, account: Account, customer_id: int) -> None:
    """Deletes a customer that no bill names; Conflict otherwise."""
    store.delete(tx, account, customer_id)
    outbox.add(tx, account, Event.CUSTOMER_DELETED, customer_id)
