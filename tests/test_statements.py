"""Every statement names its account, which is what a cluster of databases routes by (see ``store/tables.py``).

Whatever the whole suite has the program run is looked at by ``tests/accounted.py``; here are the statements that stand
ready, run or not.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

import pytest
from sqlalchemy import CompoundSelect, Delete, Insert, Select, Update, bindparam, select

import tallystick
from tallystick.store.tables import accounts, api_keys, customers, invoices, metadata, payments
from tallystick.worker import Worker
from tests.accounted import LOOKS, Unaccounted, fills_account, is_look, unnamed, watched
from tests.api import Api
from tests.business import do_business

pytestmark = pytest.mark.slow

STATEMENTS = (Select, CompoundSelect, Insert, Update, Delete)
NOT_IMPORTED = (".migrations", "__main__")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (select(invoices.c.id), {"invoices"}),
        (select(invoices.c.id).where(invoices.c.account_id == 1), set()),
        (select(invoices.c.id).where(invoices.c.account_id > 1), {"invoices"}),
        (select(invoices.c.id, payments.c.id).where(invoices.c.account_id == 1), {"payments"}),
        (
            select(invoices.c.id).where(invoices.c.id.in_(select(payments.c.id))).where(invoices.c.account_id == 1),
            {"payments"},
        ),
        (select(invoices.alias("twin").c.id), {"twin"}),
        (invoices.update().values(version=2), {"invoices"}),
        (invoices.delete().where(invoices.c.account_id == 1), set()),
        (invoices.insert(), set()),
        (select(invoices.c.id).where(invoices.c.account_id == payments.c.account_id), {"invoices", "payments"}),
        (
            select(invoices.c.id).where(invoices.c.account_id == payments.c.account_id, payments.c.account_id == 1),
            set(),
        ),
        (select(api_keys.c.id).where(api_keys.c.account_id == accounts.c.id), {"api_keys"}),
        (select(api_keys.c.id).where(api_keys.c.secret_hash == b""), {"api_keys"}),
        (select(customers.insert().values(name="x").returning(customers.c.id).cte().c.id), {"customers"}),
        (select(customers.insert().values(account_id=1).returning(customers.c.id).cte().c.id), set()),
    ],
)
def test_the_test_sees_a_statement_that_names_no_account(statement: Any, expected: set[str]) -> None:
    assert unnamed(statement) == expected


@pytest.mark.parametrize(
    ("statement", "names", "expected"),
    [
        (customers.insert(), ["name"], False),
        (customers.insert(), ["name", "account_id"], True),
        (customers.insert().values(account_id=bindparam("account")), ["name"], True),
        (customers.insert().from_select(["name"], select(customers.c.name)), [], False),
        (customers.insert().from_select(["account_id", "name"], select(customers.c.id, customers.c.name)), [], True),
        (accounts.insert(), ["name"], True),
    ],
)
def test_the_test_sees_a_row_that_gets_no_account(statement: Insert, names: list[str], *, expected: bool) -> None:
    assert fills_account(statement, names) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT accounts.id, accounts.name FROM accounts WHERE EXISTS (SELECT * FROM invoices) ORDER BY x", False),
        ("SELECT coalesce(max(invoices.id), ?) AS coalesce_1 \nFROM invoices", True),
        ("SELECT coalesce(max(invoices.total), ?) AS coalesce_1 \nFROM invoices", False),
        ("SELECT invoices.id FROM invoices", False),
    ],
)
def test_a_look_at_all_accounts_is_one_of_a_few(text: str, *, expected: bool) -> None:
    assert is_look(text) is expected


def standing() -> Iterator[tuple[str, Any]]:
    """The statements that modules, their values and what their functions enclose hold ready, by where they stand."""
    seen: set[int] = set()
    for module in pkgutil.walk_packages(tallystick.__path__, "tallystick."):
        if not any(each in module.name for each in NOT_IMPORTED):
            for name, value in vars(importlib.import_module(module.name)).items():
                yield from _held(f"{module.name}.{name}", value, seen)


def _held(place: str, value: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, STATEMENTS):
        yield place, value
    for name, part in _parts(value):
        yield from _held(f"{place}.{name}", part, seen)


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    match value:
        case Mapping():
            # A statement may be a key, and not every one can be printed.
            yield from ((key if isinstance(key, str) else type(key).__name__, part) for key, part in value.items())
        case tuple() | list() | set() | frozenset():
            yield from enumerate(value)
        case FunctionType():
            yield from enumerate(cell.cell_contents for cell in value.__closure__ or ())
        case _ if type(value).__module__.startswith("tallystick.") and hasattr(value, "__dict__"):
            yield from vars(value).items()


def test_every_statement_that_stands_ready_names_its_account() -> None:
    found = dict(standing())
    assert len(found) > 100
    assert {place: tables for place, statement in found.items() if (tables := unnamed(statement))} == {}


def test_a_statement_that_names_no_account_fails_the_test_that_runs_it(api: Api) -> None:
    with watched() as watch, api.database.read() as tx:
        tx.rows(select(invoices.c.id), int)
        with pytest.raises(Unaccounted, match=r"SELECT invoices\.id"):
            watch.check()
        watch.check()


def test_the_worker_looks_for_accounts_with_work_and_names_them_from_then_on(api: Api) -> None:
    do_business(api)
    with watched() as watch:
        assert Worker(api.database).work()
    watch.check()
    assert len(watch.looks) == (10 if api.database.is_sqlite else 8)
    assert len(watch.seen) > len(watch.looks)


def test_each_look_at_all_accounts_has_its_reason() -> None:
    assert all(reason.endswith(".") for reason in LOOKS)


def test_every_table_but_the_accounts_has_an_account() -> None:
    assert {name for name, table in metadata.tables.items() if "account_id" not in table.c} == {"accounts"}
