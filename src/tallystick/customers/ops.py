"""The verbs of customers that no other resource has."""

from collections.abc import Mapping
from typing import Any

from tallystick.core.account import Account
from tallystick.core.designs import DESIGNS
from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.customers import store
from tallystick.customers.resource import CUSTOMERS
from tallystick.customers.types import Customer
from tallystick.store.db import Tx


def create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Customer:
    """Makes a customer. Raises ValidationFailed where there is no such template, and as ``Resource.create``."""
    _check_template(tx, account, values.get("template_id"))
    return CUSTOMERS.create(tx, account, values)


def find_or_create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Customer:
    """The customer with the e-mail address of ``values``, or without one the customer of its name that has none.

    One that is found is never changed; where there is none it is made, once, whoever else asks for it (ADR 38).
    """
    name, email = values["name"], values.get("email")
    found = store.find(tx, account, name, email)
    if found is not None:
        return found
    store.lock(tx, account, name, email)
    return store.find(tx, account, name, email) or CUSTOMERS.create(tx, account, values)


def update(tx: Tx, account: Account, customer_id: int, changes: Mapping[str, Any], version: int | None) -> Customer:
    """Changes what ``changes`` name; issued bills keep their own copy, and drafts are found by a new name.

    Raises ValidationFailed where there is no such template, and as ``Resource.update``.
    """
    _check_template(tx, account, changes.get("template_id"))
    changed = CUSTOMERS.update(tx, account, customer_id, changes, version)
    if "name" in changes:
        store.rename_in_drafts(tx, account, changed)
    return changed


def delete(tx: Tx, account: Account, customer_id: int) -> None:
    """Deletes a customer that nothing names; Conflict, saying what names it, otherwise."""
    naming = store.naming(tx, account, customer_id)
    if naming:
        raise Conflict(f"This customer cannot be deleted, because it is named by {' and '.join(naming)}.")
    CUSTOMERS.delete(tx, account, customer_id)


def _check_template(tx: Tx, account: Account, template_id: str | None) -> None:
    if template_id is None or template_id in DESIGNS:
        return
    if not template_id.isdecimal() or not store.has_template(tx, account, int(template_id)):
        raise ValidationFailed({"template_id": ["There is no such template."]})
