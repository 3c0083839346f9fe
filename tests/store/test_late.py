"""What a transaction on PostgreSQL is told late: when it is sent, and what becomes of a refusal."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.store.db import Tx
from tallystick.store.tables import events, taxes
from tallystick.store.tx import AS_IT_IS, Objections
from tests.api import Api, opened
from tests.stories.test_query_counts import counted

pytestmark = pytest.mark.database("postgresql")

INSERT = taxes.insert()
OWN = taxes.c.account_id == bindparam("account")
CHANGE = update(taxes).where(OWN, taxes.c.id == bindparam("wanted"), taxes.c.version == bindparam("seen"))
NAMES = select(taxes.c.name).where(OWN).order_by(taxes.c.id)
LOCKED = NAMES.with_for_update()
TAKEN = Objections(lambda _error: Conflict("taken"), lambda: Conflict("lost"))
EVENT_COLUMNS = ("account_id", "at", "actor", "type", "subject_id")


def tell_of_a_tax(tx: Tx, name: str, *, is_default: bool = False) -> int:
    new = {"name": name, "rate": 0, "category": "Z", "is_default": is_default}
    return tx.tell_new(INSERT, TAKEN, account_id=1, created_at=tx.now, updated_at=tx.now, **new)


def tell_of_a_name(tx: Tx, name: str, *, seen: int = 1) -> None:
    tx.tell(CHANGE, TAKEN, account=1, wanted=1, seen=seen, name=name)


def add_an_event(tx: Tx, subject: int) -> None:
    tx.insert_many(events, EVENT_COLUMNS, [(1, tx.now, "tests", Event.TAX_CREATED, subject)])


def names(api: Api) -> list[str]:
    with api.database.read() as tx:
        return tx.rows(NAMES, str, account=1)


def subjects(api: Api) -> list[int]:
    with api.database.read() as tx:
        own = select(events.c.subject_id).where(events.c.account_id == 1, events.c.type == Event.TAX_CREATED)
        return tx.rows(own.order_by(events.c.id), int)


def fail() -> None:
    raise InterruptedError


def transact(api: Api, *works: Callable[[Tx], object]) -> None:
    """Does the works in one transaction."""
    api.database.transact("tests", lambda tx: [work(tx) for work in works])


def verbs(statements: list[str]) -> list[str]:
    return [statement.split()[0] for statement in statements]


def test_what_is_one_statement_is_its_own_transaction(api: Api) -> None:
    with counted() as statements, api.database.transaction("tests") as tx:
        made = tell_of_a_tax(tx, "VAT")
        for subject in (3, 1, 2):
            add_an_event(tx, subject)
    # The id, and the rest.
    assert verbs(statements) == ["SELECT", "WITH"]
    assert (made, names(api), subjects(api)) == (1, ["VAT"], [3, 1, 2])


def test_nothing_is_sent_where_the_block_raises(api: Api) -> None:
    with pytest.raises(InterruptedError), counted() as statements:
        transact(api, lambda tx: add_an_event(tx, 1), lambda _tx: fail())
    assert statements == []


def test_who_reads_a_table_sees_what_it_was_told_of(api: Api) -> None:
    with api.database.transaction("tests") as tx:
        tell_of_a_tax(tx, "VAT")
        assert tx.rows(NAMES, str, account=1) == ["VAT"]
        assert names(api) == []
    assert names(api) == ["VAT"]


def test_who_reads_another_table_needs_no_transaction(api: Api) -> None:
    with counted() as statements, api.database.transaction("tests") as tx:
        add_an_event(tx, 1)
        tx.rows(NAMES, str, account=1)
        assert verbs(statements) == ["SELECT"]
        tx.rows(LOCKED, str, account=1)
    assert verbs(statements) == ["SELECT", "BEGIN", "SELECT", "INSERT", "COMMIT"]


def test_a_row_is_changed_twice_in_order(api: Api) -> None:
    transact(api, lambda tx: tell_of_a_tax(tx, "VAT"))
    with api.database.transaction("tests") as tx:
        tell_of_a_name(tx, "GST")
        tell_of_a_name(tx, "MwSt")
    assert names(api) == ["MwSt"]


@pytest.mark.parametrize("also", [(), (lambda tx: add_an_event(tx, 1),)], ids=["alone", "with another row"])
def test_a_row_that_is_not_as_it_was_read_undoes_all(api: Api, also: tuple[Callable[[Tx], object], ...]) -> None:
    transact(api, lambda tx: tell_of_a_tax(tx, "VAT"))
    with pytest.raises(Conflict, match="lost"):
        transact(api, *also, lambda tx: tell_of_a_name(tx, "GST", seen=2))
    assert (names(api), subjects(api)) == (["VAT"], [])


def test_who_told_of_it_says_that_it_was_lost_whatever_was_told_after(api: Api) -> None:
    def tell_of_an_event(tx: Tx) -> None:
        told = dict(zip(EVENT_COLUMNS, (1, tx.now, "tests", Event.TAX_CREATED, 1), strict=True))
        tx.tell(events.insert(), AS_IT_IS, **told)

    transact(api, lambda tx: tell_of_a_tax(tx, "VAT"))
    with pytest.raises(Conflict, match="lost"):
        transact(api, lambda tx: tell_of_a_name(tx, "GST", seen=2), tell_of_an_event)
    assert (names(api), subjects(api)) == (["VAT"], [])


def test_what_the_database_refuses_is_told_in_our_words(api: Api) -> None:
    transact(api, lambda tx: tell_of_a_tax(tx, "VAT", is_default=True))
    with pytest.raises(Conflict, match="taken"):
        transact(api, lambda tx: add_an_event(tx, 1), lambda tx: tell_of_a_tax(tx, "GST", is_default=True))
    assert (names(api), subjects(api)) == (["VAT"], [])


def test_a_savepoint_ends_with_what_was_told_in_it(api: Api) -> None:
    transact(api, lambda tx: tell_of_a_tax(tx, "VAT", is_default=True))
    with api.database.transaction("tests") as tx:
        add_an_event(tx, 1)
        with pytest.raises(Conflict), tx.savepoint():
            tell_of_a_tax(tx, "GST", is_default=True)
        with suppress(InterruptedError), tx.savepoint():
            add_an_event(tx, 2)
            fail()
        with tx.savepoint():
            add_an_event(tx, 3)
    assert (names(api), subjects(api)) == (["VAT"], [1, 3])


def test_a_refusal_that_means_nothing_else_is_the_databases(api: Api) -> None:
    new = {"rate": 0, "category": "Z", "is_default": False}
    with pytest.raises(IntegrityError, match="name"):
        transact(api, lambda tx: tx.tell(INSERT, AS_IT_IS, account_id=1, created_at=tx.now, updated_at=tx.now, **new))


def test_of_two_processes_with_one_key_one_does_the_work(api: Api, database_url: str) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/invoices", {"customer_id": 1, "items": [{"description": "Work", "unit_price": 100}]})
    api.post("/invoices/1/publish")

    def pay(server: Api) -> tuple[int, Any, bool]:
        answer = server.post("/invoices/1/payments", {"amount": 60}, headers={"Idempotency-Key": "once"})
        return answer.status_code, answer.json(), "Idempotent-Replayed" in answer.headers

    with opened(database_url) as second, opened(database_url) as third, ThreadPoolExecutor(3) as threads:
        # Each knows what is in flight by itself alone.
        assert len({server.application for server in (api, second, third)}) == 3
        second.key = third.key = api.key
        answers = list(threads.map(pay, (api, second, third)))
    assert Counter(status for status, _body, _replayed in answers) == {201: 3}
    assert Counter(is_replayed for _status, _body, is_replayed in answers) == {False: 1, True: 2}
    assert all(body == answers[0][1] for _status, body, _replayed in answers)
    assert len(api.data(api.get("/invoices/1"))["payments"]) == 1
