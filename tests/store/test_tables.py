"""What every table must keep to, and what the database itself refuses."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Insert, Table, update
from sqlalchemy.exc import IntegrityError

from tallystick.accounts import ops as accounts
from tallystick.core.states import InvoiceState
from tallystick.store.db import Tx
from tallystick.store.tables import customers, invoices, metadata, products, taxes
from tests.api import Api

NOW = datetime(2026, 3, 31, tzinfo=UTC)
OF_ACCOUNTS = [table for table in metadata.sorted_tables if table.name != "accounts"]
WITH_ID = [table for table in OF_ACCOUNTS if "id" in table.c]


ISSUED_AT = datetime(2026, 3, 31, tzinfo=UTC)


def names(columns: Any) -> list[str]:
    return [column.name for column in columns]


def test_every_table_of_an_account_is_sharded_by_it() -> None:
    for table in OF_ACCOUNTS:
        assert not table.c.account_id.nullable, table.name
        for constraint in table.constraints | table.indexes:
            is_unique = getattr(constraint, "unique", False) or constraint.__class__.__name__ == "UniqueConstraint"
            if is_unique:
                assert names(constraint.columns)[0] == "account_id", constraint.name  # type: ignore[union-attr]
    for table in WITH_ID:
        unique = [names(found.columns) for found in table.constraints if hasattr(found, "columns")]
        assert ["account_id", "id"] in unique, table.name


def test_every_foreign_key_is_within_one_account() -> None:
    for table in OF_ACCOUNTS:
        for key in table.foreign_key_constraints:
            if key.referred_table.name != "accounts":
                assert names(key.columns)[0] == "account_id", key.name
                assert [element.column.name for element in key.elements] == ["account_id", "id"], key.name


def test_no_column_holds_a_float() -> None:
    kinds = {str(column.type).upper() for table in metadata.sorted_tables for column in table.columns}
    assert not kinds & {"FLOAT", "REAL", "DOUBLE", "DOUBLE PRECISION"}


def a_row(table: Table, account_id: int, **values: Any) -> Insert:
    stamps = {"created_at": NOW, "updated_at": NOW}
    defaults: dict[str, dict[str, Any]] = {
        "customers": {"name": "Ann"},
        "products": {"name": "Hour", "unit_price": 1, "is_active": True},
        "taxes": {"name": "VAT", "rate": 20, "category": "S", "is_default": False},
        "invoices": {
            "state": InvoiceState.DRAFT,
            "issue_date": date(2026, 3, 31),
            "due_date": date(2026, 4, 30),
            "currency": "EUR",
            "prices_include_tax": False,
            "rounding": "document",
            "rounding_mode": "half_up",
            "subtotal": 100,
            "discount": 0,
            "tax": 0,
            "total": 100,
            "taxes": [],
        },
    }
    return table.insert().values(**defaults[table.name], **stamps, account_id=account_id, **values)


def insert(api: Api, statement: Insert) -> None:
    api.database.transact("tests", lambda tx: tx.connection.execute(statement))


def test_the_database_refuses_another_accounts_rows(api: Api) -> None:
    def make(tx: Tx) -> tuple[int, int, int]:
        other = accounts.create(tx, "Other Ltd").id
        made = [tx.connection.execute(a_row(table, other)).inserted_primary_key for table in (customers, taxes)]
        return other, *(key[0] for key in made if key)

    other, customer_id, tax_id = api.database.transact("tests", make)
    for table, reference in ((invoices, {"customer_id": customer_id}), (products, {"tax_id": tax_id})):
        insert(api, a_row(table, other, **reference))
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
            insert(api, a_row(table, api.account.id, **reference))


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"paid": 101}, "never_overpaid"),
        ({"paid": 60, "credited": 41}, "never_overpaid"),
        ({"paid": -1}, "never_overpaid"),
        ({"state": InvoiceState.ISSUED, "issued_at": ISSUED_AT}, "issued_is_numbered"),
        ({"state": InvoiceState.ISSUED, "number": "INV-1"}, "issued_at_some_time"),
    ],
)
def test_the_database_refuses_an_impossible_invoice(api: Api, values: dict[str, Any], constraint: str) -> None:
    def attempt(tx: Tx) -> None:
        customer = tx.connection.execute(a_row(customers, api.account.id)).inserted_primary_key
        assert customer is not None
        tx.connection.execute(a_row(invoices, api.account.id, customer_id=customer[0]))
        tx.connection.execute(update(invoices).values(**values))

    with pytest.raises(IntegrityError, match=constraint):
        api.database.transact("tests", attempt)


def test_ids_are_never_used_again(api: Api) -> None:
    """A draft is shown by its id, so a later one must not take the name of a deleted one."""
    first = Api.data(api.post("/customers", {"name": "Ann"}))["id"]
    api.delete(f"/customers/{first}")
    assert Api.data(api.post("/customers", {"name": "Bob"}))["id"] == first + 1
