"""By what a number is looked up: by itself, and never among all that there are."""

from psycopg import RawCursor
from sqlalchemy import text

from tallystick.store.db import Tx
from tests.api import Api
from tests.bills import a_customer, a_draft
from tests.listening import listening

DRAFTS = 40


def test_a_number_is_looked_up_by_itself_from_the_first_on(api: Api) -> None:
    """PostgreSQL has counted no numbers yet."""
    customer = a_customer(api)
    ids = [a_draft(api, 1, customer_id=customer)["id"] for _ in range(DRAFTS)]
    api.database.transact("tests", lambda tx: tx.connection.execute(text("ANALYZE invoices")))
    api.post("/invoices/batch", {"action": "publish", "ids": ids[1:]})
    with listening() as statements:
        api.data(api.post(f"/invoices/{ids[0]}/publish"))
    sql, parameters = next((sql, parameters) for sql, parameters in statements if "counted.place" in sql)
    with api.database.read() as tx:
        plan = plan_of(tx, sql, parameters)
    assert [word for word in plan.split() if word.startswith(("uq_", "ix_"))] == ["uq_invoices_number_key"]


def plan_of(tx: Tx, sql: str, parameters: tuple[object, ...]) -> str:
    if tx.is_postgresql:
        tx.connection.execute(text("SET LOCAL enable_seqscan = off"))
        return "\n".join(line for (line,) in RawCursor(tx.driver).execute(f"EXPLAIN {sql}", parameters).fetchall())
    rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
    return "\n".join(row.detail for row in rows)
