"""Whatever can go wrong below iqraa's prefix is refused in its own shape, and each wrong field is named."""

from typing import Any

import pytest

from tallystick.accounts.types import Scope
from tallystick.dialects.iqraa import errors
from tallystick.http.endpoint import REPLAYED
from tallystick.http.refusals import Refusal
from tallystick.http.routes import MAX_BODY_BYTES
from tallystick.invoices import ops
from tests.api import Api
from tests.dialects.callers import DialectCaller, exact
from tests.dialects.iqraa.invoices import ANN, body, made, refused

JSON = {"Content-Type": "application/json"}
NO_PATH = "There is nothing at this path."
REFUSED: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "", {}, 404, NO_PATH),
    ("GET", "/customers", {}, 404, NO_PATH),
    ("GET", "/invoices/1/pdf", {}, 404, NO_PATH),
    ("GET", "/invoices/7", {}, 404, "There is no such invoice."),
    ("GET", "/invoices/x", {}, 404, NO_PATH),
    ("GET", "/invoices/9223372036854775808", {}, 404, NO_PATH),
    ("PUT", "/invoices/1", {"json": {}}, 405, "This path does not answer to this method."),
    ("DELETE", "/invoices", {}, 405, "This path does not answer to this method."),
    ("FROBNICATE", "/invoices", {}, 400, "The request is malformed."),
    ("GET", "/invoices?page=0", {}, 400, "page: "),
    ("GET", "/invoices?limit=101", {}, 400, "limit: "),
    ("POST", "/invoices", {"content": b"x" * (MAX_BODY_BYTES + 1)}, 413, "A body may have at most"),
    ("POST", "/invoices", {"content": b"a=1", "headers": {"Content-Type": "text/plain"}}, 415, "Send the body as"),
    ("POST", "/invoices", {"content": b"{", "headers": JSON}, 400, "The body is not JSON"),
    ("POST", "/invoices", {"content": b"[]", "headers": JSON}, 400, "The body must be a JSON object."),
    ("POST", "/invoices", {"content": b"[" * 5000, "headers": JSON}, 400, "The body is"),
    ("POST", "/invoices", {"content": b"\xff", "headers": JSON}, 400, "The body is not JSON"),
    ("POST", "/invoices", {"json": {}}, 400, "amount: Is required. currency: Is required. description: Is required."),
    ("POST", "/invoices", {"json": {}, "headers": {"Authorization": ""}}, 401, "Send an API key"),
    ("GET", "/invoices", {"headers": {"Authorization": "Bearer unknown"}}, 401, "The API key is unknown"),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "start"), REFUSED)
def test_a_refusal_has_its_shape(
    iqraa: DialectCaller, method: str, path: str, options: dict[str, Any], status: int, start: str
) -> None:
    response = iqraa.request(method, path, **options)
    found, sentence = refused(response)
    assert (found, sentence[: len(start)]) == (status, start)
    assert len(response.headers["X-Request-Id"]) == 16
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


WHOLE = "amount: Must be a whole number of the currency's smallest unit, as of cents."
DATE = "Must be a date, as 2026-03-31."


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": 1.5}, WHOLE),
        ({"amount": "0.1"}, WHOLE),
        ({"amount": -1}, "amount: Must not be negative."),
        ({"amount": 2**53}, "amount: Is larger than an amount can be."),
        ({"amount": "NaN"}, 'amount: Must be a number, as 12 or "12".'),
        ({"amount": True}, 'amount: Must be a number, as 12 or "12".'),
        ({"currency": "XYZ"}, "currency: Must be a currency code of ISO 4217, as EUR."),
        ({"description": " "}, "description: Must be a text of 1 to 500 characters that is not blank."),
        ({"description": "x" * 501}, "description: Must have at most 500 characters."),
        ({"description": "\0"}, "description: Must not contain the character NUL."),
        ({"status": "OPEN"}, "status: Must be one of DRAFT, FINALIZED, PAYMENT_FAILED, PAID, VOID."),
        ({"amount": 0, "status": "PAYMENT_FAILED"}, "status: No payment can have failed where nothing is to be paid."),
        ({"startDate": "soon"}, f"startDate: {DATE}"),
        (
            {"startDate": "2024-02-01", "renewalDate": "2024-02-01"},
            "renewalDate: Must be after the startDate.",
        ),
        ({"paymentTerms": 1.5}, "paymentTerms: Must be a whole number of days, of at most 3650."),
        ({"paymentTerms": 3651}, "paymentTerms: Must be a whole number of days, of at most 3650."),
        ({"planName": "x" * 501}, "planName: Must have at most 500 characters."),
        ({"components": [1]}, "components: Must be an object with the fields lineItems, customerDetails."),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_done(
    api: Api, iqraa: DialectCaller, fields: dict[str, Any], message: str
) -> None:
    assert refused(iqraa.post("/invoices", body(**{"status": "FINALIZED", **fields}))) == (400, message)
    assert exact(iqraa.get("/invoices")) == api.data(api.get("/customers")) == []
    assert api.data(api.get("/invoices/next-number"))["number"].endswith("-0001")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"description": "x"}, "unitPrice"),
        ({"description": "", "amount": 1}, "description"),
        ({"description": "x", "amount": 1, "quantity": 0}, "quantity"),
        ({"description": "x", "amount": "1e14", "quantity": "0.000000000001"}, "unitPrice"),
        ({"description": "x", "unitPrice": "1.0000000000001"}, "unitPrice"),
    ],
)
def test_a_line_that_is_wrong_is_named(iqraa: DialectCaller, line: dict[str, Any], field: str) -> None:
    status, message = refused(iqraa.post("/invoices", body(100, line)))
    assert (status, message.partition(":")[0]) == (400, f"components.lineItems.0.{field}")


