"""The sums that statistics are made of follow every change, whoever makes it, and the worker adds them up."""

from typing import Any

import pytest
from sqlalchemy import func, select

from tallystick.invoices import ops
from tallystick.store import figures
from tallystick.store.db import Tx
from tallystick.store.tables import figure_changes
from tallystick.worker import Worker
from tests.api import Api
from tests.bills import an_invoice, pay
from tests.business import do_business

pytestmark = pytest.mark.slow

LARGE = 2**53 - 1


def stats(api: Api) -> Any:
    return api.data(api.get("/stats"))


def changes(api: Api) -> int:
    with api.database.read() as tx:
        of_account = figure_changes.c.account_id == api.account.id
        return tx.one(select(func.count()).select_from(figure_changes).where(of_account), int)


def test_statistics_are_the_same_before_and_after_the_changes_are_added_up(api: Api) -> None:
    do_business(api)
    before = stats(api)
    for _ in range(2):
        assert changes(api) > 0
        assert Worker(api.database).work()
        assert (changes(api), stats(api) | {"seal_head": None}) == (0, before | {"seal_head": None})
        assert api.differences() == []
        pay(api, an_invoice(api, 10), 4)
        before = stats(api)


def test_a_purge_takes_nothing_away_twice(api: Api) -> None:
    customer = api.data(api.post("/customers", {"name": "Ann"}))["id"]
    draft = api.data(api.post("/invoices", {"customer_id": customer, "items": [{"description": "A", "unit_price": 1}]}))
    api.data(api.delete(f"/invoices/{draft['id']}"))
    assert stats(api)["invoices"]["draft"] == 0
    api.database.transact("tests", lambda tx: ops.purge(tx, api.account, draft["id"]))
    assert stats(api)["invoices"]["draft"] == 0
    assert api.differences() == []


def test_a_write_that_fails_adds_nothing(api: Api) -> None:
    an_invoice(api, 10)
    before = changes(api)

    def fail(tx: Tx) -> None:
        ops.publish(tx, api.account, ops.duplicate(tx, api.account, 1).row.id)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        api.database.transact("tests", fail)
    assert changes(api) == before


def test_what_changes_no_figure_adds_nothing(api: Api) -> None:
    an_invoice(api, 10)
    before = changes(api)
    api.data(api.put("/invoices/1", {"metadata": {"a": "b"}}))
    api.data(api.post("/invoices/1/share/rotate"))
    assert changes(api) == before


def test_sums_beyond_64_bits_stay_unadded_and_are_refused(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    api.data(api.post("/invoices", {"customer_id": 1, "items": [{"description": "A", "unit_price": LARGE // 100}]}))
    with api.database.transaction("tests") as tx:
        more = select(*figure_changes.c).where(figure_changes.c.account_id == api.account.id)
        for _ in range(11):
            tx.connection.execute(figure_changes.insert().from_select([*figure_changes.c.keys()], more))
    before = changes(api)
    assert Worker(api.database).work()
    assert changes(api) == before
    assert api.get("/stats").status_code == 422
    with api.database.transaction("tests") as tx:
        tx.connection.execute(figures.FORGET, {"account": api.account.id})
    api.database.transact("tests", lambda tx: ops.delete(tx, api.account, 1))
    with api.database.transaction("tests") as tx:
        tx.connection.execute(figures.FORGET, {"account": api.account.id})
