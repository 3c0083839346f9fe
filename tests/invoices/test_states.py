"""The states of an invoice after its issue: void, unpublish, duplicate, the trash, and the record of it all."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_draft, an_invoice, pay, refused, standing

CONFLICT = (409, "CONFLICT")


def test_an_invoice_with_a_payment_is_not_voided_until_it_is_reversed(api: Api) -> None:
    """Scenario C2."""
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 10))
    assert refused(api.post(f"/invoices/{invoice['id']}/void")) == CONFLICT
    assert api.delete(f"/invoices/{invoice['id']}/payments/{payment['id']}").is_success
    voided = api.data(api.post(f"/invoices/{invoice['id']}/void"))
    assert (voided["status"], voided["invoice_number"]) == ("voided", invoice["invoice_number"])


@pytest.mark.parametrize("action", ["publish", "unpublish", "void", "mark-sent", "mark-paid", "credit-note", "send"])
def test_a_voided_invoice_stays_voided(api: Api, action: str) -> None:
    invoice = an_invoice(api, 100)
    api.post(f"/invoices/{invoice['id']}/void")
    assert api.post(f"/invoices/{invoice['id']}/{action}", {}).status_code == 409
    assert standing(api, invoice)[0] == "voided"


def test_unpublish_and_publish_keep_the_number_and_revoke_the_link(api: Api) -> None:
    """Scenario N4."""
    invoice = an_invoice(api, 100)
    draft = api.data(api.post(f"/invoices/{invoice['id']}/unpublish"))
    assert (draft["status"], draft["share_token"], draft["customer_name"]) == ("draft", None, "Ann Example")
    other = an_invoice(api, 100)
    again = api.data(api.post(f"/invoices/{invoice['id']}/publish"))
    assert again["invoice_number"] == invoice["invoice_number"] != other["invoice_number"]
    assert again["share_token"] != invoice["share_token"]


def test_an_unpublished_draft_can_be_changed_but_not_renumbered(api: Api) -> None:
    invoice = an_invoice(api, 100)
    path = f"/invoices/{invoice['id']}"
    api.post(f"{path}/unpublish")
    assert refused(api.put(path, {"invoice_number": "MINE-1"})) == CONFLICT
    items = [{"description": "Other", "unit_price": 70, "tax_rate": 0}]
    assert str(api.data(api.put(path, {"items": items}))["total"]) == "70.00"
    assert str(api.data(api.post(f"{path}/publish"))["balance_due"]) == "70.00"


def test_something_paid_or_credited_is_not_unpublished(api: Api) -> None:
    paid, credited = an_invoice(api, 100), an_invoice(api, 100)
    pay(api, paid, 10)
    api.post(f"/invoices/{credited['id']}/credit-note")
    for invoice in (paid, credited):
        assert refused(api.post(f"/invoices/{invoice['id']}/unpublish")) == CONFLICT
        assert refused(api.post(f"/invoices/{invoice['id']}/void")) == CONFLICT


def test_a_duplicate_is_a_draft_of_today_with_the_same_content(api: Api) -> None:
    items = [
        {"description": "Hours", "quantity": "2.5", "unit_price": "80", "tax_rate": 20, "unit": "h"},
        {"description": "Rebate", "unit_price": "-10", "tax_rate": 20},
    ]
    fields: dict[str, Any] = {
        "discount_type": "percentage",
        "discount_value": 5,
        "notes": "Thanks",
        "payment_terms": "Net 14",
    }
    original = an_invoice(api, items=items, issue_date="2026-01-31", due_date="2026-02-14", **fields)
    copy = api.data(api.post(f"/invoices/{original['id']}/duplicate"))
    assert (copy["status"], copy["invoice_number"]) == ("draft", f"DRAFT-{copy['id']}")
    same = ("customer_id", "total", "tax_total", "taxes", "discount_amount", "notes", "payment_terms", "currency")
    assert {name: copy[name] for name in same} == {name: original[name] for name in same}
    assert [{**item, "id": 0} for item in copy["items"]] == [{**item, "id": 0} for item in original["items"]]
    assert copy["issue_date"] == copy["created_at"][:10]
    assert api.data(api.post(f"/invoices/{copy['id']}/publish"))["invoice_number"] != original["invoice_number"]


def test_a_draft_in_the_trash_is_nowhere_until_it_is_restored(api: Api) -> None:
    draft = a_draft(api, 100)
    path = f"/invoices/{draft['id']}"
    assert api.delete(path).is_success
    assert api.get(path).status_code == api.post(f"{path}/publish").status_code == api.delete(path).status_code == 404
    assert api.get("/invoices").json()["pagination"]["total"] == 0
    assert [row["id"] for row in api.data(api.get("/invoices/trash/list"))] == [draft["id"]]
    assert api.data(api.post(f"{path}/restore"))["status"] == "draft"
    assert api.data(api.get("/invoices/trash/list")) == []
    assert api.post(f"{path}/restore").status_code == 404


def test_only_drafts_are_deleted(api: Api) -> None:
    assert refused(api.delete(f"/invoices/{an_invoice(api, 100)['id']}")) == CONFLICT


def test_a_number_once_issued_is_never_deleted(api: Api) -> None:
    """A number that is gone would be a gap; so the draft that holds it is issued again and voided."""
    numbered, plain, given = an_invoice(api, 1), a_draft(api, 1), an_invoice(api, 1, invoice_number="MINE-7")
    for invoice in (numbered, given):
        api.post(f"/invoices/{invoice['id']}/unpublish")
    ids = [numbered["id"], plain["id"], given["id"]]
    deleted = api.data(api.post("/invoices/batch", {"action": "delete", "ids": ids}))
    assert (deleted["succeeded"], [error["id"] for error in deleted["errors"]]) == (2, [numbered["id"]])
    assert "void it" in deleted["errors"][0]["reason"]
    assert refused(api.delete(f"/invoices/{numbered['id']}")) == CONFLICT
    purged = api.data(api.post("/invoices/trash/batch", {"action": "permanent-delete", "ids": ids}))
    # The number that was given is no place of the sequence, but the journal still names its invoice.
    assert (purged["succeeded"], [error["id"] for error in purged["errors"]]) == (1, [numbered["id"], given["id"]])
    assert [row["id"] for row in api.data(api.get("/invoices/trash/list"))] == [given["id"]]
    assert api.post(f"/invoices/{numbered['id']}/publish").is_success
    assert api.data(api.post(f"/invoices/{numbered['id']}/void"))["invoice_number"] == numbered["invoice_number"]


def test_the_record_tells_who_did_what(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 10))
    api.delete(f"/payments/{payment['id']}")
    api.post(f"/invoices/{invoice['id']}/void")
    activity = api.data(api.get(f"/invoices/{invoice['id']}/activity"))
    assert [event["type"] for event in activity] == [
        "invoice.created",
        "invoice.issued",
        "payment.created",
        "payment.reversed",
        "invoice.voided",
    ]
    assert {event["actor"] for event in activity} == {f"key:{key['id']}" for key in api.data(api.get("/api-keys"))}
    assert [event["subject"] for event in activity[1:3]] == [f"invoice:{invoice['id']}", f"payment:{payment['id']}"]
    assert [str(event["data"]["amount"]) for event in activity[2:4]] == ["10.00", "10.00"]


def test_void_against_pay(api: Api) -> None:
    """Whoever is second is refused: never a voided invoice with money on it."""
    for _ in range(5):
        invoice = an_invoice(api, 100)
        with ThreadPoolExecutor(2) as pool:
            void = pool.submit(api.post, f"/invoices/{invoice['id']}/void")
            payment = pool.submit(pay, api, invoice, 100)
            statuses = (void.result().status_code, payment.result().status_code)
        assert statuses in ((200, 409), (409, 201))
        assert standing(api, invoice)[0] == ("voided" if statuses[0] == 200 else "paid")


def test_two_unpublishes_against_a_payment(api: Api) -> None:
    for _ in range(5):
        invoice = an_invoice(api, 100)
        path = f"/invoices/{invoice['id']}"
        with ThreadPoolExecutor(3) as pool:
            unpublished = [pool.submit(api.post, f"{path}/unpublish") for _ in range(2)]
            payment = pool.submit(pay, api, invoice, 100)
            succeeded = sorted(future.result().status_code for future in unpublished)
            paid = payment.result().status_code
        assert (succeeded, paid) in (([200, 409], 409), ([409, 409], 201))
        assert standing(api, invoice)[0] == ("paid" if paid == 201 else "draft")


def test_parallel_credit_notes_never_exceed_the_invoice(api: Api) -> None:
    invoice = an_invoice(api, 100)
    items = [{"item_id": invoice["items"][0]["id"], "amount": 30}]
    with ThreadPoolExecutor(8) as pool:
        replies = list(
            pool.map(lambda _: api.post(f"/invoices/{invoice['id']}/credit-note", {"items": items}), range(8))
        )
    assert sorted(reply.status_code for reply in replies) == [201] * 3 + [422] * 5
    assert standing(api, invoice) == ("partially_paid", "0.00", "90.00", "10.00")
