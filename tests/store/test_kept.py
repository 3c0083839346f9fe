"""What a bill keeps as JSON is typed in the program, and lies in the database as it always has."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from tallystick.core.party import Party
from tallystick.core.totals import TaxTotal
from tallystick.invoices import store
from tallystick.invoices.types import Invoice
from tallystick.store import kept
from tests.api import Api
from tests.bills import a_draft, an_invoice

SELLER = (
    '{"name":"Example Ltd","email":null,"address":null,"address_line1":null,"address_line2":null,"city":null,'
    '"state":null,"postal_code":null,"country":"DE","tax_id":null,"iban":"DE00","bic":null,"language":null}'
)
BUYER = (
    '{"id":1,"name":"Ann Example","email":null,"phone":null,"address":null,"address_line1":null,"address_line2":null,'
    '"city":null,"state":null,"postal_code":null,"country":null,"tax_id":null,"language":null}'
)


def stored(api: Api, column: str) -> Any:
    with api.database.read() as tx:
        return tx.connection.execute(text(f"SELECT CAST({column} AS TEXT) FROM invoices")).scalar_one()


def read(api: Api) -> Invoice:
    with api.database.read() as tx:
        return store.get(tx, api.account, 1)


@pytest.fixture
def issued(api: Api) -> Api:
    api.data(api.put("/settings", {"name": "Example Ltd", "country": "DE", "iban": "DE00"}))
    an_invoice(api, items=[{"description": "Work", "unit_price": 100, "tax_rate": "7.50"}])
    return api


def test_every_field_of_a_party_is_kept() -> None:
    for kind, keys in kept.KEYS.items():
        assert sorted((*keys, *kept.ADDED[kind])) == sorted(kind.__struct_fields__), kind


def test_an_issued_bill_keeps_its_parties_and_its_taxes_in_the_form_of_the_first_versions(issued: Api) -> None:
    columns = [stored(issued, name) for name in ("seller", "customer", "taxes")]
    as_psycopg_writes = [json.dumps(json.loads(column), separators=(",", ":")) for column in columns]
    assert as_psycopg_writes == [SELLER, BUYER, '[["7.50","S",null,10000,750]]']


def test_they_are_read_as_what_they_are(issued: Api) -> None:
    row = read(issued).row
    assert (row.seller and row.seller.iban, row.customer and row.customer.name) == ("DE00", "Ann Example")
    assert row.taxes == (TaxTotal(Decimal("7.50"), "S", None, 10000, 750),)


def test_a_draft_keeps_no_parties_and_shows_its_customer(api: Api) -> None:
    a_draft(api, 100)
    draft = read(api)
    assert (draft.row.customer, draft.row.seller) == (None, None)
    assert (draft.customer.id, draft.customer.name) == (1, "Ann Example")


def test_a_copy_that_was_made_before_a_field_does_not_have_it(issued: Api) -> None:
    with issued.database.transaction("tests") as tx:
        tx.connection.execute(text("""UPDATE invoices SET customer = '{"id": 1, "name": "Ann Example"}'"""))
    party: Party = read(issued).customer
    assert (party.name, party.email) == ("Ann Example", None)
