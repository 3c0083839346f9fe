"""Payments: what they settle, what they refuse, and what becomes of their excess."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tallystick.core.money import MAX_MINOR, MAX_STORED_MINOR
from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, credit_of, pay, refused, standing
from tests.older import larger_amounts

CONFLICT = (409, "CONFLICT")
OVERPAYMENT = (409, "OVERPAYMENT")
INVALID = (422, "VALIDATION_FAILED")


def test_an_invoice_is_paid_in_parts(api: Api) -> None:
    """Scenario C3."""
    invoice = an_invoice(api, "249.95")
    first = api.data(pay(api, invoice, 10, reference="TXN-1", date="2026-01-20", method="cash"))
    assert (str(first["amount"]), first["method"], first["date"]) == ("10.00", "cash", "2026-01-20")
    assert standing(api, invoice) == ("partially_paid", "10.00", "0.00", "239.95")
    assert api.data(pay(api, invoice, "239.95"))["invoice"]["status"] == "paid"
    assert standing(api, invoice) == ("paid", "249.95", "0.00", "0.00")


def test_the_document_of_inkvoice_names_a_payment_like_this(api: Api) -> None:
    """seeds/inkvoice.txt, Record Payment."""
    invoice = an_invoice(api, 1000)
    body = {"amount": 500.00, "method": "bank_transfer", "reference": "TXN-12345", "date": "2026-01-20"}
    payment = api.data(api.post(f"/invoices/{invoice['id']}/payments", body))
    assert {name: payment[name] for name in body} == body
    assert [row["id"] for row in api.data(api.get(f"/invoices/{invoice['id']}/payments"))] == [payment["id"]]


@pytest.mark.parametrize(
    ("amount", "fields", "expected"),
    [
        ("100.01", {}, OVERPAYMENT),
        ("0", {}, INVALID),
        ("-1", {}, INVALID),
        ("1.001", {}, INVALID),
        ("NaN", {}, INVALID),
        ("1e400", {}, INVALID),
        ("50", {"method": "shells"}, INVALID),
        ("50", {"excess": "keep"}, INVALID),
        ("50", {"status": "reversed"}, INVALID),
        ("50", {"method": "credit"}, CONFLICT),
        ("120", {"method": "credit", "excess": "credit"}, OVERPAYMENT),
    ],
)
def test_a_refused_payment_changes_nothing(
    api: Api, amount: str, fields: dict[str, str], expected: tuple[int, str]
) -> None:
    invoice = an_invoice(api, 100)
    assert refused(pay(api, invoice, amount, **fields)) == expected
    assert standing(api, invoice) == ("sent", "0.00", "0.00", "100.00")
    assert api.data(api.get("/payments")) == []


def test_a_draft_takes_no_payment(api: Api) -> None:
    assert refused(pay(api, a_draft(api, 100), 10)) == CONFLICT


def test_what_is_above_the_balance_becomes_credit_and_pays_another_invoice(api: Api) -> None:
    """Scenario C6."""
    customer_id = a_customer(api)
    first, second = (an_invoice(api, 100, customer_id=customer_id) for _ in range(2))
    payment = api.data(pay(api, first, 120, excess="credit"))
    assert (str(payment["amount"]), str(payment["to_credit"])) == ("120.00", "20.00")
    assert standing(api, first) == ("paid", "100.00", "0.00", "0.00")
    assert credit_of(api, customer_id) == "20.00"
    assert refused(pay(api, second, "20.01", method="credit")) == CONFLICT
    assert api.data(pay(api, second, 20, method="credit"))["invoice"]["status"] == "partially_paid"
    assert credit_of(api, customer_id) == "0.00"


def test_a_reversed_payment_stays_on_record_and_gives_its_balance_back(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 60))
    path = f"/invoices/{invoice['id']}/payments/{payment['id']}"
    assert api.data(api.delete(path))["status"] == "reversed"
    assert standing(api, invoice) == ("sent", "0.00", "0.00", "100.00")
    assert [row["status"] for row in api.data(api.get(f"/invoices/{invoice['id']}/payments"))] == ["reversed"]
    assert refused(api.delete(path)) == CONFLICT


def test_a_payment_is_reversed_under_its_own_invoice_only(api: Api) -> None:
    paid, other = an_invoice(api, 100), an_invoice(api, 100)
    payment = api.data(pay(api, paid, 60))
    assert api.delete(f"/invoices/{other['id']}/payments/{payment['id']}").status_code == 404
    assert standing(api, paid)[0] == "partially_paid"


def test_credit_that_is_spent_cannot_be_taken_back(api: Api) -> None:
    customer_id = a_customer(api)
    first, second = (an_invoice(api, 100, customer_id=customer_id) for _ in range(2))
    overpaid = api.data(pay(api, first, 120, excess="credit"))
    spent = api.data(pay(api, second, 15, method="credit"))
    assert refused(api.delete(f"/payments/{overpaid['id']}")) == CONFLICT
    assert standing(api, first) == ("paid", "100.00", "0.00", "0.00")
    assert api.delete(f"/payments/{spent['id']}").is_success
    assert api.delete(f"/payments/{overpaid['id']}").is_success
    assert credit_of(api, customer_id) == "0.00"
    assert standing(api, first) == ("sent", "0.00", "0.00", "100.00")


def test_a_failed_attempt_is_on_record_and_changes_no_balance(api: Api) -> None:
    invoice = an_invoice(api, 100)
    payment = api.data(pay(api, invoice, 100, status="failed", method="card"))
    assert payment["status"] == "failed"
    assert standing(api, invoice) == ("sent", "0.00", "0.00", "100.00")
    assert refused(api.delete(f"/payments/{payment['id']}")) == CONFLICT
    assert [row["status"] for row in api.data(api.get("/payments?status=failed"))] == ["failed"]


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 40, "reference": "A", "notes": "Thanks", "date": "2026-01-20"},
        {"amount": 90},
        {"amount": 500, "excess": "credit"},
        {"amount": 40, "status": "failed", "method": "card"},
    ],
)
def test_a_payment_answers_the_invoice_as_a_get_shows_it(api: Api, body: dict[str, Any]) -> None:
    invoice = an_invoice(api, 100)
    pay(api, invoice, 10)
    answered = api.data(pay(api, invoice, **body))["invoice"]
    assert answered == api.data(api.get(f"/invoices/{invoice['id']}"))
    assert len(answered["payments"]) == 2


def test_mark_paid_answers_the_invoice_as_a_get_shows_it(api: Api) -> None:
    draft = a_draft(api, 100)["id"]
    answered = api.data(api.post(f"/invoices/{draft}/mark-paid"))
    assert answered == api.data(api.get(f"/invoices/{draft}"))


def test_one_payment_is_spread_as_it_says(api: Api) -> None:
    customer_id = a_customer(api)
    first, second = (an_invoice(api, 100, customer_id=customer_id) for _ in range(2))
    shares = [{"invoice_id": first["id"], "amount": 30}, {"invoice_id": second["id"], "amount": 100}]
    payment = api.data(api.post("/payments", {"customer_id": customer_id, "amount": 130, "allocations": shares}))
    assert [str(share["amount"]) for share in payment["allocations"]] == ["30.00", "100.00"]
    assert standing(api, first) == ("partially_paid", "30.00", "0.00", "70.00")
    assert standing(api, second) == ("paid", "100.00", "0.00", "0.00")
    assert api.delete(f"/payments/{payment['id']}").is_success
    assert standing(api, first) == standing(api, second) == ("sent", "0.00", "0.00", "100.00")


def test_without_allocations_the_oldest_due_is_paid_first(api: Api) -> None:
    customer_id = a_customer(api)
    later = an_invoice(api, 60, customer_id=customer_id, due_date="2999-02-01")
    sooner = an_invoice(api, 50, customer_id=customer_id, due_date="2999-01-01")
    euros = an_invoice(api, 50, customer_id=customer_id, due_date="2998-01-01", currency="EUR")
    others = an_invoice(api, 50, due_date="2997-01-01")
    assert api.post("/payments", {"customer_id": customer_id, "amount": 70}).status_code == 201
    assert standing(api, sooner) == ("paid", "50.00", "0.00", "0.00")
    assert standing(api, later) == ("partially_paid", "20.00", "0.00", "40.00")
    assert standing(api, euros) == standing(api, others) == ("sent", "0.00", "0.00", "50.00")


@pytest.mark.parametrize(
    ("amount", "share", "fields", "expected"),
    [
        ("50", "60", {}, (422, ["allocations"])),
        ("60", "50", {}, (409, [])),
        ("120", "120", {}, (409, [])),
        ("50", "50.001", {}, (422, ["allocations.0.amount"])),
        ("50", "50", {"currency": "EUR"}, (422, ["allocations.0.invoice_id"])),
        ("50", "50", {"customer_id": 999}, (422, ["customer_id"])),
    ],
)
def test_shares_that_cannot_be(
    api: Api, amount: str, share: str, fields: dict[str, Any], expected: tuple[int, list[str]]
) -> None:
    customer_id = a_customer(api)
    invoice = an_invoice(api, 100, customer_id=customer_id)
    shares = [{"invoice_id": invoice["id"], "amount": share}]
    body = {"customer_id": customer_id, "amount": amount, "allocations": shares, **fields}
    response = api.post("/payments", body)
    assert (response.status_code, sorted(response.json().get("errors", {}))) == expected
    assert standing(api, invoice) == ("sent", "0.00", "0.00", "100.00")


def test_the_list_is_filtered(api: Api) -> None:
    customer_id = a_customer(api)
    invoice = an_invoice(api, 100, customer_id=customer_id)
    pay(api, invoice, 10, method="cash", date="2026-01-10", reference="Álvaro 7")
    pay(api, invoice, 20, method="card", date="2026-02-10")
    pay(api, an_invoice(api, 5), 5, date="2026-03-10")
    for query, expected in (
        ("", ["5.00", "20.00", "10.00"]),
        (f"?customer_id={customer_id}", ["20.00", "10.00"]),
        (f"?invoice_id={invoice['id']}&method=card", ["20.00"]),
        ("?from_date=2026-02-01&to_date=2026-03-10&sort=date&order=asc", ["20.00", "5.00"]),
        ("?search=álvaro", ["10.00"]),
        ("?status=reversed", []),
    ):
        assert [str(row["amount"]) for row in api.data(api.get(f"/payments{query}"))] == expected, query


@pytest.mark.parametrize("threads", [20])
def test_parallel_payments_never_overpay(api: Api, threads: int) -> None:
    """Scenario C5."""
    invoice = an_invoice(api, 100)

    def one(number: int) -> tuple[int, str]:
        response = api.post(
            f"/invoices/{invoice['id']}/payments", {"amount": 100}, headers={"Idempotency-Key": f"key-{number}"}
        )
        return response.status_code, response.json().get("code", "")

    with ThreadPoolExecutor(threads) as pool:
        outcomes = sorted(pool.map(one, range(threads)))
    assert outcomes == [(201, "")] + [OVERPAYMENT] * (threads - 1)
    assert standing(api, invoice) == ("paid", "100.00", "0.00", "0.00")


def test_the_same_payment_twice_at_once_is_one_payment(api: Api) -> None:
    """Scenario C4, in parallel: whoever comes while the first runs is told so, whoever comes later gets its answer."""
    invoice = an_invoice(api, 100)

    def one(_number: int) -> tuple[int, bytes]:
        headers = {"Idempotency-Key": "the-same"}
        response = api.post(f"/invoices/{invoice['id']}/payments", {"amount": 10}, headers=headers)
        return response.status_code, response.content

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, range(16)))
    assert {status for status, _body in outcomes} <= {201, 409}
    assert len({body for status, body in outcomes if status == 201}) == 1
    assert standing(api, invoice) == ("partially_paid", "10.00", "0.00", "90.00")


def test_mark_paid_issues_and_pays_once(api: Api) -> None:
    draft = a_draft(api, 100)
    today = date.today().isoformat()  # noqa: DTZ011 - the account of the test lives in UTC
    first = api.data(
        api.post(f"/invoices/{draft['id']}/mark-paid", {"method": "card", "reference": "R", "date": today})
    )
    again = api.data(api.post(f"/invoices/{draft['id']}/mark-paid"))
    assert (first["status"], again["status"]) == ("paid", "paid")
    assert [(row["method"], str(row["amount"])) for row in again["payments"]] == [("card", "100.00")]


def test_a_sum_is_exact_up_to_64_bits_and_refused_beyond(api: Api) -> None:
    """With amounts of the first versions, of which two are enough; of today's it takes 1,025."""
    customer_id = a_customer(api, currency="JPY")
    most = [{"description": "Work", "quantity": 100_000, "unit_price": "92233720368547.75807"}]
    with larger_amounts():
        an_invoice(api, customer_id=customer_id, items=most)
    places = (f"/customers/{customer_id}", "/stats?currency=JPY")
    customer, stats = (api.data(api.get(place)) for place in places)
    assert int(customer["summary"]["JPY"]["outstanding"]) == int(stats["aging"]["JPY"]["current"]) == MAX_STORED_MINOR
    an_invoice(api, 1, customer_id=customer_id)
    for place in places:
        refusal = api.get(place)
        assert refused(refusal) == INVALID
        assert "larger than a sum can be" in refusal.json()["errors"]["total"][0]


def test_credit_ends_where_amounts_do(api: Api) -> None:
    customer_id = a_customer(api, currency="CLF")
    largest = str(Decimal(MAX_MINOR).scaleb(-4))
    first, second = (an_invoice(api, "0.0001", customer_id=customer_id) for _ in range(2))
    assert pay(api, first, largest, excess="credit").is_success
    refused = pay(api, second, largest, excess="credit")
    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert "larger than an amount can be" in refused.json()["error"]
    summary = api.data(api.get(f"/customers/{customer_id}"))["summary"]["CLF"]
    assert summary["credit_balance"] == api.data(api.get("/stats"))["amounts"]["CLF"]["customer_credit"]
