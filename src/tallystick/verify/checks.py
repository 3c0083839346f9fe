"""The one list of checks, and the walk through them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from sqlalchemy import Select, Table, bindparam, func, select

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.verify import (
    bills,
    chain,
    credited,
    deliveries,
    facts,
    figures,
    postings,
    records,
    references,
    search_index,
    searched,
    sequences,
    sums,
    told,
    usage,
)
from tallystick.verify.types import Check, Difference

CHECKS: tuple[Check, ...] = (
    *map(bills.check_of, bills.KINDS),
    *map(sequences.check_of, bills.KINDS),
    chain.CHECK,
    *records.CHECKS,
    postings.CHECK,
    *sums.CHECKS,
    credited.CHECK,
    facts.CHECK,
    *told.CHECKS,
    *references.CHECKS,
    *searched.CHECKS,
    figures.CHECK,
    deliveries.CHECK,
    usage.CHECK,
)

Watch = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows the progress of a check, given its title and its number of rows: a block that is told of rows done."""


def differences(tx: Tx, accounts: Iterable[Account], watch: Watch) -> Iterator[Difference]:
    """Everything in these accounts that is not as it should be, in one snapshot and in constant memory."""
    for account in accounts:
        counted = {table: _rows(tx, account, table) for table in {check.table for check in CHECKS}}
        for check in CHECKS:
            with watch(check.title, counted[check.table]) as advance:
                yield from check.run(tx, account, advance)
    yield from search_index.differences(tx)


def counted_bills(tx: Tx, accounts: Iterable[Account]) -> int:
    """How many bills these accounts have."""
    return sum(_rows(tx, account, kind.bills) for account in accounts for kind in bills.KINDS)


def _rows(tx: Tx, account: Account, table: Table) -> int:
    return tx.one(_count_of(table), int, account=account.id)


@cache
def _count_of(table: Table) -> Select[Any]:
    return select(func.count()).select_from(table).where(table.c.account_id == bindparam("account"))
