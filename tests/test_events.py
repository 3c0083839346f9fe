"""What is recorded, about whom, and what an invoice's activity shows of it."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.quotations.offers import a_quotation, act
from tests.recorded import names, recorded
from tests.recurring.schedules import a_schedule, process

PAID = "invoice.paid"


def activity(api: Api, invoice: Any) -> list[tuple[str, str]]:
    """What an invoice's activity names, and of what subject."""
    return [(each["type"], each["subject"]) for each in api.data(api.get(f"/invoices/{invoice['id']}/activity"))]


def times_paid(api: Api, invoice: Any) -> int:
    return names(recorded(api, f"invoice:{invoice['id']}")).count(PAID)


def test_a_payment_of_two_invoices_is_one_event_with_all_that_it_says(api: Api) -> None:
    ann = a_customer(api)
    one, two = an_invoice(api, 40, customer_id=ann), an_invoice(api, 60, customer_id=ann)
    shares = [{"invoice_id": one["id"], "amount": 40}, {"invoice_id": two["id"], "amount": 10}]
    more = {"excess": "credit", "method": "cash", "reference": "TX-1", "date": "2026-03-01", "notes": "Thanks"}
    body = {"customer_id": ann, "amount": "55.50", "allocations": shares, **more}
    payment = api.data(api.post("/payments", body))
    (created,) = recorded(api, f"payment:{payment['id']}")
    content = {
        "customer_id": ann,
        "currency": "USD",
        "amount": 5550,
        "to_credit": 550,
        "method": "cash",
        "reference": "TX-1",
        "date": "2026-03-01",
        "notes": "Thanks",
        "status": "succeeded",
        "allocations": [{"invoice_id": one["id"], "amount": 4000}, {"invoice_id": two["id"], "amount": 1000}],
    }
    assert (created.type, created.data) == ("payment.created", content)
    api.data(api.delete(f"/payments/{payment['id']}"))
    _, taken_back = recorded(api, f"payment:{payment['id']}")
    assert (taken_back.type, taken_back.data) == ("payment.reversed", {**content, "status": "reversed"})


def test_a_failed_attempt_is_told_as_such(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 30, status="failed"))
    (failed,) = recorded(api, f"payment:{payment['id']}")
    assert (failed.type, (failed.data or {})["status"]) == ("payment.failed", "failed")
    assert activity(api, invoice)[-1] == ("payment.failed", f"payment:{payment['id']}")


def test_a_payment_of_nothing_but_credit_is_told(api: Api) -> None:
    payment = api.data(api.post("/payments", {"customer_id": a_customer(api), "amount": 5, "excess": "credit"}))
    assert names(recorded(api, f"payment:{payment['id']}")) == ["payment.created"]


def test_an_invoice_is_paid_once_its_balance_is_0(api: Api) -> None:
    invoice = an_invoice(api, 100)
    pay(api, invoice, 99)
    assert times_paid(api, invoice) == 0
    pay(api, invoice, 1)
    paid = recorded(api, f"invoice:{invoice['id']}")[-1]
    assert (paid.type, paid.data) == (PAID, {"currency": "USD", "amount_paid": 10000, "amount_credited": 0})
    api.data(api.post(f"/invoices/{invoice['id']}/mark-paid"))
    assert times_paid(api, invoice) == 1


def test_it_is_paid_again_only_after_it_was_taken_back(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 100))
    api.data(api.delete(f"/payments/{payment['id']}"))
    assert times_paid(api, invoice) == 1
    pay(api, invoice, 100, excess="credit")
    assert times_paid(api, invoice) == 2
    # What is credited now becomes the customer's credit, and the invoice stays paid.
    api.data(api.post(f"/invoices/{invoice['id']}/credit-note"))
    assert times_paid(api, invoice) == 2


def test_it_is_paid_by_a_credit_note_and_by_credit_too(api: Api) -> None:
    ann = a_customer(api)
    credited = an_invoice(api, 100, customer_id=ann)
    pay(api, credited, 60)
    api.data(api.post(f"/invoices/{credited['id']}/credit-note"))
    told = [(each.type.value, each.data) for each in recorded(api, f"invoice:{credited['id']}")[-2:]]
    note = {"credit_note_id": 1, "currency": "USD", "total": 10000, "to_credit": 6000}
    assert told == [
        ("invoice.credited", note),
        (PAID, {"currency": "USD", "amount_paid": 6000, "amount_credited": 4000}),
    ]
    (issued,) = recorded(api, "credit_note:1")
    facts = {"invoice_id": credited["id"], "currency": "USD", "total": 10000, "to_credit": 6000}
    assert (issued.type, issued.data) == ("credit_note.issued", facts)
    from_credit = an_invoice(api, 60, customer_id=ann)
    pay(api, from_credit, 60, method="credit")
    assert times_paid(api, from_credit) == 1


