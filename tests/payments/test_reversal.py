"""A payment is taken back: its invoices' own credit notes settle them first, and the reply says what became of each."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tallystick.credit_notes import rules
from tallystick.credit_notes.types import Given
from tests.api import Api
from tests.bills import a_customer, an_invoice, credit_of, pay, refused, standing

CONFLICT = (409, "CONFLICT")


@pytest.fixture(autouse=True)
def _the_books_balance(api: Api) -> Iterator[None]:
    yield
    assert api.differences() == []


def credit(api: Api, invoice: Any, amount: int) -> Any:
    item = {"item_id": invoice["items"][0]["id"], "amount": amount}
    return api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"items": [item]}))


def reverse(api: Api, payment: Any) -> str:
    """Reverses a payment; the reply's message."""
    reply = api.delete(f"/payments/{payment['id']}")
    assert reply.is_success, reply.text
    message: str = reply.json()["message"]
    return message


def split(api: Api, note: Any) -> tuple[str, str]:
    """What of a credit note settles its invoice, and what is the customer's credit."""
    shown = api.data(api.get(f"/credit-notes/{note['id']}"))
    return str(shown["amount_applied"]), str(shown["amount_to_credit"])


def test_a_cancelled_invoice_is_not_owed_again_when_its_cheque_bounces(api: Api) -> None:
    customer_id = a_customer(api)
    invoice = an_invoice(api, 100, customer_id=customer_id, issue_date="2026-01-01", due_date="2026-01-31")
    cheque = api.data(pay(api, invoice, 100, method="check"))
    note = credit(api, invoice, 100)
    assert split(api, note) == ("0.00", "100.00")
    reply = api.delete(f"/invoices/{invoice['id']}/payments/{cheque['id']}").json()
    assert reply["message"] == (
        f"The payment is reversed. {invoice['invoice_number']}: 100.00 USD came back, "
        "100.00 USD is settled by its credit notes; 0.00 USD is due."
    )
    assert reply["data"]["invoice"]["status"] == "paid"
    assert standing(api, invoice) == ("paid", "0.00", "100.00", "0.00")
    assert split(api, note) == ("100.00", "0.00")
    assert credit_of(api, customer_id) == "0.00"
    assert api.data(api.get("/invoices?status=overdue")) == []


def test_the_record_of_a_reversal_says_what_was_put_back(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 100))
    note = credit(api, invoice, 30)
    reverse(api, payment)
    (event,) = [
        each for each in api.data(api.get(f"/invoices/{invoice['id']}/activity")) if each["type"] == "payment.reversed"
    ]
    assert event["subject"] == f"payment:{payment['id']}"
    assert (event["data"]["status"], event["data"]["amount"]) == ("reversed", 100)
    assert event["data"]["put_back"] == [{"credit_note_id": note["id"], "invoice_id": invoice["id"], "amount": 30}]


def test_only_what_is_unspent_is_put_back(api: Api) -> None:
    customer_id = a_customer(api)
    first, second = (an_invoice(api, 100, customer_id=customer_id) for _ in range(2))
    payment = api.data(pay(api, first, 100))
    note = credit(api, first, 100)
    spent = api.data(pay(api, second, 30, method="credit"))
    number = first["invoice_number"]
    assert f"{number}: 100.00 USD came back, 70.00 USD is settled by its credit notes; 30.00 USD is due." in reverse(
        api, payment
    )
    assert standing(api, first) == ("partially_paid", "0.00", "70.00", "30.00")
    assert (split(api, note), credit_of(api, customer_id)) == (("70.00", "30.00"), "0.00")
    # What was spent comes back, and goes where it came from.
    assert reverse(api, spent) == (
        f"The payment is reversed. {number}: 30.00 USD is settled by its credit notes; 0.00 USD is due. "
        f"{second['invoice_number']}: 30.00 USD came back; 100.00 USD is due."
    )
    assert standing(api, first) == ("paid", "0.00", "100.00", "0.00")
    assert standing(api, second) == ("sent", "0.00", "0.00", "100.00")
    assert (split(api, note), credit_of(api, customer_id)) == (("100.00", "0.00"), "0.00")
    types = [each["type"] for each in api.data(api.get(f"/invoices/{first['id']}/activity"))]
    assert types[-1] == "invoice.credited"


