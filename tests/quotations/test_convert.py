"""Converting a quotation to an invoice: the same content, once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallystick.quotations.convert import to_invoice
from tallystick.store.db import Tx
from tests.api import Api, opened
from tests.bills import refused
from tests.clock import Clock
from tests.quotations.offers import a_quotation, act, offer, status_of

THREADS = 20
CONTENT = (
    "currency",
    "subtotal",
    "discount_type",
    "discount_value",
    "discount_amount",
    "tax_total",
    "taxes",
    "total",
    "notes",
    "payment_terms",
    "prices_include_tax",
    "template_id",
    "customer_id",
    "customer",
)
PARTS = st.fixed_dictionaries(
    {"unit_price": st.decimals(0, 10_000, places=3).map(str), "quantity": st.integers(1, 50)},
    optional={
        "tax_rate": st.sampled_from(["0", "7", "8.25", "19"]),
        "discount_type": st.just("percentage"),
        "discount_value": st.sampled_from(["0", "33.3"]),
    },
).map(lambda item: {"discount_type": "percentage", "discount_value": "0", "description": "Work", **item})


def content(bill: dict[str, Any]) -> dict[str, Any]:
    """What a bill says, without what is only its own."""
    items = [{name: value for name, value in item.items() if name != "id"} for item in bill["items"]]
    return {name: bill[name] for name in CONTENT} | {"items": items}


def test_the_invoice_has_the_content_and_its_own_dates(database_url: str) -> None:
    clock = Clock("2026-03-15T12:00:00Z")
    with opened(database_url, clock=clock) as api:
        tax = api.data(api.post("/taxes", {"name": "VAT", "rate": 19}))["id"]
        product = api.data(api.post("/products", {"name": "Hour", "unit_price": "96.505", "unit": "h", "tax_id": tax}))[
            "id"
        ]
        items = [
            {"product_id": product, "quantity": "2.5"},
            {"description": "Rebate", "unit_price": -10, "tax_id": tax},
        ]
        made = a_quotation(api, items=items, discount_type="percentage", discount_value="12.5", payment_terms="Net 30")
        # What was offered stays, whatever becomes of its sources.
        api.put(f"/products/{product}", {"unit_price": 120})
        api.delete(f"/products/{product}")
        api.put(f"/taxes/{tax}", {"rate": 21})
        api.put("/settings", {"rounding": "line", "payment_terms_days": 14, "prices_include_tax": True})
        clock.set("2026-03-20T12:00:00Z")
        invoice = api.data(act(api, made, "convert"))
        assert content(invoice) == content(made)
        # 2.5 x 96.505 = 241.2625, so 241.26; less 10 = 231.26; 12.5 % of it 28.9075, so 28.91; 19 % of 202.35 = 38.4465
        assert [str(invoice[name]) for name in ("subtotal", "discount_amount", "tax_total", "total")] == [
            "231.26",
            "28.91",
            "38.45",
            "240.80",
        ]
        assert (invoice["status"], invoice["issue_date"], invoice["due_date"]) == ("draft", "2026-03-20", "2026-04-03")
        assert api.data(api.get(f"/invoices/{invoice['id']}")) == invoice


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    items=st.lists(PARTS, min_size=1, max_size=5), discount=st.sampled_from(["0", "10", "99.99"]), gross=st.booleans()
)
@pytest.mark.database("sqlite")
def test_totals_are_the_same_everywhere(api: Api, items: list[dict[str, Any]], discount: str, gross: bool) -> None:
    """Scenario M5, from quotation to invoice."""
    fields = {"items": items, "discount_type": "percentage", "discount_value": discount, "prices_include_tax": gross}
    made = a_quotation(api, **fields)
    previewed = api.data(api.post("/quotations/preview", {"customer_id": made["customer_id"], **fields}))
    shared = api.data(act(api, made, "publish"))["share_token"]
    public = api.data(api.client.get(f"/api/v1/public/quotations/{shared}"))
    (row, *_) = api.data(api.get("/quotations?limit=1"))
    invoice = api.data(act(api, made, "convert"))
    link = api.data(api.post(f"/invoices/{invoice['id']}/publish"))["share_token"]
    public_invoice = api.data(api.client.get(f"/api/v1/public/invoices/{link}"))
    names = ("subtotal", "discount_amount", "tax_total", "taxes", "total")
    for bill in (previewed, public, row, invoice, public_invoice):
        assert {name: bill[name] for name in names} == {name: made[name] for name in names}
    tax = Decimal(0) if gross else made["tax_total"]
    assert made["subtotal"] - made["discount_amount"] + tax == made["total"]


@pytest.mark.parametrize("action", ["publish", "accept", None])
def test_whatever_is_not_refused_converts_once(api: Api, action: str | None) -> None:
    made = a_quotation(api, 100)
    if action:
        assert act(api, made, action).is_success
    response = act(api, made, "convert")
    assert (response.status_code, api.data(response)["status"]) == (201, "draft")
    invoice_id = api.data(response)["id"]
    again = act(api, made, "convert")
    assert refused(again) == (409, "CONFLICT")
    assert again.json()["error"].endswith(f" {invoice_id}.")
    shown = api.data(api.get(f"/quotations/{made['id']}"))
    assert (shown["status"], shown["invoice_id"]) == ("converted", invoice_id)
    assert shown["quotation_number"].startswith("QUO-")
    assert len(api.data(api.get("/invoices"))) == 1


def test_of_many_converts_at_once_one_makes_an_invoice(api: Api) -> None:
    made = a_quotation(api, 100)
    with ThreadPoolExecutor(THREADS) as threads:
        responses = list(threads.map(lambda _: act(api, made, "convert"), range(THREADS)))
    assert Counter(response.status_code for response in responses) == {201: 1, 409: THREADS - 1}
    (invoice,) = api.data(api.get("/invoices"))
    losers = {response.json()["error"] for response in responses if response.status_code == 409}
    assert losers == {f"The quotation is converted already: to the invoice with the id {invoice['id']}."}


def test_accepted_and_rejected_at_once_it_is_one_of_both(api: Api) -> None:
    for _ in range(5):
        made = a_quotation(api, 100)
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda action, one=made: act(api, one, action), ["accept", "reject"]))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}
        (winner,) = (answer for answer in answers if answer.is_success)
        assert status_of(api, made) == api.data(winner)["status"]


def test_a_convert_that_is_repeated_with_its_key_is_replayed(api: Api) -> None:
    made = a_quotation(api, 100)
    path, headers = f"/quotations/{made['id']}/convert", {"Idempotency-Key": "once"}
    first, second = api.post(path, headers=headers), api.post(path, headers=headers)
    assert (first.status_code, second.status_code, first.content) == (201, 201, second.content)
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_convert_that_fails_leaves_nothing(api: Api) -> None:
    made = a_quotation(api, 100)

    def convert_and_fail(tx: Tx) -> None:
        to_invoice(tx, api.account, made["id"])
        raise InterruptedError

    with pytest.raises(InterruptedError):
        api.database.transact("tests", convert_and_fail)
    assert status_of(api, made) == "draft"
    assert api.data(api.get("/invoices")) == []
    assert api.data(act(api, made, "publish"))["quotation_number"].endswith("-0001")


def test_the_draft_of_a_quotation_stays_on_record(api: Api) -> None:
    made = a_quotation(api, 100)
    invoice = api.data(act(api, made, "convert"))
    assert api.delete(f"/invoices/{invoice['id']}").is_success
    purge = {"action": "permanent-delete", "ids": [invoice["id"]]}
    (error,) = api.data(api.post("/invoices/trash/batch", purge))["errors"]
    assert error["code"] == "CONFLICT"
    assert "quotation" in error["reason"]
    assert refused(act(api, made, "convert")) == (409, "CONFLICT")


def test_another_account_has_no_such_quotation(database_url: str) -> None:
    with opened(database_url) as ours, opened(database_url) as theirs:
        made = a_quotation(ours, 100)
        token = ours.data(act(ours, made, "publish"))["share_token"]
        assert {act(theirs, made, action).status_code for action in ("convert", "accept", "publish", "send")} == {404}
        _account, _dot, secret = token.partition(".")
        link = f"/api/v1/public/quotations/{theirs.account.id}.{secret}"
        assert theirs.client.get(link).status_code == 404
        assert offer(theirs, 100, customer_id=made["customer_id"]).json()["errors"].keys() == {"customer_id"}