def test_an_address_that_is_none_is_named(iqraa: DialectCaller) -> None:
    hidden = {**ANN, "customerEmail": "[email protected]"}
    status, message = refused(iqraa.post("/invoices", body(customer=hidden)))
    assert (status, message.partition(":")[0]) == (400, "components.customerDetails.customerEmail")


def test_a_key_needs_the_scope_and_may_come_as_it_does_natively(api: Api, iqraa: DialectCaller) -> None:
    reader = {"Authorization": f"Bearer {api.new_key(Scope.READ)}"}
    assert iqraa.get("/invoices", headers=reader).status_code == 200
    assert refused(iqraa.post("/invoices", body(), headers=reader)) == (403, "This needs a key with the scope write.")
    path = "/api/v1/api/v1/invoices"
    assert api.client.get(path, headers={"X-API-Key": api.key}).json() == []
    assert api.client.get(f"{path}?api_key={api.key}").json() == []


def test_another_accounts_invoice_is_not_found(api: Api, iqraa: DialectCaller) -> None:
    invoice = made(iqraa)
    theirs = {"Authorization": f"Bearer {Api(api.database).key}"}
    assert refused(iqraa.get(f"/invoices/{invoice['id']}", headers=theirs))[0] == 404
    assert exact(iqraa.get("/invoices", headers=theirs)) == []


def test_an_idempotency_key_keeps_the_answer(iqraa: DialectCaller) -> None:
    key = {"Idempotency-Key": "one"}
    first, second = (iqraa.post("/invoices", body(status="PAID"), headers=key) for _ in range(2))
    assert (first.status_code, second.content) == (201, first.content)
    assert second.headers[REPLAYED] == "true"
    assert len(exact(iqraa.get("/invoices"))) == 1
    status, sentence = refused(iqraa.post("/invoices", body(1), headers=key))
    assert (status, sentence.startswith("This Idempotency-Key was used before")) == (400, True)


def test_a_failure_is_told_without_a_trace(iqraa: DialectCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ops, "create", fail)
    status, sentence = refused(iqraa.post("/invoices", body()))
    assert (status, sentence.startswith("Something went wrong on our side.")) == (500, True)


@pytest.mark.parametrize(
    ("status", "expected", "words"),
    [
        (400, 400, "Bad Request"),
        (422, 400, "Bad Request"),
        (409, 409, "Conflict"),
        (429, 429, "Too Many Requests"),
        (500, 500, "Internal Server Error"),
        (503, 503, "Service Unavailable"),
    ],
)
def test_every_status_has_the_one_shape(status: int, expected: int, words: str) -> None:
    answer = errors.refusal(Refusal(status, "CODE", "A sentence.", {}))
    told = f'{{"statusCode":{expected},"message":"A sentence.","error":"{words}"}}'
    assert (answer.status, answer.body.decode()) == (expected, told)


def test_its_document_is_complete(api: Api) -> None:
    document = api.client.get("/docs/iqraa/openapi.json").json()
    described = {
        (method.upper(), path): set(operation["responses"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    of_create = {"201", "400", "401", "403", "408", "409", "413", "415", "429", "500", "503"}
    assert described == {
        ("POST", "/api/v1/api/v1/invoices"): of_create,
        ("GET", "/api/v1/api/v1/invoices"): {"200", "400", "401", "429", "500", "503"},
        ("GET", "/api/v1/api/v1/invoices/{id}"): {"200", "400", "401", "404", "429", "500", "503"},
    }
    sent = document["components"]["schemas"]["IqraaInvoiceBody"]
    assert (sent["required"], "additionalProperties" in sent) == (["amount", "currency", "description"], False)