def test_notes_settle_what_they_would_have_settled_without_the_payment(api: Api) -> None:
    """60 of 100 is paid, then 60 and 40 are credited: 40 + 20 and 0 + 40. Unpaid, it would be 60 + 0 and 40 + 0."""
    invoice = an_invoice(api, 100)
    halves = [api.data(pay(api, invoice, 30)) for _ in range(2)]
    first, second = credit(api, invoice, 60), credit(api, invoice, 40)
    assert [split(api, note) for note in (first, second)] == [("40.00", "20.00"), ("0.00", "40.00")]
    reverse(api, halves[0])
    assert [split(api, note) for note in (first, second)] == [("60.00", "0.00"), ("10.00", "30.00")]
    assert standing(api, invoice) == ("paid", "30.00", "70.00", "0.00")
    reverse(api, halves[1])
    assert [split(api, note) for note in (first, second)] == [("60.00", "0.00"), ("40.00", "0.00")]
    assert standing(api, invoice) == ("paid", "0.00", "100.00", "0.00")
    assert credit_of(api, invoice["customer_id"]) == "0.00"


def test_a_payment_of_several_invoices_names_each_and_puts_back_onto_its_own(api: Api) -> None:
    customer_id = a_customer(api)
    first, second, third = (an_invoice(api, 50, customer_id=customer_id) for _ in range(3))
    payment = api.data(api.post("/payments", {"customer_id": customer_id, "amount": 120}))
    credit(api, second, 50)
    path = f"/invoices/{first['id']}/payments/{payment['id']}"
    message = api.delete(path).json()["message"]
    assert message == (
        f"The payment is reversed. {first['invoice_number']}: 50.00 USD came back; 50.00 USD is due. "
        f"{second['invoice_number']}: 50.00 USD came back, 50.00 USD is settled by its credit notes; 0.00 USD is due. "
        f"{third['invoice_number']}: 20.00 USD came back; 50.00 USD is due."
    )
    assert [standing(api, each)[0] for each in (first, second, third)] == ["sent", "paid", "sent"]
    assert credit_of(api, customer_id) == "0.00"


def test_the_excess_of_a_payment_is_taken_back_before_anything_is_put_back(api: Api) -> None:
    """120 on 100 gives 20 of credit, the note 100 more; 90 are spent: of the 30 left 20 are excess, and 10 go back."""
    customer_id = a_customer(api)
    first, second = (an_invoice(api, price, customer_id=customer_id) for price in (100, 200))
    payment = api.data(pay(api, first, 120, excess="credit"))
    credit(api, first, 100)
    pay(api, second, 90, method="credit")
    reverse(api, payment)
    assert standing(api, first) == ("partially_paid", "0.00", "10.00", "90.00")
    assert credit_of(api, customer_id) == "0.00"


def test_an_excess_that_is_spent_stops_the_whole_reversal(api: Api) -> None:
    customer_id = a_customer(api)
    first, second = (an_invoice(api, price, customer_id=customer_id) for price in (100, 200))
    payment = api.data(pay(api, first, 120, excess="credit"))
    note = credit(api, first, 10)
    pay(api, second, 15, method="credit")
    assert refused(api.delete(f"/payments/{payment['id']}")) == CONFLICT
    assert standing(api, first) == ("paid", "100.00", "0.00", "0.00")
    assert (split(api, note), credit_of(api, customer_id)) == (("0.00", "10.00"), "15.00")


def test_credit_that_paid_and_is_taken_back_goes_onto_the_invoices_own_notes_first(api: Api) -> None:
    """40 of credit paid what is then credited whole: 60 settle it, and 40 are credit, as the 40 taken back are."""
    customer_id = a_customer(api)
    source, second = (an_invoice(api, 100, customer_id=customer_id) for _ in range(2))
    pay(api, source, 140, excess="credit")
    payment = api.data(pay(api, second, 40, method="credit"))
    credit(api, second, 100)
    assert standing(api, second) == ("paid", "40.00", "60.00", "0.00")
    assert credit_of(api, customer_id) == "40.00"
    reverse(api, payment)
    assert standing(api, second) == ("paid", "0.00", "100.00", "0.00")
    assert credit_of(api, customer_id) == "40.00"


def test_a_note_after_a_reversal_lowers_the_balance_as_ever(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 100))
    first = credit(api, invoice, 40)
    reverse(api, payment)
    assert standing(api, invoice) == ("partially_paid", "0.00", "40.00", "60.00")
    pay(api, invoice, 50)
    second = credit(api, invoice, 60)
    assert [split(api, note) for note in (first, second)] == [("40.00", "0.00"), ("10.00", "50.00")]
    assert credit_of(api, invoice["customer_id"]) == "50.00"


def test_credit_of_another_currency_or_another_customer_settles_nothing(api: Api) -> None:
    customer_id = a_customer(api)
    euros = an_invoice(api, 100, customer_id=customer_id, currency="EUR")
    pay(api, euros, 100)
    credit(api, euros, 100)
    stranger = an_invoice(api, 100)
    pay(api, stranger, 100)
    credit(api, stranger, 100)
    invoice = an_invoice(api, 100, customer_id=customer_id)
    reverse(api, api.data(pay(api, invoice, 100)))
    assert standing(api, invoice) == ("sent", "0.00", "0.00", "100.00")
    assert credit_of(api, customer_id, "EUR") == credit_of(api, stranger["customer_id"]) == "100.00"


