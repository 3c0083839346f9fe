"""Transactions: what is committed, what is seen, and what is done again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tallystick.accounts import ops, store
from tallystick.store import counters
from tallystick.store.db import TRANSACTION_ATTEMPTS, Database, TryAgain, Tx
from tallystick.store.tables import customers
from tests.api import Api


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


def names(database: Database) -> list[str]:
    with database.read() as tx:
        return [account.seller.name for account in store.every(tx)]


def then_fail(_done: object) -> None:
    raise InterruptedError


def test_a_block_that_ends_commits_and_one_that_raises_does_not(database: Database) -> None:
    with database.transaction("tests") as tx:
        ops.create(tx, "Kept")
    with pytest.raises(InterruptedError):
        database.transact("tests", lambda tx: then_fail(ops.create(tx, "Lost")))
    assert names(database) == ["Kept"]


def test_a_read_sees_one_snapshot(database: Database) -> None:
    with database.read() as tx:
        assert store.every(tx) == []
        with database.transaction("tests") as writer:
            ops.create(writer, "Meanwhile")
        assert store.every(tx) == []
    assert names(database) == ["Meanwhile"]


@pytest.mark.database("sqlite")
def test_sqlite_is_safe_against_a_loss_of_power(database: Database) -> None:
    with database.transaction("tests") as tx:
        pragmas = {
            name: tx.connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")
        }
        assert tx.connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}


@pytest.mark.database("postgresql")
def test_a_read_cannot_write_on_postgresql(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"), database.read() as tx:
        ops.create(tx, "Never")


def test_the_same_work_is_done_again_a_few_times(database: Database) -> None:
    attempts: list[object] = []

    def work(tx: Tx) -> str:
        attempts.append(ops.create(tx, f"Attempt {len(attempts)}"))
        if len(attempts) < TRANSACTION_ATTEMPTS:
            raise TryAgain
        return "done"

    assert database.transact("tests", work) == "done"
    assert names(database) == [f"Attempt {TRANSACTION_ATTEMPTS - 1}"]


def test_work_that_never_succeeds_is_given_up(database: Database) -> None:
    attempts: list[object] = []

    def work(_tx: Tx) -> None:
        attempts.append(1)
        raise TryAgain

    with pytest.raises(TryAgain):
        database.transact("tests", work)
    assert len(attempts) == TRANSACTION_ATTEMPTS


def test_another_error_is_not_tried_again(database: Database) -> None:
    attempts: list[object] = []

    def work(tx: Tx) -> None:
        attempts.append(1)
        tx.connection.execute(text("SELECT nonsense"))

    with pytest.raises(DBAPIError, match="nonsense"):
        database.transact("tests", work)
    assert len(attempts) == 1


@pytest.mark.database("postgresql")
def test_a_deadlock_is_broken_and_its_victim_tries_again(api: Api) -> None:
    for name in ("a", "b"):
        api.post("/customers", {"name": name})
    both_hold_one = Barrier(2)
    attempts: list[tuple[int, int]] = []

    def work(ids: tuple[int, int]) -> None:
        def lock_both(tx: Tx) -> None:
            attempts.append(ids)
            for index, customer_id in enumerate(ids):
                tx.connection.execute(customers.update().where(customers.c.id == customer_id).values(notes=str(ids)))
                if index == 0 and len(attempts) <= 2:
                    both_hold_one.wait(timeout=10)

        api.database.transact("tests", lock_both)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, [(1, 2), (2, 1)]))
    # Of the deadlock a victim, or on a busy machine both, tried again.
    assert len(attempts) in (3, 4)


def test_a_sequence_gives_each_value_once(api: Api) -> None:
    def take(_n: int) -> int:
        return api.database.transact("tests", lambda tx: counters.take(tx, api.account, "test", ""))

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(take, range(40))) == list(range(1, 41))


def test_a_sequence_gives_several_values_at_once_and_takes_back_what_is_rolled_back(api: Api) -> None:
    account = api.account
    with api.database.transaction("tests") as tx:
        assert counters.peek(tx, account, "test", "2026") == 1
        assert counters.take(tx, account, "test", "2026", count=5) == 1
        assert counters.peek(tx, account, "test", "2026") == 6
        assert counters.take(tx, account, "test", "2027") == 1
    with pytest.raises(InterruptedError):
        api.database.transact("tests", lambda tx: then_fail(counters.take(tx, account, "test", "2026")))
    with api.database.transaction("tests") as tx:
        assert counters.take(tx, account, "test", "2026") == 6
