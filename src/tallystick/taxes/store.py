"""The SQL of taxes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from tallystick.core.account import Account
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.paging import Page, PageRequest, fetch
from tallystick.store.search import mentions
from tallystick.store.tables import accounts, taxes
from tallystick.taxes.types import Tax

SORTS = {"created_at": taxes.c.id}
IN_USE = "This tax is used by a product or a bill. Leave it, and make a new one for other rates."


def get(tx: Tx, account: Account, tax_id: int) -> Tax:
    """One tax, or NotFound."""
    return rows.get(tx, account, taxes, Tax, tax_id)


def page(tx: Tx, account: Account, request: PageRequest, search: str | None) -> Page[Tax]:
    """A page of the account's taxes; ``search`` looks in the name."""
    query = rows.selection(taxes, Tax, account)
    if search:
        query = query.where(mentions(search, taxes.c.name))
    return fetch(tx, query, request, sorts=SORTS, key=taxes.c.id, kind=Tax)


def insert(tx: Tx, account: Account, values: Mapping[str, Any]) -> Tax:
    """Writes a new tax."""
    return rows.insert(tx, account, taxes, Tax, values)


def change(tx: Tx, account: Account, tax_id: int, changes: Mapping[str, Any], version: int | None) -> Tax:
    """Changes a tax; bills that were issued with it keep their own copy."""
    return rows.update(tx, account, taxes, Tax, tax_id, changes, version=version)


def delete(tx: Tx, account: Account, tax_id: int) -> None:
    """Deletes a tax that nothing names; Conflict otherwise."""
    rows.delete(tx, account, taxes, tax_id, in_use=IN_USE)


def clear_default(tx: Tx, account: Account) -> None:
    """Leaves the account without a default tax, until this transaction ends."""
    # Without the lock, of two new defaults on PostgreSQL neither would see the other.
    tx.execute(select(accounts.c.id).where(accounts.c.id == account.id).with_for_update(key_share=True))
    tx.execute(update(taxes).where(taxes.c.account_id == account.id, taxes.c.is_default).values(is_default=False))
