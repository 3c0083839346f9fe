"""The verbs of taxes."""

from collections.abc import Mapping
from typing import Any

from tallystick.core.account import Account
from tallystick.core.bill import Tax as CoreTax
from tallystick.core.events import Event
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.taxes import rules, store
from tallystick.taxes.types import Tax


def create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Tax:
    """Makes a tax; a new default takes the place of the old one."""
    rules.check(CoreTax(values["rate"], values["category"], values.get("exemption_reason")))
    if values["is_default"]:
        store.clear_default(tx, account)
    tax = store.insert(tx, account, values)
    outbox.add(tx, account, Event.TAX_CREATED, tax.id)
    return tax


def update(tx: Tx, account: Account, tax_id: int, changes: Mapping[str, Any], version: int | None) -> Tax:
    """Changes what ``changes`` name. Issued bills keep the rate that they were issued with."""
    if changes.get("is_default"):
        store.clear_default(tx, account)
    tax = store.change(tx, account, tax_id, changes, version)
    rules.check(tax.content)
    outbox.add(tx, account, Event.TAX_UPDATED, tax_id)
    return tax


def delete(tx: Tx, account: Account, tax_id: int) -> None:
    """Deletes a tax that nothing uses; Conflict otherwise."""
    store.delete(tx, account, tax_id)
    outbox.add(tx, account, Event.TAX_DELETED, tax_id)