@pytest.mark.parametrize("action", ["publish", "mark-sent", "mark-paid"])
def test_an_invoice_of_0_is_paid_at_its_issue(api: Api, action: str) -> None:
    draft = a_draft(api, 0)
    api.data(api.post(f"/invoices/{draft['id']}/{action}"))
    assert names(recorded(api, f"invoice:{draft['id']}")) == ["invoice.created", "invoice.issued", PAID]


def test_a_schedules_invoice_of_0_is_paid_at_its_issue(api: Api) -> None:
    a_schedule(api, amount=0)
    (first, *_) = process(api)["invoices"]
    assert names(recorded(api, f"invoice:{first}")) == ["invoice.created", "invoice.issued", PAID]


@pytest.mark.parametrize("action", ["publish", "mark-sent", "mark-paid"])
def test_facts_tell_what_an_invoice_was_issued_by(api: Api, action: str) -> None:
    draft = a_draft(api, 100)
    api.data(api.post(f"/invoices/{draft['id']}/{action}"))
    issued = recorded(api, f"invoice:{draft['id']}")[1]
    assert issued.data == {"action": action, "currency": "USD", "total": 10000}


def test_the_life_of_a_draft(api: Api) -> None:
    draft = a_draft(api, 1)
    path = f"/invoices/{draft['id']}"
    api.put(path, {"notes": "New"})
    api.delete(path)
    api.post(f"{path}/restore")
    api.delete(path)
    api.post("/invoices/trash/batch", {"action": "permanent-delete", "ids": [draft["id"]]})
    verbs = ["created", "updated", "deleted", "restored", "deleted", "purged"]
    assert names(recorded(api, f"invoice:{draft['id']}")) == [f"invoice.{verb}" for verb in verbs]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["publish", "accept", "convert"], ["created", "issued", "accepted", "converted"]),
        (["mark-sent", "reject"], ["created", "issued", "rejected"]),
    ],
)
def test_the_life_of_a_quotation(api: Api, actions: list[str], expected: list[str]) -> None:
    quotation = a_quotation(api, 100)
    for action in actions:
        api.data(act(api, quotation, action))
    assert names(recorded(api, f"quotation:{quotation['id']}")) == [f"quotation.{verb}" for verb in expected]


def test_the_activity_shows_the_events_of_payments_and_credit_notes(api: Api) -> None:
    """Those of this invoice only, oldest first, though other kinds of subjects have the same ids."""
    ann = a_customer(api)
    one, two = an_invoice(api, 100, customer_id=ann), an_invoice(api, 100, customer_id=ann)
    shares = [{"invoice_id": each["id"], "amount": 15} for each in (one, two)]
    api.data(api.post("/payments", {"customer_id": ann, "amount": 30, "allocations": shares}))
    api.data(pay(api, two, 5))
    api.data(api.post(f"/invoices/{one['id']}/credit-note"))
    api.data(api.delete("/payments/1"))
    first = [("invoice.created", "invoice:1"), ("invoice.issued", "invoice:1"), ("payment.created", "payment:1")]
    noted = [("credit_note.issued", "credit_note:1"), ("invoice.credited", "invoice:1"), (PAID, "invoice:1")]
    assert activity(api, one) == [*first, *noted, ("payment.reversed", "payment:1")]
    second = [("invoice.created", "invoice:2"), ("invoice.issued", "invoice:2"), ("payment.created", "payment:1")]
    assert activity(api, two) == [*second, ("payment.created", "payment:2"), ("payment.reversed", "payment:1")]


@pytest.mark.parametrize(("currency", "shown"), [("EUR", "30.00"), ("JPY", "30"), ("BHD", "30.000")])
def test_the_activity_shows_major_units_with_the_currencys_digits(api: Api, currency: str, shown: str) -> None:
    """Finding 23: amounts in the activity were in minor units."""
    invoice = an_invoice(api, 100, currency=currency)
    pay(api, invoice, 30)
    text = api.get(f"/invoices/{invoice['id']}/activity").text
    assert f'"amount":{shown},' in text
    assert f'"allocations":[{{"invoice_id":{invoice["id"]},"amount":{shown}}}]' in text
