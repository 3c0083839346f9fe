"""Lists by page and by cursor: each row once, in order, whatever happens meanwhile."""

from itertools import product
from typing import Any

import pytest

from tallystick.store.tables import products
from tests.api import Api

ROWS = 13
FLOOR = 10_000
INVOICE_SORTS = ("created_at", "issue_date", "due_date", "total")
ORDERS = ("asc", "desc")


def fill(api: Api, rows: int) -> None:
    """Invoices whose dates and totals repeat, so that only the id tells some of them apart."""
    api.post("/customers", {"name": "Ann"})
    for n in range(rows):
        item = {"description": "Work", "unit_price": n * 7 % 5 + 9 * (n % 2)}
        day = f"2026-03-{n * 11 % 6 + 1:02}"
        api.post(
            "/invoices", {"customer_id": 1, "items": [item], "issue_date": day, "due_date": f"2026-04-{n % 4 + 1:02}"}
        )


def by_pages(api: Api, path: str, **query: Any) -> list[dict[str, Any]]:
    rows, page = [], 1
    while True:
        reply = api.get(path, params={**query, "page": page}).json()
        rows += reply["data"]
        if not reply["data"]:
            return rows
        page += 1


def by_cursor(api: Api, path: str, after: str | None = "", **query: Any) -> list[dict[str, Any]]:
    rows = []
    while after is not None:
        reply = api.get(path, params={**query, "after": after}).json()
        rows += reply["data"]
        after = reply["pagination"]["next"]
    return rows


def test_every_walk_shows_every_row_once_in_order(api: Api) -> None:
    fill(api, ROWS)
    for sort, order in product(INVOICE_SORTS, ORDERS):
        whole = api.get("/invoices", params={"limit": 100, "sort": sort, "order": order}).json()["data"]
        expected = sorted(whole, key=lambda row: (row[sort], row["id"]), reverse=order == "desc")
        assert [row["id"] for row in whole] == [row["id"] for row in expected], (sort, order)
        assert len(whole) == ROWS
        for limit in (1, 4, ROWS, ROWS + 1):
            query: dict[str, Any] = {"sort": sort, "order": order, "limit": limit}
            assert by_cursor(api, "/invoices", **query) == whole, query
        assert by_pages(api, "/invoices", sort=sort, order=order, limit=5) == whole


@pytest.mark.parametrize("path", ["/customers", "/products"])
def test_names_in_any_script_are_walked_too(api: Api, path: str) -> None:
    names = ["b", "B", "ä", "Z", "a", "", "ж", "😀", "a", "%", "_", "\\", "'"]
    for name in names:
        api.post(path, {"name": name or "-", "unit_price": 1} if path == "/products" else {"name": name or "-"})
    for order in ORDERS:
        whole = api.get(path, params={"sort": "name", "order": order}).json()["data"]
        assert sorted(row["name"] for row in whole) == sorted(name or "-" for name in names)
        assert by_cursor(api, path, sort="name", order=order, limit=2) == whole


def test_the_newest_come_first_by_default(api: Api) -> None:
    fill(api, 3)
    assert [row["id"] for row in Api.data(api.get("/invoices"))] == [3, 2, 1]


def test_what_a_page_says_of_itself(api: Api) -> None:
    fill(api, 5)
    first = api.get("/invoices?limit=2").json()["pagination"]
    assert (first["page"], first["limit"], first["total"]) == (1, 2, 5)
    assert first["next"]
    assert api.get("/invoices?limit=2&page=3").json()["pagination"]["next"] is None
    beyond = api.get("/invoices?limit=2&page=4").json()
    assert (beyond["data"], beyond["pagination"]["total"]) == ([], 5)
    assert api.get("/invoices?limit=5").json()["pagination"]["next"] is None
    assert api.get("/invoices").json()["pagination"]["limit"] == 20
    # A page leads into a walk by cursor, which does not count what it does not show.
    second = api.get("/invoices", params={"limit": 2, "after": first["next"]}).json()
    assert [row["id"] for row in second["data"]] == [3, 2]
    assert second["pagination"].keys() == {"limit", "next"}


def test_a_total_is_counted_no_further_than_to_its_floor(api: Api) -> None:
    api.post("/products", {"name": "Hour", "unit_price": 80})
    columns = ("account_id", "name", "unit_price", "is_active", "created_at", "updated_at")

    def add(rows: int) -> None:
        with api.database.transaction("tests") as tx:
            tx.insert_many(products, columns, [(api.account.id, "Day", 600, True, tx.now, tx.now)] * rows)

    add(FLOOR - 1)
    assert api.get("/products").json()["pagination"].items() >= {"page": 1, "total": FLOOR}.items()
    assert "more" not in api.get("/products").json()["pagination"]
    add(1)
    last = api.get("/products?limit=100&page=101").json()
    assert last["pagination"] == {"limit": 100, "next": None, "page": 101, "total": FLOOR, "more": True}
    assert len(last["data"]) == 1
    assert api.get("/products?search=hour").json()["pagination"]["total"] == 1
    assert api.get("/products?after=").json()["pagination"].keys() == {"limit", "next"}


@pytest.mark.parametrize(("order", "seen"), [("asc", [*range(1, 12)]), ("desc", [*range(9, 0, -1)])])
def test_rows_that_come_during_a_walk_disturb_nothing(api: Api, order: str, seen: list[int]) -> None:
    """A walk from the oldest on meets what is new; one from the newest on has passed its place."""
    fill(api, 9)
    ids: list[int] = []
    after: str | None = ""
    while after is not None:
        reply = api.get("/invoices", params={"order": order, "limit": 3, "after": after}).json()
        ids += [row["id"] for row in reply["data"]]
        after = reply["pagination"]["next"]
        if len(ids) in (3, 6):
            api.post("/invoices", {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}]})
    assert ids == seen


def test_rows_that_go_during_a_walk_disturb_nothing(api: Api) -> None:
    for n in range(9):
        api.post("/customers", {"name": f"Customer {n}"})
    first = api.get("/customers?limit=3&after=&order=asc").json()
    for gone in (2, 3, 4):  # two shown already, the cursor's own row among them, and one to come
        api.delete(f"/customers/{gone}")
    rest = by_cursor(api, "/customers", after=first["pagination"]["next"], order="asc", limit=2)
    assert [row["id"] for row in first["data"]] == [1, 2, 3]
    assert [row["id"] for row in rest] == [5, 6, 7, 8, 9]


def test_a_walk_keeps_to_its_filter(api: Api) -> None:
    fill(api, 9)
    for invoice in (2, 4, 6, 8):
        api.post(f"/invoices/{invoice}/mark-sent")
    shown = by_cursor(api, "/invoices", status="draft", limit=2, sort="total", order="asc")
    assert sorted(row["id"] for row in shown) == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("query", ["page=2&after=", "page=3&after=abc"])
def test_a_page_and_a_cursor_are_two_places(api: Api, query: str) -> None:
    response = api.get(f"/customers?{query}")
    assert (response.status_code, list(response.json()["errors"])) == (422, ["page"])
