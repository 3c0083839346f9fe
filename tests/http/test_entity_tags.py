"""An ETag is of all that is shown, and a write that names another one is not done."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from tallystick.http.routes import Route
from tallystick.native.routes import ROUTES
from tallystick.native.surface import NATIVE
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, pay, refused
from tests.clock import Clock
from tests.contract import examples
from tests.contract.examples import Examples

SHOWN = [route for route in ROUTES if route.row is not None]
GUARDED = [route for route in examples.WRITES if NATIVE.resource_of(route)]
UNTAGGED = [route for route in examples.WRITES if route not in GUARDED]
STALE = (412, "STALE")
RESTORE = "/invoices/{invoice_id}/restore"
THREADS = 8


def tag_of(api: Api, path: str) -> str:
    return api.get(path).headers["ETag"]


def send_under(api: Api, route: Route, path: str, tag: str) -> httpx.Response:
    """Sends the route's example, to be done only under this tag."""
    example = examples.sent(route)
    headers = {**example.pop("headers", {}), "If-Match": tag}
    return api.request(route.method, path, headers=headers, **example)


@pytest.mark.parametrize("route", SHOWN, ids=examples.name)
def test_a_resource_has_a_tag_that_begins_with_its_version(api: Api, route: Route) -> None:
    path = Examples(api).path_of(route)
    found = api.get(path)
    tag = found.headers["ETag"]
    assert tag.startswith(f'"{api.data(found)["version"]}-')
    assert len(tag) == len('"1-0123456789abcdef"')
    assert (tag_of(api, path), api.request("HEAD", path).headers["ETag"]) == (tag, tag)
    # A tag is no reason to leave out what is shown.
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("route", [route for route in GUARDED if route.path != RESTORE], ids=examples.name)
def test_a_write_is_done_under_the_tag_that_was_read_and_under_no_other(api: Api, route: Route) -> None:
    known = Examples(api, route)
    shown = NATIVE.resource_of(route)
    assert shown
    path = shown.path.format_map(known.ids_of(route))
    before = api.get(path)
    send = partial(send_under, api, route, known.path_of(route))
    assert refused(send('"99"')) == STALE
    assert api.get(path).headers["ETag"] == before.headers["ETag"]
    assert send(before.headers["ETag"]).status_code == examples.status_of(route)


@pytest.mark.parametrize("route", UNTAGGED, ids=examples.name)
def test_what_has_no_tag_matches_none(api: Api, route: Route) -> None:
    known = Examples(api, route)
    send = partial(send_under, api, route, known.path_of(route))
    assert refused(send('"1"')) == STALE
    assert send("*").status_code == examples.status_of(route)


CHANGES: dict[str, tuple[str, Callable[[Api, Clock], object]]] = {
    "an invoice falls overdue": ("/invoices/1", lambda _api, clock: clock.advance(timedelta(days=31))),
    "an invoice is paid": ("/invoices/1", lambda api, _clock: pay(api, api.data(api.get("/invoices/1")), 1)),
    "a draft is dated another day": ("/invoices/2", lambda _api, clock: clock.advance(timedelta(days=1))),
    "a draft's customer has another name": ("/invoices/2", lambda api, _clock: api.put("/customers/1", {"name": "B"})),
    "a quotation expires": ("/quotations/1", lambda _api, clock: clock.advance(timedelta(days=31))),
    "a customer is billed": ("/customers/1", lambda api, _clock: api.post("/invoices/2/publish")),
    "a link is another": ("/invoices/1", lambda api, _clock: api.post("/invoices/1/share/rotate")),
    "the account has another address": ("/settings", lambda api, _clock: api.put("/settings", {"city": "Paris"})),
}


