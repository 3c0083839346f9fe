"""Random requests made from each dialect's document: each reply is one that the document promises.

A good body for a call goes into ``BODIES``: what is random all over is mostly refused at the door.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import given
from schemathesis import Case

from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tests.api import Api
from tests.bills import an_invoice
from tests.contract.test_fuzz import FEW, PROMISES, document_of, requests
from tests.dialects.invoice_ng.calls import INVOICE, ITEMS
from tests.dialects.readers import DIALECTS

AMOUNT = {"customer_id": 1, "amount": 100, "date": "2026-01-15", "due_date": "2026-02-15"}
BODIES: dict[tuple[str, str, str], dict[str, Any]] = {
    ("billingdb", "POST", "/invoices"): AMOUNT,
    ("billingdb", "PUT", "/invoices/{id}"): AMOUNT,
    ("invoice_ng", "POST", "/add"): {**INVOICE, "client": 1, "invoice_no": "INV-02", "items": ITEMS},
    ("invoice_ng", "PUT", "/{invoice_id}"): {"note": "Soon"},
    ("invoice_ng", "POST", "/send"): {"id": 1, "email": "ann@example.com"},
    ("invoice_ng", "POST", "/record-payment"): {"id": 1, "payment_date": "2017-06-10", "amount_paid": 5},
}
CALLS = [(surface, route) for surface in DIALECTS for route in surface.routes]


def shown(value: Any) -> str:
    """A call as a test's id."""
    return f"{value.method} {value.path}" if isinstance(value, Route) else value.name


@pytest.mark.slow
@pytest.mark.parametrize(("surface", "route"), CALLS, ids=shown)
def test_a_call_keeps_its_promises(api: Api, surface: Surface, route: Route) -> None:
    invoice = an_invoice(api, 100)
    operation = document_of(api.application, surface.document_path)[surface.prefix + route.path][route.method]
    example = BODIES.get((surface.name, route.method, route.path), {})

    @FEW
    @given(case=requests(operation, example, dict.fromkeys(route.ids, invoice["id"])))
    def promises_hold(case: Case[Any]) -> None:
        case.call_and_validate(headers={"X-API-Key": api.key}, checks=PROMISES)

    promises_hold()


@pytest.mark.parametrize("surface", DIALECTS, ids=shown)
def test_a_document_is_openapi(surface: Surface, api: Api) -> None:
    document = api.client.get(surface.document_path).json()
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert described == {(route.method, surface.prefix + route.path) for route in surface.routes}
