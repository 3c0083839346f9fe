"""A revision: an issued invoice is taken back, changed and issued again at once, under its number and its link."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tallystick.bills.labels import FIELDS
from tallystick.store.tables import journal, seals
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, pay, refused, standing
from tests.clock import Clock
from tests.quotations.offers import a_quotation, act
from tests.recorded import names, recorded

CONFLICT = (409, "CONFLICT")
INVALID = (422, "VALIDATION_FAILED")
ISSUED_AT, REVISED_AT = "2026-03-15T12:00:00Z", "2026-03-17T23:30:00Z"
WORK: dict[str, Any] = {"description": "Work", "unit_price": "100.50", "tax_rate": 20, "quantity": 2}
TRIP: dict[str, Any] = {"description": "Trip", "unit_price": "50", "tax_rate": 0}


@pytest.fixture
def clock() -> Clock:
    return Clock(ISSUED_AT)


@pytest.fixture
def api(database_url: str, clock: Clock) -> Iterator[Api]:
    """An account in Berlin with two customers, and books that balance at the end."""
    with opened(database_url, clock=clock) as client:
        client.put("/settings", {"timezone": "Europe/Berlin", "currency": "EUR"})
        a_customer(client)
        a_customer(client, name="Bob")
        yield client
        assert client.differences() == []


@pytest.fixture
def issued(api: Api, clock: Clock) -> Any:
    """201.00 and 20 % of tax, published: 241.20. Two days go by."""
    invoice = an_invoice(api, customer_id=1, items=[WORK], notes="As ordered")
    clock.set(REVISED_AT)
    assert str(invoice["total"]) == "241.20"
    return invoice


def revise(api: Api, invoice: Any, body: Any = None, **options: Any) -> httpx.Response:
    """The reply to a revision."""
    return api.post(f"/invoices/{invoice['id']}/revise", body or {}, **options)


def read(api: Api, invoice: Any) -> Any:
    return api.data(api.get(f"/invoices/{invoice['id']}"))


def test_what_it_names_is_changed_and_number_and_link_stay(api: Api, issued: Any) -> None:
    """201.00 + 40.20 + 50.00 = 291.20."""
    revised = api.data(revise(api, issued, {"items": [WORK, TRIP], "notes": None, "due_date": "2026-05-01"}))
    kept = ("id", "invoice_number", "share_token", "share_url", "customer_id", "issue_date", "created_at", "payments")
    assert [revised[name] for name in kept] == [issued[name] for name in kept]
    assert (revised["status"], revised["notes"], revised["due_date"]) == ("sent", None, "2026-05-01")
    assert standing(api, issued) == ("sent", "0.00", "0.00", "291.20")
    assert (revised["issued_at"], revised["revised_at"], issued["revised_at"]) == (REVISED_AT, REVISED_AT, None)
    assert revised["version"] == issued["version"] + 1
    assert read(api, issued) == revised
    assert api.data(api.get("/invoices"))[0]["revised_at"] == REVISED_AT
    assert api.data(api.get("/invoices/next-number"))["number"] == "INV-2026-0002"


def test_the_page_says_when_on_the_accounts_calendar(api: Api, issued: Any) -> None:
    """Half an hour before midnight UTC, it is the next day in Berlin."""
    path = f"/public/invoices/{issued['share_token']}"
    assert "Revised on" not in api.client.get(path).text
    assert api.data(api.client.get(f"/api/v1{path}"))["revised_on"] is None
    revise(api, issued, {"notes": "As agreed"})
    page = api.client.get(path).text
    assert "As agreed" in page
    assert "<dt>Revised on</dt><dd><bdi>18 March 2026</bdi></dd>" in page
    assert api.data(api.client.get(f"/api/v1{path}"))["revised_on"] == "2026-03-18"


def test_the_old_content_is_read_in_the_activity(api: Api, issued: Any) -> None:
    """As the API showed it, without what opens its page."""
    revise(api, issued, {"items": [TRIP], "customer_id": 2, "currency": "USD"})
    told = api.get(f"/invoices/{issued['id']}/activity")
    revised = api.data(told)[-1]
    before = revised["data"]["before"]
    assert revised["type"] == "invoice.revised"
    assert issued["share_token"] not in told.text
    unsaid = {"id", "status", "amount_paid", "amount_credited", "balance_due", "payments", "credit_notes", "send_log"}
    unsaid |= {"share_token", "share_url", "viewed_at", "last_viewed_at", "created_at", "updated_at", "items", *FIELDS}
    assert before | {name: issued[name] for name in issued.keys() - unsaid} == before
    assert before.keys() - issued.keys() == {"seller"}
    ((item,), (old_item,)) = before["items"], issued["items"]
    assert item | {name: old_item[name] for name in old_item.keys() - {"id"}} == item
    assert ('"total":241.20' in told.text, '"line_total":201.00' in told.text) == (True, True)
    assert names(recorded(api, f"invoice:{issued['id']}")) == ["invoice.created", "invoice.issued", "invoice.revised"]


def _void(api: Api, invoice: Any) -> None:
    api.data(api.post(f"/invoices/{invoice['id']}/void"))


def _unpublish(api: Api, invoice: Any) -> None:
    api.data(api.post(f"/invoices/{invoice['id']}/unpublish"))


def _pay_in_part(api: Api, invoice: Any) -> None:
    api.data(pay(api, invoice, 1))


def _pay(api: Api, invoice: Any) -> None:
    api.data(api.post(f"/invoices/{invoice['id']}/mark-paid"))


def _credit(api: Api, invoice: Any) -> None:
    item = {"item_id": invoice["items"][0]["id"], "amount": 1}
    api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"items": [item]}))


@pytest.mark.parametrize("act", [_void, _unpublish, _pay_in_part, _pay, _credit])
def test_it_wants_an_issued_invoice_without_payment_or_credit(api: Api, issued: Any, act: Any) -> None:
    act(api, issued)
    before = read(api, issued)
    assert refused(revise(api, issued, {"notes": "New"})) == CONFLICT
    assert refused(revise(api, issued)) == CONFLICT
    assert read(api, issued) == before


def test_what_is_not_there_is_not_revised(api: Api) -> None:
    draft = a_draft(api, 1)
    assert refused(revise(api, draft, {"notes": "New"})) == CONFLICT
    api.delete(f"/invoices/{draft['id']}")
    assert revise(api, draft, {"notes": "New"}).status_code == 404
    assert revise(api, {"id": 999}).status_code == 404


def test_payments_that_do_not_stand_do_not_count(api: Api, issued: Any) -> None:
    """Nor does it matter that they are of the customer and in the currency that it had then."""
    pay(api, issued, 5, status="failed")
    payment = api.data(pay(api, issued, 10))
    api.data(api.delete(f"/payments/{payment['id']}"))
    revised = api.data(revise(api, issued, {"customer_id": 2, "currency": "USD", "items": [TRIP]}))
    assert (revised["customer_name"], revised["currency"], len(revised["payments"])) == ("Bob", "USD", 2)


@pytest.mark.parametrize("number", ["MINE-7", None, ""])
def test_it_keeps_its_number(api: Api, issued: Any, number: str | None) -> None:
    given = an_invoice(api, 1, invoice_number="GIVEN-1")
    for invoice in (issued, given):
        assert revise(api, invoice, {"invoice_number": number}).status_code in (409, 422)
        same = {"invoice_number": invoice["invoice_number"], "notes": "New"}
        assert api.data(revise(api, invoice, same))["invoice_number"] == invoice["invoice_number"]


def test_the_day_stays_among_those_of_its_number(api: Api, issued: Any) -> None:
    """ADR 16: INV-2026-0001 is not of 2025. A number that the client gave is of no day."""
    assert refused(revise(api, issued, {"issue_date": "2025-12-31"})) == CONFLICT
    assert api.data(revise(api, issued, {"issue_date": "2026-01-01"}))["issue_date"] == "2026-01-01"
    given = an_invoice(api, 1, invoice_number="GIVEN-1")
    assert api.data(revise(api, given, {"issue_date": "2025-12-31"}))["issue_date"] == "2025-12-31"


def test_a_number_of_an_older_pattern_keeps_to_its_days(api: Api, issued: Any) -> None:
    api.put("/settings", {"number_patterns": {"invoice": "{SEQ}"}})
    assert refused(revise(api, issued, {"issue_date": "2025-12-31"})) == CONFLICT
    dateless = an_invoice(api, 1)
    api.put("/settings", {"number_patterns": {"invoice": "{YYYY}-{SEQ}"}})
    assert api.data(revise(api, dateless, {"issue_date": "2025-12-31"}))["issue_date"] == "2025-12-31"
    assert api.data(revise(api, issued, {"notes": "New"}))["issue_date"] == issued["issue_date"]


def test_a_draft_that_has_a_number_keeps_to_its_days_too(api: Api, issued: Any) -> None:
    """Finding 12."""
    _unpublish(api, issued)
    assert refused(api.put(f"/invoices/{issued['id']}", {"issue_date": "2025-12-31"})) == CONFLICT
    assert api.put(f"/invoices/{issued['id']}", {"issue_date": "2026-12-31", "due_date": None}).is_success


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"items": []}, {"items"}),
        ({"customer_id": 999}, {"customer_id"}),
        ({"due_date": "2026-01-01", "issue_date": "2026-02-01"}, {"due_date"}),
        ({"items": [{"product_id": 9}], "customer_id": 999}, {"customer_id", "items.0.product_id"}),
        ({"discont_value": 3}, {"discont_value"}),
    ],
)
def test_what_is_wrong_is_refused_whole(api: Api, issued: Any, body: Any, fields: set[str]) -> None:
    reply = revise(api, issued, body)
    assert refused(reply) == INVALID
    assert fields <= reply.json()["errors"].keys()
    assert read(api, issued) == issued


@pytest.mark.parametrize(
    "body",
    [{}, {"notes": "As ordered"}, {"items": [WORK]}, {"customer_id": 1, "currency": "EUR", "due_date": "2026-04-14"}],
)
def test_what_changes_nothing_is_no_revision(api: Api, issued: Any, body: Any) -> None:
    assert api.data(revise(api, issued, body)) == issued
    assert read(api, issued) == issued
    assert names(recorded(api, f"invoice:{issued['id']}")) == ["invoice.created", "invoice.issued"]


def test_it_is_issued_to_the_customer_as_it_is_by_now(api: Api, issued: Any) -> None:
    """As it would be if it were unpublished and published again."""
    api.put("/customers/1", {"city": "Bremen"})
    revised = api.data(revise(api, issued))
    assert (revised["customer"]["city"], revised["revised_at"]) == ("Bremen", REVISED_AT)


def test_another_customer_and_currency(api: Api, issued: Any) -> None:
    """What Ann owed she owes no longer, and Bob does: the journal is reversed and posted anew."""
    revised = api.data(
        revise(api, issued, {"customer_id": 2, "currency": "JPY", "items": [{**WORK, "unit_price": 60}]})
    )
    assert (str(revised["total"]), revised["customer"]["name"]) == ("144", "Bob")
    ann, bob = (api.data(api.get(f"/customers/{each}"))["summary"] for each in (1, 2))
    assert (str(ann["EUR"]["total_invoiced"]), str(ann["EUR"]["outstanding"])) == ("0.00", "0.00")
    assert (str(bob["JPY"]["total_invoiced"]), str(bob["JPY"]["outstanding"])) == ("144", "144")
    statement = select(journal.c.event, journal.c.customer_id, journal.c.currency, journal.c.amount)
    with api.database.read() as tx:
        posted = [tuple(row) for row in tx.connection.execute(statement.order_by(journal.c.id)).all()]
    assert posted == [
        ("issue", 1, "EUR", 20100),
        ("issue", 1, "EUR", 4020),
        ("unpublish", 1, "EUR", 20100),
        ("unpublish", 1, "EUR", 4020),
        ("issue", 2, "JPY", 120),
        ("issue", 2, "JPY", 24),
    ]
    amounts = api.data(api.get("/stats"))["amounts"]
    assert {currency: str(sums["invoiced"]) for currency, sums in amounts.items() if sums["invoiced"]} == {"JPY": "144"}


def test_it_is_paid_when_nothing_is_left_to_pay(api: Api, issued: Any) -> None:
    """And not again by a revision of what is paid already."""
    revise(api, issued, {"items": [{**TRIP, "unit_price": 0}]})
    revise(api, issued, {"notes": "A gift"})
    assert standing(api, issued) == ("paid", "0.00", "0.00", "0.00")
    told = names(recorded(api, f"invoice:{issued['id']}"))
    assert told[2:] == ["invoice.revised", "invoice.paid", "invoice.revised"]
    revise(api, issued, {"items": [TRIP]})
    pay(api, issued, 50)
    assert names(recorded(api, f"invoice:{issued['id']}")).count("invoice.paid") == 2


def test_both_contents_are_sealed(api: Api, issued: Any) -> None:
    """The seal on the old content is withdrawn, and one is set on the new."""
    revise(api, issued, {"notes": "New"})
    with api.database.read() as tx:
        hashes = tx.connection.execute(
            select(seals.c.content_hash).where(seals.c.kind == "invoice").order_by(seals.c.position)
        ).all()
    old, withdrawn, new = (row.content_hash for row in hashes)
    assert withdrawn is None
    assert None not in (old, new)
    assert old != new


def test_a_stale_version_is_refused(api: Api, issued: Any) -> None:
    stale = issued["version"] - 1
    assert refused(revise(api, issued, {"notes": "New", "version": stale})) == CONFLICT
    assert not revise(api, issued, {"notes": "New"}, headers={"If-Match": f'"{stale}"'}).is_success
    assert read(api, issued) == issued
    current = {"If-Match": f'"{issued["version"]}"'}
    assert api.data(revise(api, issued, {"notes": "New"}, headers=current))["notes"] == "New"


def test_a_repeat_under_the_same_key_revises_once(api: Api, issued: Any) -> None:
    key = {"Idempotency-Key": "revision-1"}
    first, second = (revise(api, issued, {"notes": "New"}, headers=key) for _ in range(2))
    assert (second.content, second.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert names(recorded(api)).count("invoice.revised") == 1


def test_without_a_link_it_gets_none(api: Api) -> None:
    draft = a_draft(api, 1)
    api.data(api.post(f"/invoices/{draft['id']}/mark-sent"))
    assert api.data(revise(api, draft, {"notes": "New"}))["share_token"] is None


def test_a_draft_and_a_copy_are_not_revised(api: Api, issued: Any) -> None:
    revise(api, issued, {"notes": "New"})
    assert api.data(api.post(f"/invoices/{issued['id']}/duplicate"))["revised_at"] is None
    assert api.data(api.post(f"/invoices/{issued['id']}/unpublish"))["revised_at"] is None
    assert api.data(api.post(f"/invoices/{issued['id']}/publish"))["revised_at"] is None


def test_its_quotation_stays_what_it_was(api: Api) -> None:
    quotation = a_quotation(api, 100)
    invoice = api.data(act(api, quotation, "convert"))
    api.data(api.post(f"/invoices/{invoice['id']}/publish"))
    before = api.data(api.get(f"/quotations/{quotation['id']}"))
    api.data(revise(api, invoice, {"items": [TRIP]}))
    assert api.data(api.get(f"/quotations/{quotation['id']}")) == before


def test_revise_against_pay(api: Api) -> None:
    """Whoever is second is refused: a payment is never of a content that it was not made for."""
    outcomes = set()
    for _ in range(10):
        invoice = an_invoice(api, 100, customer_id=1)
        with ThreadPoolExecutor(2) as pool:
            revision = pool.submit(revise, api, invoice, {"items": [{**TRIP, "unit_price": 60}]})
            payment = pool.submit(pay, api, invoice, 100)
            outcomes.add((revision.result().status_code, payment.result().status_code))
    assert outcomes <= {(200, 409), (409, 201)}


def test_one_of_two_revisions_of_the_same_version_wins(api: Api, issued: Any) -> None:
    bodies = [{"notes": f"Note {number}", "version": issued["version"]} for number in range(6)]
    with ThreadPoolExecutor(len(bodies)) as pool:
        statuses = [reply.status_code for reply in pool.map(partial(revise, api, issued), bodies)]
    assert sorted(statuses) == [200, *[409] * 5]
    assert names(recorded(api)).count("invoice.revised") == 1


def test_labels_alone_are_changed_and_revise_nothing(api: Api, issued: Any, clock: Clock) -> None:
    api.data(api.put("/customers/1", {"name": "Ann by now"}))
    path, labels = f"/invoices/{issued['id']}", {"external_id": "A-17", "metadata": {"order": "4711"}}
    with api.database.read() as tx:
        sealed = len(tx.connection.execute(select(seals)).all())
    answer = api.post(f"{path}/revise", labels)
    now = api.data(answer)
    assert answer.json()["message"] == "The external_id and metadata are changed; what the invoice says is not."
    assert (now["external_id"], now["metadata"], now["revised_at"]) == ("A-17", {"order": "4711"}, None)
    assert (now["customer"]["name"], now["version"]) == ("Ann Example", issued["version"] + 1)
    assert api.data(api.get(f"{path}/activity"))[-1]["type"] == "invoice.updated"
    clock.set("2026-03-18T09:00:00Z")
    again = api.post(f"{path}/revise", labels)
    assert again.json()["message"] == "The invoice says this already; nothing is changed."
    assert api.data(again)["version"] == now["version"]
    with api.database.read() as tx:
        assert len(tx.connection.execute(select(seals)).all()) == sealed
