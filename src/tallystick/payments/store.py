"""The SQL of payments."""

from collections.abc import Mapping
from typing import Any

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import payment_allocations, payments

INSERT = payments.insert().returning(payments.c.id)
ALLOCATE = payment_allocations.insert()


def insert(tx: Tx, account: Account, values: Mapping[str, Any]) -> int:
    """Writes a payment and answers its id."""
    payment_id: int = tx.execute(INSERT, {**values, "account_id": account.id, "created_at": tx.now}).scalar_one()
    return payment_id


def allocate(tx: Tx, account: Account, payment_id: int, invoice_id: int, amount: int) -> None:
    """Records that ``amount`` (minor units) of a payment settles an invoice."""
    tx.execute(
        ALLOCATE,
        {"account_id": account.id, "payment_id": payment_id, "invoice_id": invoice_id, "amount": amount},
    )