NOTES = [Given(1, 10, 20), Given(2, 11, 5), Given(3, 10, 40)]


@pytest.mark.parametrize(
    ("owed", "unspent", "expected"),
    [
        ({10: 60, 11: 5}, 65, {1: 20, 2: 5, 3: 40}),
        ({10: 60, 11: 5}, 100, {1: 20, 2: 5, 3: 40}),
        ({10: 100, 11: 100}, 100, {1: 20, 2: 5, 3: 40}),
        ({10: 30, 11: 0}, 100, {1: 20, 3: 10}),
        ({10: 10, 11: 1}, 100, {1: 10, 2: 1}),
        ({10: 60, 11: 5}, 22, {1: 20, 2: 2}),
        ({10: 60, 11: 5}, 0, {}),
        ({10: 0, 11: 0}, 100, {}),
    ],
)
def test_what_goes_back(owed: dict[int, int], unspent: int, expected: dict[int, int]) -> None:
    found = rules.put_back(owed, NOTES, unspent)
    assert {note.credit_note_id: note.amount for note in found} == expected


def at_once(*calls: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [running.result() for running in [threads.submit(call) for call in calls]]


@pytest.mark.parametrize("attempt", range(3))
def test_reversals_at_once_put_no_credit_back_twice(api: Api, attempt: int) -> None:
    """Ten payments of the same three invoices, which are credited, and a rival for the credit; whoever is first."""
    customer_id = a_customer(api)
    bills = [an_invoice(api, 100, customer_id=customer_id) for _ in range(3)]
    rival = an_invoice(api, 1000, customer_id=customer_id)
    shares = [{"invoice_id": bill["id"], "amount": 10} for bill in bills[:: 1 if attempt else -1]]
    body = {"customer_id": customer_id, "amount": 30, "allocations": shares}
    paid = [api.data(api.post("/payments", body)) for _ in range(10)]
    for bill in bills:
        credit(api, bill, 70)
    replies = at_once(
        *(partial(api.delete, f"/payments/{payment['id']}") for payment in paid),
        *(partial(pay, api, rival, 50, method="credit") for _ in range(3)),
        partial(api.post, f"/invoices/{bills[1]['id']}/credit-note"),
    )
    assert {reply.status_code for reply in replies} <= {200, 201, 409}
    assert all(reply.is_success for reply in replies[:10])
    settled = [api.data(api.get(f"/invoices/{bill['id']}")) for bill in (*bills, rival)]
    credited, spent = sum(each["amount_credited"] for each in settled), settled[-1]["amount_paid"]
    assert [str(each["amount_paid"]) for each in settled[:3]] == ["0.00"] * 3
    left = api.data(api.get(f"/customers/{customer_id}"))["summary"]["USD"]["credit_balance"]
    assert credited + spent + left == 3 * 70 + 30


STEPS = st.lists(
    st.tuples(st.sampled_from(["pay", "overpay", "use", "credit", "reverse"]), st.integers(0, 99)), max_size=20
)


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=STEPS)
def test_whatever_is_paid_credited_and_reversed_the_books_balance(api: Api, steps: list[tuple[str, int]]) -> None:
    customer_id = a_customer(api)
    bills = [an_invoice(api, 100, customer_id=customer_id) for _ in range(3)]
    paid: list[Any] = []
    for verb, number in steps:
        bill, amount = bills[number % 3], number + 1
        match verb:
            case "pay" | "overpay" | "use":
                fields = {"overpay": {"excess": "credit"}, "use": {"method": "credit"}}.get(verb, {})
                reply = pay(api, bill, amount, **fields)
                paid += [reply.json()["data"]] if reply.is_success else []
            case "credit":
                item = {"item_id": bill["items"][0]["id"], "amount": amount}
                reply = api.post(f"/invoices/{bill['id']}/credit-note", {"items": [item]})
            case _:
                reply = api.delete(f"/payments/{paid.pop(number % len(paid))['id']}") if paid else api.get("/payments")
        assert reply.status_code in (200, 201, 409, 422), reply.text
    assert api.differences() == []
    summary = api.data(api.get(f"/customers/{customer_id}"))["summary"]["USD"]
    notes = api.data(api.get(f"/credit-notes?customer_id={customer_id}&limit=100"))
    shown = [api.data(api.get(f"/invoices/{bill['id']}")) for bill in bills]
    assert sum(note["amount_applied"] for note in notes) == sum(each["amount_credited"] for each in shown)
    assert summary["outstanding"] == sum(each["balance_due"] for each in shown)
