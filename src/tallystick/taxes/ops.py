"""The verbs of taxes, as far as they differ from those of every resource."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy import update as update_of

from tallystick.core.account import Account
from tallystick.core.bill import LineTax
from tallystick.store.db import Tx
from tallystick.store.tables import accounts, taxes
from tallystick.taxes import rules
from tallystick.taxes.resource import TAXES
from tallystick.taxes.types import Tax

# Without the lock, of two new defaults on PostgreSQL neither would see the other.
LOCK = select(accounts.c.id).where(accounts.c.id == bindparam("account")).with_for_update(key_share=True)
CLEAR_DEFAULT = (
    update_of(taxes).where(taxes.c.account_id == bindparam("account"), taxes.c.is_default).values(is_default=False)
)


def create(tx: Tx, account: Account, values: Mapping[str, Any]) -> Tax:
    """Makes a tax; a new default takes the place of the old one."""
    rules.check(LineTax(values["rate"], values["category"], values.get("exemption_reason")))
    if values["is_default"]:
        _clear_default(tx, account)
    return TAXES.create(tx, account, values)


def update(tx: Tx, account: Account, tax_id: int, changes: Mapping[str, Any], version: int | None) -> Tax:
    """Changes what ``changes`` name. Issued bills keep the rate that they were issued with."""
    if changes.get("is_default"):
        _clear_default(tx, account)
    tax = TAXES.update(tx, account, tax_id, changes, version)
    rules.check(tax.content)
    return tax


def _clear_default(tx: Tx, account: Account) -> None:
    """Leaves the account without a default tax, until this transaction ends."""
    tx.row(LOCK, int, account=account.id)
    tx.write(CLEAR_DEFAULT, account=account.id)
