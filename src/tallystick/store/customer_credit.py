"""The customers' credit balances: money that they have paid or been credited beyond what they owed."""

from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from tallystick.core.account import Account
from tallystick.core.errors import Conflict
from tallystick.core.money import MAX_MINOR
from tallystick.store.db import Tx
from tallystick.store.tables import customer_credits

_KEY = (customer_credits.c.account_id, customer_credits.c.customer_id, customer_credits.c.currency)
_NEW: dict[str, Any] = {
    "account_id": bindparam("account"),
    "customer_id": bindparam("customer"),
    "currency": bindparam("in_currency"),
    "amount": bindparam("more"),
}
_RAISED = {"amount": customer_credits.c.amount + bindparam("more")}
_FITS = customer_credits.c.amount <= MAX_MINOR - bindparam("more", type_=BigInteger)
ADD_ON_SQLITE = (
    sqlite_insert(customer_credits)
    .values(_NEW)
    .on_conflict_do_update(index_elements=_KEY, set_=_RAISED, where=_FITS)
    .returning(customer_credits.c.amount)
)
ADD_ON_POSTGRESQL = (
    postgresql_insert(customer_credits)
    .values(_NEW)
    .on_conflict_do_update(index_elements=_KEY, set_=_RAISED, where=_FITS)
    .returning(customer_credits.c.amount)
)
_OWN = (
    customer_credits.c.account_id == bindparam("account"),
    customer_credits.c.customer_id == bindparam("customer"),
    customer_credits.c.currency == bindparam("in_currency"),
)
AMOUNT_LOCKED: Select[Any] = select(customer_credits.c.amount).where(*_OWN).with_for_update()
# Takes from a credit, where it is enough.
SPEND = (
    update(customer_credits)
    .where(*_OWN, customer_credits.c.amount >= bindparam("less"))
    .values(amount=customer_credits.c.amount - bindparam("less"))
)


def add(tx: Tx, account: Account, customer_id: int, currency: str, amount: int) -> None:
    """Raises a customer's credit by ``amount`` minor units. Raises Conflict where it would be above ``MAX_MINOR``."""
    statement = ADD_ON_POSTGRESQL if tx.is_postgresql else ADD_ON_SQLITE
    raised = tx.row(statement, int, account=account.id, customer=customer_id, in_currency=currency, more=amount)
    if raised is None:
        raise Conflict("The customer's credit would be larger than an amount can be. Spend some of it first.")


def spend(tx: Tx, account: Account, customer_id: int, currency: str, amount: int) -> bool:
    """Lowers a customer's credit by ``amount`` minor units; False, and nothing done, where it is not enough."""
    return bool(tx.write(SPEND, account=account.id, customer=customer_id, in_currency=currency, less=amount))


def amount_locked(tx: Tx, account: Account, customer_id: int, currency: str) -> int:
    """A customer's credit in minor units, which nobody else spends before this transaction ends."""
    return tx.row(AMOUNT_LOCKED, int, account=account.id, customer=customer_id, in_currency=currency) or 0
