"""``external_id`` and ``metadata``: what a client keeps with a thing for itself (API.md, section 1)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from sqlalchemy import func, select

from tallystick.store.tables import seals
from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, pay, refused
from tests.quotations.offers import a_quotation, act, offer
from tests.recorded import recorded
from tests.recurring.schedules import a_schedule, bills, process

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


def make_invoice(api: Api, **labels: Any) -> Any:
    items = [{"description": "Work", "unit_price": 100}]
    return api.post("/invoices", {"customer_id": a_customer(api), "items": items, **labels})


def make_quotation(api: Api, **labels: Any) -> Any:
    return offer(api, 100, **labels)


def make_credit_note(api: Api, **labels: Any) -> Any:
    return api.post(f"/invoices/{an_invoice(api, 100)['id']}/credit-note", labels)


def make_schedule(api: Api, **labels: Any) -> Any:
    content = {"frequency": "monthly", "amount": 100, "description": "Retainer"}
    return api.post("/recurring-billing", {"customer_id": a_customer(api), **content, **labels})


class Resource(NamedTuple):
    path: str
    make: Make


CUSTOMERS = Resource("/customers", make_customer)
PRODUCTS = Resource("/products", make_product)
PAYMENTS = Resource("/payments", make_payment)
INVOICES = Resource("/invoices", make_invoice)
QUOTATIONS = Resource("/quotations", make_quotation)
CREDIT_NOTES = Resource("/credit-notes", make_credit_note)
SCHEDULES = Resource("/recurring-billing", make_schedule)
KINDS = (CUSTOMERS, PRODUCTS, PAYMENTS, INVOICES, QUOTATIONS, CREDIT_NOTES, SCHEDULES)
RESOURCES = pytest.mark.parametrize("resource", [*KINDS, Resource("/payments", make_customers_payment)])
CHANGED = pytest.mark.parametrize("resource", KINDS)
LABELLED = pytest.mark.parametrize("resource", [PAYMENTS, CREDIT_NOTES])
LABELS: dict[str, Any] = {"external_id": "A/17 ", "metadata": {"order": "4711", "empty": ""}}


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
    for resource in KINDS:
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
        ({"external_id": "A-1"}, {"b": "3", "c": "4"}),
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


SECRET: dict[str, Any] = {"external_id": "not-public-id", "metadata": {"not-public-key": "not-public-value"}}


def unlabelled(bill: Any) -> Any:
    return {name: value for name, value in bill.items() if name not in (*LABELS, "version", "updated_at")}


def seals_of(api: Api) -> int:
    with api.database.read() as tx:
        count: int = tx.connection.execute(select(func.count()).select_from(seals)).scalar_one()
    return count


@LABELLED
def test_a_put_of_anything_but_labels_is_refused_by_name(api: Api, resource: Resource) -> None:
    path = f"{resource.path}/{api.data(resource.make(api))['id']}"
    before = api.data(api.get(path))
    refusal = api.put(path, {**LABELS, "notes": "Other", "amount": 1})
    assert refused(refusal) == (422, "VALIDATION_FAILED")
    sentence = ["Cannot be changed: only external_id and metadata can."]
    assert refusal.json()["errors"] == {"notes": sentence, "amount": sentence}
    assert api.data(api.get(path)) == before


@LABELLED
def test_a_put_of_labels_wants_the_version_that_if_match_names(api: Api, resource: Resource) -> None:
    path = f"{resource.path}/{api.data(resource.make(api))['id']}"
    assert labels(api.data(api.put(path, LABELS, headers={"If-Match": '"1"'}))) == LABELS
    assert refused(api.put(path, {"external_id": "A-1"}, headers={"If-Match": '"1"'})) == (412, "STALE")
    assert labels(api.data(api.get(path))) == LABELS


@LABELLED
def test_a_put_of_labels_is_told_without_them_and_seals_nothing(api: Api, resource: Resource) -> None:
    path = f"{resource.path}/{api.data(resource.make(api))['id']}"
    before, sealed = api.data(api.get(path)), seals_of(api)
    after = api.data(api.put(path, SECRET))
    assert unlabelled(after) == unlabelled(before)
    assert api.data(api.get(path)) == after
    assert (after["version"], seals_of(api)) == (2, sealed)
    kind = resource.path.strip("/").removesuffix("s").replace("-", "_")
    last = recorded(api, f"{kind}:{after['id']}")[-1]
    assert (last.type, last.data) == (f"{kind}.updated", None)
    activity = api.get("/invoices/1/activity")
    assert [each["type"] for each in api.data(activity)][-1] == f"{kind}.updated"
    assert "not-public" not in activity.text
    assert api.differences() == []


@pytest.mark.parametrize("status", ["failed", "reversed"])
def test_a_payment_that_settles_nothing_is_labelled(api: Api, status: str) -> None:
    made = api.data(make_payment(api, status="succeeded" if status == "reversed" else status))
    path = f"/payments/{made['id']}"
    if status == "reversed":
        assert api.data(api.delete(path))["version"] == 2
    before = api.data(api.get(path))
    after = api.data(api.put(path, {**LABELS, "version": before["version"]}))
    assert (after["status"], labels(after)) == (status, LABELS)
    assert unlabelled(after) == unlabelled(before)
    assert api.differences() == []


def test_a_reversal_makes_the_version_that_was_read_stale(api: Api) -> None:
    made = api.data(make_payment(api))
    api.data(api.delete(f"/payments/{made['id']}"))
    assert refused(api.put(f"/payments/{made['id']}", {**LABELS, "version": made["version"]})) == (409, "CONFLICT")


def test_a_credit_note_is_labelled_before_and_after_its_credit_went_back(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 100))
    note = api.data(api.post(f"/invoices/{invoice['id']}/credit-note"))
    path = f"/credit-notes/{note['id']}"
    api.data(api.put(path, {"external_id": "A-1"}))
    api.data(api.delete(f"/payments/{payment['id']}"))
    sealed, applied = seals_of(api), api.data(api.get(path))
    assert (applied["external_id"], applied["amount_to_credit"], applied["amount_applied"]) == ("A-1", 0, 100)
    assert unlabelled(api.data(api.put(path, LABELS))) == unlabelled(applied)
    assert seals_of(api) == sealed
    assert api.differences() == []


ISSUED_INVOICES = (("publish",), ("mark-sent",), ("publish", "void"))
ISSUED_QUOTATIONS = (("publish",), ("accept",), ("reject",), ("convert",))


@pytest.mark.parametrize(
    ("resource", "actions"),
    [*((INVOICES, actions) for actions in ISSUED_INVOICES), *((QUOTATIONS, actions) for actions in ISSUED_QUOTATIONS)],
)
def test_a_bill_in_any_state_is_labelled_and_stays_what_it_is(
    api: Api, resource: Resource, actions: tuple[str, ...]
) -> None:
    path = f"{resource.path}/{api.data(resource.make(api))['id']}"
    for action in actions:
        api.data(api.post(f"{path}/{action}"))
    before, sealed = api.data(api.get(path)), seals_of(api)
    after = api.data(api.put(path, {**LABELS, "version": before["version"]}))
    assert labels(after) == LABELS
    assert labels(api.data(api.get(path))) == LABELS
    assert unlabelled(after) == unlabelled(before)
    assert (after["version"], seals_of(api)) == (before["version"] + 1, sealed)
    assert refused(api.put(path, {**LABELS, "notes": "Other"})) == (409, "CONFLICT")
    assert api.differences() == []


def test_a_draft_that_is_only_labelled_keeps_its_lines(api: Api) -> None:
    draft = a_draft(api, 100, 50)
    assert unlabelled(api.data(api.put(f"/invoices/{draft['id']}", LABELS))) == unlabelled(draft)


def test_labels_change_together_with_a_draft(api: Api) -> None:
    draft = a_draft(api, 100, metadata={"a": "1"})
    changed = api.data(api.put(f"/invoices/{draft['id']}", {"notes": "Other", "metadata": {"b": "2"}}))
    assert (changed["notes"], changed["metadata"]) == ("Other", {"a": "1", "b": "2"})


def test_an_invoice_in_the_trash_is_not_labelled(api: Api) -> None:
    draft = a_draft(api, 100)
    api.data(api.delete(f"/invoices/{draft['id']}"))
    assert refused(api.put(f"/invoices/{draft['id']}", LABELS)) == (404, "NOT_FOUND")


def test_a_schedule_is_labelled_whatever_its_product_became(api: Api) -> None:
    product = api.data(make_product(api))
    schedule = a_schedule(api, items=[{"product_id": product["id"]}])
    api.data(api.delete(f"/products/{product['id']}"))
    path = f"/recurring-billing/{schedule['id']}"
    assert refused(api.put(path, {"notes": "Other"})) == (422, "VALIDATION_FAILED")
    assert labels(api.data(api.put(path, LABELS))) == LABELS


def test_a_revision_tells_no_labels_and_labels_are_no_revision(api: Api) -> None:
    invoice = an_invoice(api, 100, **SECRET)
    path = f"/invoices/{invoice['id']}"
    sealed = seals_of(api)
    same = api.data(api.post(f"{path}/revise", {"metadata": {"more": "1"}}))
    assert (same["revised_at"], same["metadata"]) == (None, {**SECRET["metadata"], "more": "1"})
    assert seals_of(api) == sealed
    revised = api.data(api.post(f"{path}/revise", {"notes": "Other", "external_id": "A-1"}))
    assert (revised["notes"], revised["external_id"]) == ("Other", "A-1")
    assert "not-public" not in api.get(f"{path}/activity").text
    assert api.differences() == []


def test_labels_of_a_bill_are_not_public(api: Api) -> None:
    invoice, quotation = an_invoice(api, 100, **SECRET), a_quotation(api, 100, **SECRET)
    token = api.data(act(api, quotation, "publish"))["share_token"]
    for path in (f"/public/invoices/{invoice['share_token']}", f"/public/quotations/{token}"):
        shown = [api.get(path).text, api.client.get(path).text]
        assert all("Ann Example" in page and "not-public" not in page for page in shown)


def test_a_copy_has_the_metadata_and_not_the_external_id(api: Api) -> None:
    copied = {"external_id": None, "metadata": LABELS["metadata"]}
    invoice, quotation = an_invoice(api, 100, **LABELS), a_quotation(api, 100, **LABELS)
    assert labels(api.data(api.post(f"/invoices/{invoice['id']}/duplicate"))) == copied
    assert labels(api.data(act(api, quotation, "duplicate"))) == copied
    assert labels(api.data(act(api, quotation, "convert"))) == copied


@pytest.mark.parametrize("auto_issue", [False, True])
def test_a_run_copies_the_metadata_of_each_schedule(api: Api, auto_issue: bool) -> None:
    customer_id = a_customer(api)
    schedules = [
        a_schedule(api, customer_id=customer_id, auto_issue=auto_issue, external_id=name, metadata={"plan": name})
        for name in ("gold", "silver")
    ]
    process(api, "2026-02-28")
    made = [[labels(bill) for bill in bills(api, schedule)] for schedule in schedules]
    assert made == [[{"external_id": None, "metadata": {"plan": name}}] * 2 for name in ("gold", "silver")]
    assert api.differences() == []


def test_a_credit_note_does_not_take_over_the_labels_of_its_invoice(api: Api) -> None:
    invoice = an_invoice(api, 100, **LABELS)
    credit_note = api.data(api.post(f"/invoices/{invoice['id']}/credit-note"))
    assert labels(credit_note) == {"external_id": None, "metadata": {}}
    assert labels(credit_note["invoice"]) == LABELS


def test_a_schedule_is_labelled_and_bills_the_new_metadata(api: Api) -> None:
    schedule = a_schedule(api, metadata={"plan": "gold"})
    api.data(api.put(f"/recurring-billing/{schedule['id']}", {"notes": "Other", "metadata": {"plan": "silver"}}))
    process(api, "2026-01-31")
    assert [bill["metadata"] for bill in bills(api, schedule)] == [{"plan": "silver"}]
