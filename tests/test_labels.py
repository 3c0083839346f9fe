"""``external_id`` and ``metadata``: what a client keeps with a thing for itself (API.md, section 1)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.api import Api
from tests.bills import a_customer, an_invoice, pay, refused

Make = Callable[..., Any]


def make_customer(api: Api, **labels: Any) -> Any:
    return api.post("/customers", {"name": "Ann Example", **labels})


def make_product(api: Api, **labels: Any) -> Any:
    return api.post("/products", {"name": "Work", "unit_price": 100, **labels})


def make_payment(api: Api, **labels: Any) -> Any:
    return pay(api, an_invoice(api, 100), 50, **labels)


def make_customers_payment(api: Api, **labels: Any) -> Any:
    customer_id = a_customer(api)
    an_invoice(api, 100, customer_id=customer_id)
    return api.post("/payments", {"customer_id": customer_id, "amount": 50, **labels})


class Resource(NamedTuple):
    path: str
    make: Make


CUSTOMERS = Resource("/customers", make_customer)
PRODUCTS = Resource("/products", make_product)
PAYMENTS = Resource("/payments", make_payment)
RESOURCES = pytest.mark.parametrize(
    "resource", [CUSTOMERS, PRODUCTS, PAYMENTS, Resource("/payments", make_customers_payment)]
)
CHANGED = pytest.mark.parametrize("resource", [CUSTOMERS, PRODUCTS])
LABELS = {"external_id": "A/17 ", "metadata": {"order": "4711", "empty": ""}}


def labels(shown: Any) -> Any:
    return {name: shown[name] for name in LABELS}


@RESOURCES
def test_labels_are_kept_as_they_came_and_shown(api: Api, resource: Resource) -> None:
    made = api.data(resource.make(api, **LABELS))
    assert labels(made) == LABELS
    assert labels(api.data(api.get(f"{resource.path}/{made['id']}"))) == LABELS
    assert [labels(row) for row in api.data(api.get(resource.path))] == [LABELS]


@RESOURCES
def test_what_nobody_labels_has_none(api: Api, resource: Resource) -> None:
    nothing: dict[str, Any] = {"external_id": None, "metadata": {}}
    assert labels(api.data(resource.make(api))) == nothing
    assert labels(api.data(resource.make(api, external_id=None, metadata=None))) == nothing
    assert labels(api.data(resource.make(api, metadata={"gone": None}))) == nothing


@RESOURCES
def test_an_external_id_is_given_once_in_an_account(api: Api, resource: Resource) -> None:
    api.data(resource.make(api, external_id="A-17"))
    again = resource.make(api, external_id="A-17")
    assert refused(again) == (409, "CONFLICT")
    assert "A-17" in again.json()["error"]
    assert api.data(resource.make(api, external_id="a-17"))["external_id"] == "a-17"
    assert len(api.data(api.get(resource.path))) == 2


def test_each_kind_has_external_ids_of_its_own(api: Api) -> None:
    for resource in (CUSTOMERS, PRODUCTS, PAYMENTS):
        assert api.data(resource.make(api, external_id="A-17"))["external_id"] == "A-17"


@RESOURCES
def test_an_external_id_filters_the_list(api: Api, resource: Resource) -> None:
    wanted = api.data(resource.make(api, external_id="A-17"))
    resource.make(api, external_id="A-18")
    resource.make(api)
    found = api.get(resource.path, params={"external_id": "A-17"})
    assert [row["id"] for row in api.data(found)] == [wanted["id"]]
    assert found.json()["pagination"]["total"] == 1
    assert api.data(api.get(resource.path, params={"external_id": "A-1"})) == []


WRONG: list[dict[str, Any]] = [
    {"external_id": ""},
    {"external_id": "x" * 256},
    {"external_id": 17},
    {"external_id": "\0"},
    {"metadata": {"k" * 41: "v"}},
    {"metadata": {"": "v"}},
    {"metadata": {"k": "v" * 501}},
    {"metadata": {"k": 1}},
    {"metadata": {"k": "\0"}},
    {"metadata": {"\0": "v"}},
    {"metadata": {str(number): "v" for number in range(51)}},
    {"metadata": []},
]


@RESOURCES
def test_wrong_labels_are_refused_by_name(api: Api, resource: Resource, subtests: pytest.Subtests) -> None:
    for wrong in WRONG:
        with subtests.test(**wrong):
            refusal = resource.make(api, **wrong)
            assert refused(refusal) == (422, "VALIDATION_FAILED")
            assert list(refusal.json()["errors"]) == list(wrong)
    assert api.data(api.get(resource.path)) == []


@RESOURCES
def test_the_longest_labels_are_taken(api: Api, resource: Resource) -> None:
    longest = {
        "external_id": "é" * 255,
        "metadata": {f"{number:02}".rjust(40, "k"): "😀" * 500 for number in range(50)},
    }
    assert labels(api.data(resource.make(api, **longest))) == longest


@CHANGED
def test_a_put_merges_metadata_and_null_removes(api: Api, resource: Resource) -> None:
    made = api.data(resource.make(api, metadata={"a": "1", "b": "2"}))
    path = f"{resource.path}/{made['id']}"
    for change, expected in [
        ({"metadata": {"b": "3", "c": "4"}}, {"a": "1", "b": "3", "c": "4"}),
        ({"metadata": {"a": None, "z": None}}, {"b": "3", "c": "4"}),
        ({"name": "Other"}, {"b": "3", "c": "4"}),
        ({"metadata": {}}, {"b": "3", "c": "4"}),
        ({"metadata": None}, {}),
    ]:
        assert api.data(api.put(path, change))["metadata"] == expected


@CHANGED
def test_what_a_put_comes_to_is_limited(api: Api, resource: Resource) -> None:
    made = api.data(resource.make(api, metadata={str(number): "" for number in range(50)}))
    path = f"{resource.path}/{made['id']}"
    refusal = api.put(path, {"metadata": {"new": ""}})
    assert refused(refusal) == (422, "VALIDATION_FAILED")
    assert list(refusal.json()["errors"]) == ["metadata"]
    assert len(api.data(api.put(path, {"metadata": {"new": "", "0": None}}))["metadata"]) == 50


@CHANGED
def test_a_put_gives_changes_and_takes_back_an_external_id(api: Api, resource: Resource) -> None:
    first, second = (api.data(resource.make(api, external_id=name)) for name in ("A-1", "A-2"))
    path = f"{resource.path}/{second['id']}"
    taken = api.put(path, {"external_id": "A-1"})
    assert refused(taken) == (409, "CONFLICT")
    assert "A-1" in taken.json()["error"]
    assert api.data(api.put(path, {"external_id": "A-2"}))["external_id"] == "A-2"
    api.data(api.put(f"{resource.path}/{first['id']}", {"external_id": None}))
    assert api.data(api.put(path, {"external_id": "A-1"}))["external_id"] == "A-1"


@CHANGED
def test_a_put_of_labels_is_guarded_as_any_other(api: Api, resource: Resource) -> None:
    made = api.data(resource.make(api))
    path = f"{resource.path}/{made['id']}"
    assert api.data(api.put(path, {"metadata": {"a": "1"}, "version": 1}))["version"] == 2
    assert refused(api.put(path, {"metadata": {"a": "2"}, "version": 1})) == (409, "CONFLICT")
    assert refused(api.put(f"{resource.path}/999999", {"metadata": {"a": "1"}})) == (404, "NOT_FOUND")


@CHANGED
def test_changes_at_the_same_time_all_count(api: Api, resource: Resource) -> None:
    path = f"{resource.path}/{api.data(resource.make(api))['id']}"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: api.data(api.put(path, {"metadata": {str(number): "x"}})), range(8)))
    assert api.data(api.get(path))["metadata"] == {str(number): "x" for number in range(8)}


def test_a_product_that_is_not_on_sale_is_labelled(api: Api) -> None:
    made = api.data(make_product(api, is_active=False))
    assert labels(api.data(api.put(f"/products/{made['id']}", LABELS))) == LABELS


def test_a_customer_of_issued_bills_is_labelled(api: Api) -> None:
    customer_id = a_customer(api)
    an_invoice(api, 100, customer_id=customer_id)
    assert labels(api.data(api.put(f"/customers/{customer_id}", LABELS))) == LABELS


def test_labels_are_neither_public_nor_copied_into_a_bill(api: Api) -> None:
    secret = {"external_id": "not-public-id", "metadata": {"not-public-key": "not-public-value"}}
    customer_id = a_customer(api, **secret)
    product_id = api.data(make_product(api, **secret))["id"]
    invoice = an_invoice(api, customer_id=customer_id, items=[{"product_id": product_id}])
    api.data(pay(api, invoice, 50, **secret))
    token = invoice["share_token"]
    shown = [api.get(f"/public/invoices/{token}").text, api.client.get(f"/public/invoices/{token}").text]
    assert all("Ann Example" in page and "not-public" not in page for page in shown)


def test_a_failed_attempt_has_labels_too(api: Api) -> None:
    assert labels(api.data(make_payment(api, status="failed", **LABELS))) == LABELS


def test_a_reversed_payment_keeps_its_labels(api: Api) -> None:
    made = api.data(make_payment(api, **LABELS))
    assert labels(api.data(api.delete(f"/payments/{made['id']}"))) == LABELS
