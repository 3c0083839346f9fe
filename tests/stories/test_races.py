"""Requests that get in each other's way: each gets its documented answer, and one of them wins."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import httpx
import pytest

from tests.api import Api, opened

pytestmark = pytest.mark.slow

THREADS = 8
ITEMS = [{"description": "Work", "unit_price": 100}]


def at_once(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [running.result() for running in [threads.submit(call) for call in calls]]


def statuses(responses: list[httpx.Response]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def test_the_last_default_tax_is_the_only_one(api: Api) -> None:
    new = {"name": "VAT", "rate": 20, "is_default": True}
    assert statuses(at_once(*[lambda: api.post("/taxes", new)] * THREADS)) == {201: THREADS}
    assert [tax["is_default"] for tax in Api.data(api.get("/taxes"))].count(True) == 1


def test_a_sku_is_given_once(api: Api) -> None:
    new = {"name": "Hour", "unit_price": 1, "sku": "H-1"}
    assert statuses(at_once(*[lambda: api.post("/products", new)] * THREADS)) == {201: 1, 409: THREADS - 1}


def test_an_invoice_number_is_given_once(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    new = {"customer_id": 1, "items": ITEMS, "invoice_number": "A-1"}
    assert statuses(at_once(*[lambda: api.post("/invoices", new)] * THREADS)) == {201: 1, 409: THREADS - 1}


def test_a_number_that_a_client_takes_meanwhile_is_stepped_over(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    api.put("/settings", {"number_patterns": {"invoice": "{SEQ}"}})
    new = {"customer_id": 1, "items": ITEMS}
    drafts = [Api.data(api.post("/invoices", new))["id"] for _ in range(THREADS)]
    given = [Api.data(api.post("/invoices", {**new, "invoice_number": str(n)}))["id"] for n in range(1, THREADS)]
    responses = at_once(*[partial(api.post, f"/invoices/{draft}/publish") for draft in (*drafts, *given)])
    assert statuses(responses[:THREADS]) == {200: THREADS}
    # Whoever is first has the number: the sequence, or the draft whose client gave it.
    assert set(statuses(responses[THREADS:])) <= {200, 409}
    issued = [row for row in Api.data(api.get("/invoices")) if row["status"] == "sent"]
    assert len(issued) == statuses(responses)[200]
    in_sequence = sorted(int(row["invoice_number"]) for row in issued)
    assert in_sequence == list(range(1, len(issued) + 1))


def test_a_draft_is_deleted_or_stepped_over(api: Api) -> None:
    """Never is a number given up that the sequence has just stepped over."""
    api.post("/customers", {"name": "Ann"})
    api.put("/settings", {"number_patterns": {"invoice": "{SEQ}"}})
    new = {"customer_id": 1, "items": ITEMS}
    for _ in range(10):
        following = Api.data(api.get("/invoices/next-number"))["number"]
        given = Api.data(api.post("/invoices", {**new, "invoice_number": following}))["id"]
        other = Api.data(api.post("/invoices", new))["id"]
        for verb in ("publish", "unpublish"):
            api.post(f"/invoices/{given}/{verb}")
        renumbered = partial(api.put, f"/invoices/{given}", {"invoice_number": f"MINE-{given}"})
        changed, issued = at_once(renumbered, partial(api.post, f"/invoices/{other}/publish"))
        number = str(int(following) + (changed.status_code == 409))
        assert (changed.status_code, Api.data(issued)["invoice_number"]) in ((200, number), (409, number))
        assert api.differences() == []


@pytest.mark.parametrize("kind", ["publish", "mark-sent", "mark-paid"])
def test_the_same_verb_at_once_is_done_once(api: Api, kind: str) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/invoices", {"customer_id": 1, "items": ITEMS})
    responses = at_once(*[lambda: api.post(f"/invoices/1/{kind}")] * THREADS)
    assert statuses(responses) == {200: THREADS}
    assert len({Api.data(response)["invoice_number"] for response in responses}) == 1
    assert len(Api.data(api.get("/invoices/1"))["payments"]) == (kind == "mark-paid")


def test_one_of_two_changes_of_the_same_version_is_refused(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    api.post("/invoices", {"customer_id": 1, "items": ITEMS})
    for path in ("/customers/1", "/invoices/1", "/settings"):
        responses = at_once(*[partial(api.put, path, {"version": 1})] * THREADS)
        assert statuses(responses) == {200: 1, 409: THREADS - 1}


def test_a_customer_is_deleted_or_billed(api: Api) -> None:
    outcomes = set()
    for number in range(1, 21):
        customer = Api.data(api.post("/customers", {"name": f"Customer {number}"}))["id"]
        new = {"customer_id": customer, "items": ITEMS}
        created, deleted = at_once(partial(api.post, "/invoices", new), partial(api.delete, f"/customers/{customer}"))
        outcomes.add((created.status_code, deleted.status_code))
    assert outcomes <= {(201, 409), (422, 200)}


@pytest.mark.database("postgresql")
@pytest.mark.parametrize(
    ("customer_id", "status"),
    [(1, 201), (7, 422)],
    ids=["a success", "a refusal"],
)
def test_processes_share_an_idempotency_key(database_url: str, customer_id: int, status: int) -> None:
    """Each application stands for a process, which knows the keys in flight only of its own."""
    with ExitStack() as stack:
        apis = [stack.enter_context(opened(database_url)) for _ in range(4)]
        first = apis[0]
        first.post("/customers", {"name": "Ann"})
        new = {"customer_id": customer_id, "items": ITEMS}
        for attempt in range(10):
            headers = {"Idempotency-Key": f"key-{attempt}", "X-API-Key": first.key}
            answers = at_once(*[partial(api.post, "/invoices", new, headers=headers) for api in apis])
            assert set(statuses(answers)) <= {status, 409}
            assert len({answer.content for answer in answers if answer.status_code == status}) == 1
        assert first.get("/invoices").json()["pagination"]["total"] == (10 if status == 201 else 0)
