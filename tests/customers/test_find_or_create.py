"""Customers found by their e-mail address, or made: each one once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text

from tallystick.accounts import store as accounts
from tallystick.customers import ops
from tallystick.customers.types import Customer
from tallystick.store.db import Database
from tallystick.store.migrate import migrate
from tallystick.store.upgrade import upgrade
from tests.api import Api
from tests.bills import a_customer
from tests.test_migrations import OLDER_ACCOUNT

THREADS = 8


def found(api: Api, name: str, email: str | None = None, **fields: Any) -> Customer:
    values = {"name": name, "email": email, **fields}
    return api.database.transact("tests", lambda tx: ops.find_or_create(tx, api.account, values))


def count(api: Api) -> int:
    total: int = api.get("/customers").json()["pagination"]["total"]
    return total


def test_one_that_is_not_there_is_made_and_found_from_then_on(api: Api) -> None:
    made = found(api, "Ann", "ann@example.com", city="Leeds")
    assert (made.buyer.name, made.buyer.email, made.buyer.city, made.version) == ("Ann", "ann@example.com", "Leeds", 1)
    assert found(api, "Ann", "ann@example.com").id == made.id
    assert api.data(api.get(f"/customers/{made.id}"))["city"] == "Leeds"


def test_one_that_is_found_is_never_changed(api: Api) -> None:
    made = found(api, "Ann", "ann@example.com", city="Leeds")
    assert found(api, "Anna Example", "ANN@example.com", city="York", country="GB") == made


@pytest.mark.parametrize(
    ("email", "other", "same"),
    [
        ("ann@example.com", "Ann@Example.COM", True),
        ("änne@example.com", "ÄNNE@example.com", True),
        ("strasse@example.com", "STRAßE@example.com", True),
        ("ann@example.com", "ann@example.org", False),
        ("a_n@example.com", "ann@example.com", False),
    ],
)
def test_addresses_are_compared_without_regard_to_case(api: Api, email: str, other: str, same: bool) -> None:
    assert (found(api, "Ann", email).id == found(api, "Ann", other).id) is same


def test_without_an_address_it_is_the_one_of_just_this_name_that_has_none(api: Api) -> None:
    with_address = a_customer(api, name="Ann", email="ann@example.com")
    made = found(api, "Ann")
    assert made.id != with_address
    assert found(api, "Ann").id == made.id
    assert len({made.id, found(api, "ann").id, found(api, "Ann ").id}) == 3


def test_of_several_it_is_the_oldest(api: Api) -> None:
    first, _second = (a_customer(api, email="office@example.com") for _ in range(2))
    assert found(api, "Ben", "office@example.com").id == first


def test_an_address_that_changed_is_found_and_the_old_one_is_not(api: Api) -> None:
    made = found(api, "Ann", "ann@example.com")
    api.data(api.put(f"/customers/{made.id}", {"email": "Ann@Example.net"}))
    assert found(api, "Ann", "ann@example.net").id == made.id
    assert found(api, "Ann", "ann@example.com").id != made.id
    api.data(api.put(f"/customers/{made.id}", {"email": None}))
    assert found(api, "Ann").id == made.id


def test_another_accounts_is_not_found(api: Api) -> None:
    other = Api(api.database)
    assert found(api, "Ann", "ann@example.com").id != found(other, "Ann", "ann@example.com").id


@pytest.mark.parametrize("email", ["ann@example.com", None])
def test_of_parallel_requests_one_makes_it(api: Api, email: str | None) -> None:
    for number in range(5):
        name, address = f"Ann {number}", email and f"{number}.{email}"
        with ThreadPoolExecutor(THREADS) as pool:
            customers = list(pool.map(lambda _: found(api, name, address), range(THREADS)))  # noqa: B023
        assert len({customer.id for customer in customers}) == 1
        assert count(api) == number + 1


@pytest.mark.slow
def test_what_an_older_version_has_is_found(empty_database_url: str) -> None:
    with closing(Database(empty_database_url)) as database:
        with database.migration() as tx:
            upgrade(tx.connection, "0015")
        with database.transaction("tests") as tx:
            tx.connection.execute(text(OLDER_ACCOUNT))
            for row_id, email in ((1, "'ÄNNE@Example.com'"), (2, "NULL")):
                tx.connection.execute(
                    text(
                        "INSERT INTO customers (id, account_id, name, email, version, created_at, updated_at)"
                        f" VALUES ({row_id}, 1, 'Ann', {email}, 1, '2026-01-01', '2026-01-01')"
                    )
                )
        migrate(database)
        api = Api(database)
        api.account = database.transact("tests", lambda tx: accounts.get(tx, 1))
        assert [found(api, "Ann", "änne@example.com").id, found(api, "Ann").id] == [1, 2]
