"""A list leads to its other pages."""

from typing import Any, get_origin

import httpx
import pytest

from tallystick.native.routes import ROUTES
from tallystick.store.paging import MAX_PAGE
from tallystick.wire.lists import ListQuery
from tallystick.wire.reply import Listed
from tests.api import Api

# Events of usage are walked forward alone.
LISTS = [route.path for route in ROUTES if get_origin(route.reply) is Listed and issubclass(route.query, ListQuery)]


@pytest.fixture
def five(api: Api) -> Api:
    """The API with the customers 1 to 5."""
    for name in ("Ann", "Bob", "Cleo", "Dan", "Eve & Co"):
        api.data(api.post("/customers", {"name": name}))
    return api


def get(api: Api, link: str) -> httpx.Response:
    """What is at a link, which has no key in it."""
    return api.client.get(link, headers={"X-API-Key": api.key})


def walked(api: Api, link: str, relation: str) -> list[list[int]]:
    """The ids on each page, from one to the last that its links lead to."""
    response = get(api, link)
    ids = [row["id"] for row in api.data(response)]
    further = response.links.get(relation)
    return [ids, *(walked(api, further["url"], relation) if further else [])]


@pytest.mark.parametrize(
    ("link", "relation", "pages"),
    [
        ("?limit=2", "next", [[5, 4], [3, 2], [1]]),
        ("?limit=2&page=3", "prev", [[1], [3, 2], [5, 4]]),
        ("?limit=2&after=", "next", [[5, 4], [3, 2], [1]]),
        ("?limit=2&order=asc&sort=name&after=", "next", [[1, 2], [3, 4], [5]]),
        ("?limit=2&after=", "prev", [[5, 4]]),
        ("", "next", [[5, 4, 3, 2, 1]]),
        ("?search=Eve+%26+Co&limit=1", "next", [[5]]),
        ("?search=e&limit=1&order=asc", "next", [[3], [5]]),
        ("?page=2&limit=5", "prev", [[], [5, 4, 3, 2, 1]]),
    ],
)
def test_following_its_links_shows_the_whole_list(five: Api, link: str, relation: str, pages: list[list[int]]) -> None:
    assert walked(five, f"/api/v1/customers{link}", relation) == pages


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("?limit=2", '</api/v1/customers?limit=2&page=2>; rel="next"'),
        (
            "?page=2&limit=2",
            '</api/v1/customers?limit=2&page=3>; rel="next", </api/v1/customers?limit=2&page=1>; rel="prev"',
        ),
        ("?api_key={key}&limit=4", '</api/v1/customers?limit=4&page=2>; rel="next"'),
        ("?%61pi_key={key}&limit=4", '</api/v1/customers?limit=4&page=2>; rel="next"'),
        ("?limit=4&search=%3E%3B%22%0A", None),
        (f"?page={MAX_PAGE}", f'</api/v1/customers?page={MAX_PAGE - 1}>; rel="prev"'),
        ("?limit=5", None),
        ("?limit=101", None),
    ],
)
def test_the_header(five: Api, query: str, header: str | None) -> None:
    response = five.client.get("/api/v1/customers" + query.format(key=five.key), headers={"X-API-Key": five.key})
    assert response.headers.get("Link") == header


def test_what_was_searched_for_stands_in_a_link_as_it_may(five: Api) -> None:
    odd: dict[str, Any] = {"name": 'x>; rel="next", <\n'}
    for _ in range(2):
        five.data(five.post("/customers", odd))
    found = five.get("/customers", params={"search": odd["name"], "limit": 1})
    assert found.headers["Link"] == (
        '</api/v1/customers?search=x%3E%3B%20rel%3D%22next%22%2C%20%3C%0A&limit=1&page=2>; rel="next"'
    )
    assert [row["id"] for row in five.data(get(five, found.links["next"]["url"]))] == [6]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_has_links(api: Api, path: str) -> None:
    response = api.get(f"{path}?page=2&limit=7")
    assert response.headers["Link"] == f'</api/v1{path}?limit=7&page=1>; rel="prev"'


def test_there_are_lists() -> None:
    assert {"/customers", "/invoices", "/invoices/trash/list", "/payments"} < set(LISTS)
