"""What several commands share."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from tallystick import config
from tallystick.accounts import store
from tallystick.core.account import Account
from tallystick.opening import check_seal_key, existing
from tallystick.store.db import Tx

T = TypeVar("T")
ACTOR = "command line"
AccountId = Annotated[int, typer.Option("--account", help="The id of the account.")]
OneOrAll = Annotated[int | None, typer.Option("--account", help="The id of one account; all without it.")]


def in_database(work: Callable[[Tx], T]) -> T:
    """Does the work in a transaction over the database of the settings."""
    with existing(config.from_environment()) as database:
        check_seal_key(database)
        return database.transact(ACTOR, work)


def in_account(account_id: int, work: Callable[[Tx, Any], T]) -> T:
    """As ``in_database``, for one account. Raises NotFound."""
    return in_database(lambda tx: work(tx, store.get(tx, account_id)))


def owners(tx: Tx, account: int | None) -> list[Account]:
    """One account, or all of them. Raises NotFound."""
    return store.every(tx) if account is None else [store.get(tx, account)]
