"""By what PostgreSQL looks numbers up, before it has counted any."""

import pytest
from psycopg import RawCursor
from sqlalchemy import text

from tests.api import Api
from tests.bills import a_customer, a_draft
from tests.listening import listening

DRAFTS = 40


@pytest.mark.database("postgresql")
def test_the_first_numbers_are_looked_up_by_themselves_and_not_among_all(api: Api) -> None:
    customer = a_customer(api)
    ids = [a_draft(api, 1, customer_id=customer)["id"] for _ in range(DRAFTS)]
    api.database.transact("tests", lambda tx: tx.connection.execute(text("ANALYZE invoices")))
    api.post("/invoices/batch", {"action": "publish", "ids": ids[1:]})
    with listening() as statements:
        api.data(api.post(f"/invoices/{ids[0]}/publish"))
    sql, parameters = next((sql, parameters) for sql, parameters in statements if "RECURSIVE counted" in sql)
    with api.database.read() as tx:
        tx.connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = RawCursor(tx.driver).execute(f"EXPLAIN {sql}", parameters).fetchall()
    assert [line.split(" on ")[0].split()[-1] for (line,) in plan if "using" in line] == ["uq_invoices_number_key"]
