"""A voided period can be billed again, by a duplicate of its invoice and by nothing else, and only once at a time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api import Api
from tests.bills import refused
from tests.recurring.schedules import a_schedule, bills, days, now, process

PERIOD = ("recurring_id", "period_start", "period_end")
THREADS = 6


def an_invoice_of_a_schedule(api: Api, **fields: Any) -> int:
    """The id of an issued invoice for June 15 to July 14."""
    a_schedule(api, start_date="2026-06-15", **fields)
    (invoice,) = process(api)["invoices"]
    return int(invoice)


def duplicate(api: Api, invoice: int) -> Any:
    return api.post(f"/invoices/{invoice}/duplicate")


def do(api: Api, invoice: int, action: str) -> None:
    api.data(api.post(f"/invoices/{invoice}/{action}"))


def period_of(bill: Any) -> tuple[Any, ...]:
    return tuple(bill[name] for name in PERIOD)


def test_a_duplicate_of_a_voided_invoice_bills_its_period_again(api: Api) -> None:
    invoice = an_invoice_of_a_schedule(api)
    do(api, invoice, "void")
    copy = api.data(duplicate(api, invoice))
    assert (copy["status"], period_of(copy)) == ("draft", (1, "2026-06-15", "2026-07-14"))
    do(api, copy["id"], "publish")
    assert [bill["status"] for bill in bills(api, {"id": 1})] == ["voided", "sent"]
    # It was counted when it was billed first.
    assert now(api, {"id": 1})["occurrences"] == 1


def test_a_duplicate_of_any_other_bills_no_period(api: Api) -> None:
    invoice = an_invoice_of_a_schedule(api)
    for _ in range(2):
        assert period_of(api.data(duplicate(api, invoice))) == (None, None, None)
    assert days(api, {"id": 1}) == ["26-06-15"]


def test_a_run_does_not_bill_a_voided_period(api: Api) -> None:
    invoice = an_invoice_of_a_schedule(api)
    do(api, invoice, "void")
    assert [process(api, dry_run=dry)["created"] for dry in (True, False)] == [0, 0]
    for _ in range(2):
        api.post("/recurring-billing/1/toggle", {"catch_up": True})
    api.put("/recurring-billing/1", {"frequency": "weekly", "start_date": "2026-06-08", "skip_unbilled": True})
    assert process(api, "2026-07-14")["created"] == 0
    assert len(days(api, {"id": 1})) == 1


def test_of_one_period_there_is_one_invoice_at_a_time(api: Api) -> None:
    invoice = an_invoice_of_a_schedule(api)
    do(api, invoice, "void")
    copy = api.data(duplicate(api, invoice))["id"]

    def refusal() -> str:
        response = duplicate(api, invoice)
        assert refused(response) == (409, "CONFLICT")
        return str(response.json()["error"])

    assert refusal() == (
        f"The invoice DRAFT-{copy} (id {copy}) bills this period already. "
        "Change that draft, or delete it permanently first."
    )
    do(api, copy, "publish")
    assert refusal() == f"The invoice INV-2026-0002 (id {copy}) bills this period already. Void it first."
    do(api, copy, "unpublish")
    assert f"INV-2026-0002 (id {copy})" in refusal()
    do(api, copy, "publish")
    do(api, copy, "void")
    # Either of the two voided ones will do, but again only one.
    third = api.data(duplicate(api, copy))["id"]
    assert f"DRAFT-{third}" in refusal()
    assert refused(duplicate(api, copy)) == (409, "CONFLICT")


def test_a_draft_in_the_trash_keeps_its_period_until_it_is_gone(api: Api) -> None:
    invoice = an_invoice_of_a_schedule(api)
    do(api, invoice, "void")
    copy = api.data(duplicate(api, invoice))["id"]
    api.delete(f"/invoices/{copy}")
    response = duplicate(api, invoice)
    assert response.json()["error"].endswith("It is in the trash: restore it, or delete it permanently first.")
    assert period_of(api.data(api.post(f"/invoices/{copy}/restore"))) == (1, "2026-06-15", "2026-07-14")
    api.delete(f"/invoices/{copy}")
    api.data(api.post("/invoices/trash/batch", {"action": "permanent-delete", "ids": [copy]}))
    again = api.data(duplicate(api, invoice))
    assert period_of(again) == (1, "2026-06-15", "2026-07-14")
    assert process(api)["created"] == 0


def test_in_a_batch_each_stands_alone(api: Api) -> None:
    invoice = an_invoice_of_a_schedule(api)
    do(api, invoice, "void")
    done = api.data(api.post("/invoices/batch", {"action": "duplicate", "ids": [invoice]}))
    assert done["succeeded"] == 1
    done = api.data(api.post("/invoices/batch", {"action": "duplicate", "ids": [invoice]}))
    assert (done["failed"], done["errors"][0]["code"]) == (1, "CONFLICT")


def test_of_a_deleted_schedule_too(api: Api) -> None:
    invoice = an_invoice_of_a_schedule(api)
    do(api, invoice, "void")
    api.data(api.delete("/recurring-billing/1"))
    assert period_of(api.data(duplicate(api, invoice)))[0] == 1


@pytest.mark.parametrize("batch", [False, True])
def test_of_duplicates_at_once_one_wins_and_the_others_are_told_which(api: Api, batch: bool) -> None:
    invoice = an_invoice_of_a_schedule(api)
    do(api, invoice, "void")

    def again(_: int) -> Any:
        if batch:
            done = api.data(api.post("/invoices/batch", {"action": "duplicate", "ids": [invoice]}))
            return done["errors"][0]["reason"] if done["failed"] else None
        response = duplicate(api, invoice)
        return None if response.status_code == 201 else (refused(response), response.json()["error"])[1]

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(again, range(THREADS)))
    (copy,) = [bill for bill in bills(api, {"id": 1}) if bill["status"] == "draft"]
    assert answers.count(None) == 1
    assert all(f"DRAFT-{copy['id']} " in answer for answer in answers if answer)
