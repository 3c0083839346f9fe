"""A POST with an Idempotency-Key is done once (scenario C4)."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tallystick.accounts.types import Scope
from tallystick.store import idempotency
from tallystick.store.tables import idempotency_keys
from tests.api import Api, opened
from tests.clock import Clock

KEY = {"Idempotency-Key": "order-4711"}
REPLAYED = "Idempotent-Replayed"
ANN = {"name": "Ann"}
ITEMS = [{"description": "Work", "unit_price": 100}]


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-03-31T12:00:00Z")


@pytest.fixture
def timed(database_url: str, clock: Clock) -> Iterator[Api]:
    with opened(database_url, clock=clock) as client:
        yield client


def customers(api: Api) -> int:
    total: int = api.get("/customers").json()["pagination"]["total"]
    return total


def test_the_first_answer_is_replayed_to_the_byte(api: Api) -> None:
    first = api.post("/customers", ANN, headers=KEY)
    again = api.post("/customers", ANN, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert customers(api) == 1


def test_a_payment_is_made_once(api: Api) -> None:
    api.post("/customers", ANN)
    api.post("/invoices", {"customer_id": 1, "items": ITEMS})
    api.post("/invoices/1/publish")

    def pay(_n: int) -> httpx.Response:
        return api.post("/invoices/1/payments", {"amount": 10}, headers=KEY)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(pay, range(16)))
    assert Counter(answer.status_code for answer in answers).keys() <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert sum(REPLAYED not in answer.headers for answer in done) == 1
    assert pay(0).content == done[0].content
    invoice = Api.data(api.get("/invoices/1"))
    assert (len(invoice["payments"]), invoice["amount_paid"]) == (1, 10)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/customers", {"name": "Bob"}),
        ("/customers", {"name": "Ann", "notes": None}),
        ("/taxes", {"name": "Ann", "rate": 0}),
        ("/products/1/reactivate", {}),
    ],
)
def test_another_request_with_the_same_key_is_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    api.post("/customers", ANN, headers=KEY)
    refused = api.post(path, body, headers=KEY)
    assert (refused.status_code, refused.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert customers(api) == 1


def test_a_refusal_is_an_answer_too(api: Api) -> None:
    new = {"customer_id": 1, "items": ITEMS}
    first = api.post("/invoices", new, headers=KEY)
    api.post("/customers", ANN)
    again = api.post("/invoices", new, headers=KEY)
    assert (first.status_code, again.status_code) == (422, 422)
    assert (again.content, again.headers[REPLAYED]) == (first.content, "true")
    assert api.post("/invoices", new, headers={"Idempotency-Key": "another"}).status_code == 201


def test_what_is_refused_leaves_only_its_answer(api: Api) -> None:
    api.post("/customers", ANN)
    api.post("/invoices", {"customer_id": 1, "items": ITEMS})
    api.post("/invoices/1/publish")
    refused = api.post("/invoices/1/payments", {"amount": 101}, headers=KEY)
    assert (refused.status_code, refused.json()["code"]) == (409, "OVERPAYMENT")
    assert Api.data(api.get("/invoices/1"))["payments"] == []
    assert api.post("/invoices/1/payments", {"amount": 101}, headers=KEY).content == refused.content


def test_a_key_belongs_to_one_account(api: Api, database_url: str) -> None:
    with opened(database_url) as other:
        assert api.post("/customers", ANN, headers=KEY).status_code == 201
        theirs = other.post("/customers", {"name": "Bob"}, headers=KEY)
        assert (theirs.status_code, REPLAYED in theirs.headers) == (201, False)


def test_a_key_belongs_to_one_api_key(api: Api) -> None:
    other = {**KEY, "X-API-Key": api.new_key(Scope.WRITE)}
    first = api.post("/customers", ANN, headers=KEY)
    theirs = api.post("/customers", {"name": "Bob"}, headers=other)
    assert (theirs.status_code, REPLAYED in theirs.headers) == (201, False)
    assert api.post("/customers", ANN, headers=KEY).content == first.content
    assert api.post("/customers", {"name": "Bob"}, headers=other).content == theirs.content
    assert customers(api) == 2


def test_a_share_link_keeps_no_answer(api: Api) -> None:
    api.post("/customers", ANN)
    quotation = Api.data(api.post("/quotations", {"customer_id": 1, "items": ITEMS}))
    token = Api.data(api.post(f"/quotations/{quotation['id']}/publish"))["share_token"]
    unknown = f"1.{'A' * 43}"
    for link, statuses in ((token, [200, 200]), (unknown, [404, 404])):
        answers = [api.client.post(f"/api/v1/public/quotations/{link}/accept", headers=KEY) for _ in range(2)]
        assert [answer.status_code for answer in answers] == statuses
        assert [REPLAYED in answer.headers for answer in answers] == [False, False]
    with api.database.read() as tx:
        assert tx.connection.execute(select(idempotency_keys.c.key)).all() == []


@pytest.mark.parametrize(
    ("later", "customers_after", "is_replay"),
    [
        (timedelta(hours=23, minutes=59, seconds=59), 1, True),
        (timedelta(hours=24), 2, False),
    ],
)
def test_a_key_is_kept_for_24_hours(
    timed: Api, clock: Clock, later: timedelta, customers_after: int, is_replay: bool
) -> None:
    timed.post("/customers", ANN, headers=KEY)
    clock.advance(later)
    again = timed.post("/customers", ANN, headers=KEY)
    assert (again.status_code, REPLAYED in again.headers) == (201, is_replay)
    assert customers(timed) == customers_after


def test_old_answers_are_swept_away(timed: Api, clock: Clock) -> None:
    def sweep() -> int:
        return timed.database.transact("tests", lambda tx: idempotency.forget_old(tx, timed.account))

    timed.post("/customers", ANN, headers=KEY)
    clock.advance(timedelta(hours=24, seconds=1))
    timed.post("/customers", ANN, headers={"Idempotency-Key": "later"})
    assert (sweep(), sweep()) == (1, 0)


def test_only_a_post_takes_a_key(api: Api) -> None:
    api.post("/customers", ANN)
    for _ in range(2):
        assert REPLAYED not in api.put("/customers/1", {"name": "Bob"}, headers=KEY).headers
    assert Api.data(api.get("/customers/1"))["version"] == 3


def test_a_key_is_free_again_after_a_failure_of_the_server(api: Api) -> None:
    """A 500 promises nothing, so that it is not kept, and the key is not held for ever."""
    api.database.transact("tests", lambda tx: tx.connection.exec_driver_sql("ALTER TABLE customers RENAME TO gone"))
    assert api.post("/customers", ANN, headers=KEY).status_code == 500
    api.database.transact("tests", lambda tx: tx.connection.exec_driver_sql("ALTER TABLE gone RENAME TO customers"))
    assert api.post("/customers", ANN, headers=KEY).status_code == 201
