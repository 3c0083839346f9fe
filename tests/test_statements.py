"""Every statement names its account, which is what a cluster of databases routes by (see ``store/tables.py``)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Alias, Column, Insert, Table, select
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import BinaryExpression, ClauseElement

from tallystick.store.db import Tx
from tallystick.store.prepared import Prepared
from tallystick.store.tables import accounts, api_keys, invoices, metadata, payments
from tallystick.worker import Worker
from tests.api import Api
from tests.bills import an_invoice, pay
from tests.business import do_business

# Where the worker looks for the accounts that have work for it: one look into an index for each account.
LOOKED_AT_FOR_ALL_ACCOUNTS = {"recurring_runs", "recurring", "events", "journal", "idempotency_keys"}

LISTS = (
    *(
        "/settings",
        "/api-keys",
        "/customers",
        "/products",
        "/taxes",
        "/quotations",
        "/invoices",
        "/invoices/trash/list",
    ),
    *("/payments", "/credit-notes", "/recurring-billing", "/stats", "/invoices?search=a&status=overdue"),
    *("/payments?search=a&external_id=a", "/customers?search=a&external_id=a", "/products?search=a&external_id=a"),
)


def sources(statement: Any) -> set[Any]:
    """The tables of an account that a statement reads or changes, and their aliases; what an INSERT fills is none."""
    filled = statement.table if isinstance(statement, Insert) else None
    found: set[Any] = {element for element in _elements(statement) if isinstance(element, Table | Alias)}
    aliased = {element.element for element in found if isinstance(element, Alias)}
    columns = {element.table for element in _elements(statement) if isinstance(element, Column)}
    used = {source for source in found | columns if source not in aliased or source in columns}
    if isinstance(statement, UpdateBase) and filled is None:
        used.add(statement.table)
    return {source for source in used if "account_id" in getattr(source, "c", {}) and source is not filled}


def with_account(statement: Any) -> set[Any]:
    """The tables whose account is given, or is that of another one whose account is given."""
    pairs = [
        (_account_of(element.left), _account_of(element.right))
        for element in _elements(statement)
        if isinstance(element, BinaryExpression) and element.operator is operators.eq
    ]
    named = {source for left, right in pairs if None in (left, right) for source in (left, right)} - {None}
    while more := {source for pair in pairs if named & set(pair) for source in pair} - named - {None}:
        named |= more
    return named


def _account_of(side: Any) -> Any:
    """The table whose account a column names, or None where it is no such column."""
    table = getattr(side, "table", None)
    names_it = table is not None and side.name == ("id" if table is accounts else "account_id")
    return table if names_it else None


def _elements(statement: Any) -> Iterator[ClauseElement]:
    return iter(visitors.iterate(statement))  # type: ignore[arg-type]


def unnamed(statement: Any) -> set[str]:
    """The tables of which the statement reads every account's rows."""
    return {str(source.name) for source in sources(statement) - with_account(statement)}


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
    ],
)
def test_the_test_sees_a_statement_that_names_no_account(statement: Any, expected: set[str]) -> None:
    assert unnamed(statement) == expected


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every statement that is run from now on, by its text."""
    noted: dict[str, Any] = {}
    for owner, name in ((Tx, "execute"), (Tx, "all"), (Prepared, "_form")):
        monkeypatch.setattr(owner, name, _noting(getattr(owner, name), noted))
    return noted


def _noting(run: Callable[..., Any], noted: dict[str, Any]) -> Callable[..., Any]:
    def run_and_note(self: Any, first: Any, *others: Any) -> Any:
        tx, statement = (first, self._statement) if isinstance(self, Prepared) else (self, first)
        noted.setdefault(str(statement.compile(dialect=tx.connection.dialect)), statement)
        return run(self, first, *others)

    return run_and_note


def test_every_statement_names_its_account(api: Api, seen: dict[str, Any]) -> None:
    do_business(api)
    for path in LISTS:
        api.data(api.get(path))
    shared = api.data(pay(api, an_invoice(api, 100), 50))["invoice"]
    api.data(api.get(f"/public/invoices/{shared['share_token']}"))
    assert api.differences() == []
    assert len(seen) > 100
    assert {text: found for text, statement in seen.items() if (found := unnamed(statement))} == {}


def test_the_worker_looks_for_accounts_with_work_and_names_them_from_then_on(api: Api, seen: dict[str, Any]) -> None:
    do_business(api)
    assert Worker(api.database).work()
    looks = {text: found for text, statement in seen.items() if (found := unnamed(statement))}
    assert set().union(*looks.values()) == LOOKED_AT_FOR_ALL_ACCOUNTS
    assert len(looks) == len(LOOKED_AT_FOR_ALL_ACCOUNTS)
    assert all("FROM accounts" in look and "EXISTS" in look for look in looks)


def test_every_table_but_the_accounts_has_an_account() -> None:
    assert {name for name, table in metadata.tables.items() if "account_id" not in table.c} == {"accounts"}
