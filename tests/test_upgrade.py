"""A database that an older version filled answers after the upgrade what it answered before.

``data/older.sql`` is all that ``business.do_business`` wrote by the program of the schema 0005 at noon on 2 March 2026,
``data/older.json`` what that program then answered. Neither is to be made anew: they are what customers have.
"""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallystick.accounts import store as accounts
from tallystick.accounts.types import Scope
from tallystick.store import ids
from tallystick.store.db import Database, Tx
from tallystick.store.migrate import migrate
from tallystick.store.upgrade import upgrade
from tests.api import Api
from tests.bills import pay
from tests.clock import Clock

pytestmark = pytest.mark.slow

DATA = Path(__file__).parent / "data"
OLDER = "0005"
FILLED_AT = "2026-03-02T12:00:00+00:00"
ANSWERS: dict[str, Any] = json.loads((DATA / "older.json").read_text(), parse_float=Decimal)
# What its customer paid of its invoices: the older program also counted a payment that was reversed.
ANSWERS["/customers/1"]["summary"]["USD"]["total_paid"] = Decimal(305)
BYTES = re.compile(r"X'([0-9a-f]*)'")


@pytest.fixture
def upgraded(empty_database_url: str) -> Iterator[Api]:
    """The API of today over the older database, as its account."""
    with closing(Database(empty_database_url, clock=Clock(FILLED_AT))) as database:
        with database.migration() as tx:
            upgrade(tx.connection, OLDER)
        with database.transaction("tests") as tx:
            _fill(tx)
        migrate(database)
        with database.transaction("tests") as tx:
            ids.keep_last_ids(tx, {})
            account = accounts.get(tx, 1)
        api = Api(database)
        api.account = account
        api.key = api.new_key(Scope.ADMIN)
        yield api


def _fill(tx: Tx) -> None:
    statements = (DATA / "older.sql").read_text()
    if tx.is_postgresql:
        statements = BYTES.sub(r"'\\x\1'", statements)
    for statement in statements.removesuffix(";\n").split(";\n"):
        tx.connection.exec_driver_sql(statement)


def _told(answer: Any, like: Any) -> Any:
    """Of an answer, the fields that the older program's had: newer versions may add some."""
    if isinstance(like, dict):
        return {name: _told(answer[name], value) for name, value in like.items()}
    if isinstance(like, list):
        return [_told(each, value) for each, value in zip(answer, like, strict=True)]
    return answer


def test_an_upgraded_database_verifies(upgraded: Api) -> None:
    assert upgraded.differences() == []


def test_an_upgraded_database_answers_as_before(upgraded: Api, subtests: pytest.Subtests) -> None:
    for path, before in ANSWERS.items():
        with subtests.test(path):
            answer = upgraded.data(upgraded.get(path, params={"limit": 100} if isinstance(before, list) else {}))
            assert _told(answer, before) == before


def test_business_goes_on_after_the_upgrade(upgraded: Api) -> None:
    in_yen, draft = upgraded.data(upgraded.get("/invoices/12")), upgraded.data(upgraded.get("/invoices/13"))
    assert upgraded.data(pay(upgraded, in_yen, 234))["id"] == len(ANSWERS["/payments"]) + 1
    assert upgraded.data(upgraded.get("/invoices/12"))["status"] == "paid"
    published = upgraded.data(upgraded.post(f"/invoices/{draft['id']}/publish"))
    assert published["total"] == draft["total"]
    assert upgraded.differences() == []