@pytest.mark.parametrize(("path", "happens"), CHANGES.values(), ids=CHANGES)
def test_whatever_changes_what_is_shown_changes_the_tag(
    database_url: str, path: str, happens: Callable[[Api, Clock], object]
) -> None:
    clock = Clock("2026-03-02T12:00:00Z")
    with opened(database_url, clock=clock) as api:
        an_invoice(api, 100, customer_id=a_customer(api))
        a_draft(api, 100, customer_id=1)
        api.post("/quotations", {"customer_id": 1, "items": [{"description": "Work", "unit_price": 1}]})
        api.data(api.post("/quotations/1/publish"))
        before = api.get(path)
        happens(api, clock)
        after = api.get(path)
        assert (before.content == after.content, before.headers["ETag"] == after.headers["ETag"]) == (False, False)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{tag}", 200),
        ("W/{tag}", 200),  # as a proxy that compressed the answer passes it on
        ('"x", {tag}', 200),
        ('"x" ,\tW/"y",{tag}', 200),
        ('"1"', 200),
        ("*", 200),
        ('"2"', 412),
        ('"x", "y"', 412),
        ('""', 412),
        ("{other}", 412),
        ("1", 422),
        ('{tag}, "', 422),
    ],
)
def test_one_of_the_tags_must_match(api: Api, header: str, status: int) -> None:
    a_customer(api)
    a_customer(api, name="Bob")
    tags = {"tag": tag_of(api, "/customers/1"), "other": tag_of(api, "/customers/2")}
    response = api.put("/customers/1", {"notes": "x"}, headers={"If-Match": header.format_map(tags)})
    assert response.status_code == status
    assert api.data(api.get("/customers/1"))["notes"] == ("x" if status == 200 else None)


def test_a_tag_is_good_for_one_change(api: Api) -> None:
    a_customer(api)
    read = {"If-Match": tag_of(api, "/customers/1")}
    assert api.put("/customers/1", {"notes": "x"}, headers=read).status_code == 200
    assert refused(api.put("/customers/1", {"notes": "y"}, headers=read)) == STALE
    assert refused(api.delete("/customers/1", headers=read)) == STALE
    assert api.delete("/customers/1", headers={"If-Match": tag_of(api, "/customers/1")}).status_code == 200


def test_what_is_not_there_is_not_found(api: Api) -> None:
    any_tag = {"If-Match": '"1"'}
    assert refused(api.put("/customers/1", {}, headers=any_tag)) == (404, "NOT_FOUND")
    a_draft(api, 100)
    api.data(api.delete("/invoices/1"))
    assert refused(api.post("/invoices/1/restore", headers=any_tag)) == (404, "NOT_FOUND")


def test_a_refusal_is_replayed_under_its_idempotency_key(api: Api) -> None:
    a_draft(api, 100)
    headers = {"If-Match": '"99"', "Idempotency-Key": "a"}
    assert refused(api.post("/invoices/1/publish", headers=headers)) == STALE
    assert refused(api.post("/invoices/1/publish", headers={**headers, "If-Match": "*"})) == STALE
    assert api.data(api.get("/invoices/1"))["status"] == "draft"


@pytest.mark.parametrize("path", ["/customers", "/invoices/1/activity", "/invoices/1/payments", "/stats", ""])
def test_what_is_no_single_row_has_no_tag(api: Api, path: str) -> None:
    a_draft(api, 100)
    response = api.get(path)
    assert (response.status_code, "ETag" in response.headers) == (200, False)


def statuses(*calls: Callable[[], httpx.Response]) -> Counter[int]:
    """How often each status came, of calls at once."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return Counter(running.result().status_code for running in [threads.submit(call) for call in calls])


@pytest.mark.parametrize("path", ["/customers/1", "/invoices/1", "/settings"])
def test_of_changes_at_once_under_one_tag_one_is_done(api: Api, path: str) -> None:
    a_draft(api, 100)
    read: dict[str, Any] = {"headers": {"If-Match": tag_of(api, path)}}
    changes = [
        partial(api.put, path, {"title" if "inv" in path else "name": f"Name {n}"}, **read) for n in range(THREADS)
    ]
    assert statuses(*changes) == {200: 1, 412: THREADS - 1}


def test_what_is_changed_at_the_same_time_is_not_deleted_under_its_old_tag(api: Api) -> None:
    for number in range(1, THREADS + 1):
        a_draft(api, 100)
        path = f"/invoices/{number}"
        read = {"If-Match": tag_of(api, path)}
        happened = statuses(partial(api.put, path, {"title": "New"}), partial(api.delete, path, headers=read))
        # Either it was deleted, as it had been read, and there is nothing to change; or it was changed, and stays.
        assert happened in ({200: 1, 404: 1}, {200: 1, 412: 1})
