"""``tallystick process``, and what a run costs."""

import pytest

from tests.api import Api, opened
from tests.bills import a_customer
from tests.program import run
from tests.recurring.schedules import a_schedule, days, process
from tests.stories.test_query_counts import counted


@pytest.mark.slow
def test_process(database_url: str) -> None:
    with opened(database_url) as api:
        api.post("/products", {"name": "Plan", "unit_price": 50})
        other = Api(api.database)
        ours, theirs = a_schedule(api, max_occurrences=2), a_schedule(other, max_occurrences=1)
        broken = a_schedule(api, items=[{"product_id": 1}])
        api.delete("/products/1")

        done = run("process", "--as-of", "2026-02-28", "--account", str(api.account.id), database_url=database_url)
        assert done.returncode == 1
        assert f"account 1, schedule {broken['id']}: items.0.product_id: This product is not on sale." in done.stdout
        assert (days(api, ours), days(other, theirs)) == (["26-01-31", "26-02-28"], [])

        done = run("process", "--account", str(other.account.id), database_url=database_url)
        assert (done.returncode, done.stderr) == (0, "")
        assert days(other, theirs) == ["26-01-31"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--account", "99"], "There is no such account."),
        (["--as-of", "2999-01-01"], "tallystick: as_of: "),
        (["--as-of", "soon"], "--as-of: Must be a date, as 2026-03-31."),
    ],
)
@pytest.mark.database("sqlite")
def test_what_process_refuses(database_url: str, options: list[str], expected: str) -> None:
    with opened(database_url):
        done = run("process", *options, database_url=database_url)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_a_batch_costs_the_same_whatever_its_size(api: Api) -> None:
    costs = []
    for count in (1, 30):
        customer = a_customer(api)
        for _ in range(count):
            a_schedule(api, customer_id=customer, start_date="2026-06-15", max_occurrences=1)
        with counted() as statements:
            assert process(api)["created"] == count
        costs.append(len(statements))
    # PostgreSQL is told of few rows together, and many are copied, each table's by themselves: never a row alone.
    assert costs[0] <= costs[1] <= (costs[0] if api.database.is_sqlite else costs[0] + 4) <= 30
