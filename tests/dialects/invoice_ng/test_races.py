"""The same call many times at once does its work once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx

from tests.bills import a_customer
from tests.dialects.invoice_ng.calls import INVOICE, Calls

AT_ONCE = 8


def at_once(calls: Calls, *requests: tuple[str, str, object]) -> Counter[int]:
    """How many of the requests, each sent many times in parallel, were answered with which status."""

    def ask(request: tuple[str, str, object]) -> httpx.Response:
        method, path, body = request
        return calls.request(method, path, json=body)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return Counter(response.status_code for response in threads.map(ask, requests * AT_ONCE))


def applied(calls: Calls, invoice_id: str, status: str) -> Decimal:
    """What the payments of an invoice with this status come to."""
    payments = calls.native(invoice_id)["payments"]
    return sum((each["applied"] for each in payments if each["status"] == status), Decimal(0))


def test_an_invoice_is_paid_once(calls: Calls) -> None:
    invoice_id = calls.an_id()
    assert at_once(calls, ("GET", f"/paid/{invoice_id}", None)) == {200: AT_ONCE}
    assert len(calls.native(invoice_id)["payments"]) == 1
    assert at_once(calls, ("GET", f"/not-paid/{invoice_id}", None)) == {200: AT_ONCE}
    assert applied(calls, invoice_id, "reversed") == 168000


def test_payments_and_marks_never_pay_more_than_is_due(calls: Calls) -> None:
    invoice_id = calls.an_id()
    payment = {"id": invoice_id, "payment_date": "2017-06-10", "amount_paid": 50000}
    answers = at_once(calls, ("POST", "/record-payment", payment), ("GET", f"/paid/{invoice_id}", None))
    assert set(answers) <= {200, 409}
    assert applied(calls, invoice_id, "succeeded") == 168000
    assert calls.invoice(invoice_id)["payment_status"] == "Paid"


def test_to_pay_and_to_take_back_at_once_leaves_one_of_the_two(calls: Calls) -> None:
    invoice_id = calls.an_id()
    answers = at_once(calls, ("GET", f"/paid/{invoice_id}", None), ("GET", f"/not-paid/{invoice_id}", None))
    assert answers == {200: 2 * AT_ONCE}
    assert applied(calls, invoice_id, "succeeded") in (0, 168000)


def test_a_number_is_given_once(calls: Calls) -> None:
    body = {**INVOICE, "client": a_customer(calls.api)}
    assert at_once(calls, ("POST", "/add", body)) == {200: 1, 409: AT_ONCE - 1}
