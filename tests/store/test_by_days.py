"""What is dated in a range of past days comes in the order of its ids, merged of its days."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from tests.api import Api
from tests.bills import a_customer, a_draft
from tests.listening import listening

DAYS = (
    *("2026-01-03", "2026-01-01", "2026-01-05", "2026-01-03", "2026-01-02", "2026-01-09"),
    *("2026-01-01", "2026-01-02", "2026-01-04", "2026-01-03", "2026-01-02"),
)
BY_DAY = "ix_invoices_account_id_issue_date_id"
RANGES = (
    {"to": "2026-01-03"},
    {"from": "2026-01-02", "to": "2026-01-04"},
    {"to": "2026-01-09"},
    {"from": "2026-01-06", "to": "2026-01-08"},
    {"to": "2025-12-31"},
)


def fill(api: Api) -> dict[int, str]:
    """Drafts of these days and their ids, and one without a day, and one in the trash."""
    customer = a_customer(api)
    dated = {a_draft(api, 1, customer_id=customer, issue_date=day)["id"]: day for day in DAYS}
    a_draft(api, 1, customer_id=customer)
    trashed = a_draft(api, 1, customer_id=customer, issue_date=DAYS[0])
    api.data(api.delete(f"/invoices/{trashed['id']}"))
    return dated


def by_cursor(api: Api, **query: Any) -> Iterator[int]:
    after: str | None = ""
    while after is not None:
        reply = api.get("/invoices", params={"limit": 2, "after": after, **query}).json()
        yield from (row["id"] for row in reply["data"])
        after = reply["pagination"]["next"]


def by_number(api: Api, **query: Any) -> Iterator[int]:
    for page in range(1, 8):
        reply = api.get("/invoices", params={"limit": 2, "page": page, **query}).json()
        yield from (row["id"] for row in reply["data"])


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_range_of_days_is_listed_in_the_order_of_the_ids(api: Api, order: str, subtests: pytest.Subtests) -> None:
    dated = fill(api)
    for days in RANGES:
        first, last = days.get("from", ""), days["to"]
        expected = [each for each, day in dated.items() if first <= day <= last]
        if order == "desc":
            expected.reverse()
        with subtests.test(days=days):
            assert list(by_cursor(api, order=order, **days)) == expected
            assert list(by_number(api, order=order, **days)) == expected


def plan(api: Api, path: str) -> Sequence[str]:
    """The steps by which the database finds the rows of a page, those of the statement that goes by days."""
    with listening() as statements:
        assert api.get(path).is_success
    sql, parameters = next(each for each in statements if "RECURSIVE days" in each[0])
    with api.database.read() as tx:
        if tx.is_postgresql:
            # Over a handful of rows it would read them all.
            for better in ("seqscan", "bitmapscan"):
                tx.connection.execute(text(f"SET LOCAL enable_{better} = off"))
        explain = "EXPLAIN (COSTS off)" if tx.is_postgresql else "EXPLAIN QUERY PLAN"
        return [row[-1].strip() for row in tx.connection.exec_driver_sql(f"{explain} {sql}", parameters)]


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(("order", "beyond"), [("asc", ">"), ("desc", "<")])
def test_sqlite_looks_each_day_and_each_row_up(api: Api, order: str, beyond: str) -> None:
    fill(api)
    steps = plan(api, f"/invoices?from=2026-01-02&to=2026-01-04&order={order}&after=")
    looked_up = [step.partition(f"{BY_DAY} ")[2] for step in steps if BY_DAY in step]
    assert looked_up == [
        "(account_id=? AND issue_date>? AND issue_date<?)",
        "(account_id=? AND issue_date>? AND issue_date<?)",
        "(account_id=? AND issue_date=?)",
        f"(account_id=? AND issue_date=? AND id{beyond}?)",
    ]


@pytest.mark.database("postgresql")
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_postgresql_looks_the_rows_of_each_day_up(api: Api, order: str) -> None:
    fill(api)
    steps = plan(api, f"/invoices?from=2026-01-02&to=2026-01-04&order={order}&after=")
    conditions = [step for step in steps if step.startswith("Index Cond") and "issue_date" in step]
    assert sum("issue_date = " in step for step in conditions) == 2, steps
