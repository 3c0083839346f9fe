"""Its OpenAPI document: complete, and kept by every reply to random requests made from it."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import Case, GenerationMode

from tallystick.dialects.invoice_ng.routes import INVOICE_NG, PREFIX, ROUTES
from tallystick.http.routes import Route
from tallystick.serve import application
from tests.api import ORIGIN
from tests.bills import a_customer, pay
from tests.contract.test_fuzz import PROMISES, REQUESTS_A_ROUTE
from tests.dialects.invoice_ng.calls import INVOICE, ITEMS, Calls, whole


def document(calls: Calls) -> Any:
    response = calls.api.client.get(INVOICE_NG.document_path)
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


def test_the_document_holds_every_call(calls: Calls) -> None:
    content = document(calls)
    schemathesis.openapi.from_dict(content).validate()
    described = {(method.upper(), path) for path, operations in content["paths"].items() for method in operations}
    assert described == {(route.method, PREFIX + route.path) for route in ROUTES}
    for path in content["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert {"401", "500"} <= operation["responses"].keys()


def test_bodies_are_json_or_forms(calls: Calls) -> None:
    media = document(calls)["paths"][f"{PREFIX}/add"]["post"]["requestBody"]["content"]
    assert list(media) == ["application/json", "application/x-www-form-urlencoded"]


def test_a_call_that_writes_wants_a_key_that_may(calls: Calls) -> None:
    paths = document(calls)["paths"]
    assert paths[f"{PREFIX}/paid/{{invoice_id}}"]["get"]["security"][0] == {"bearer": ["write"]}
    assert paths[f"{PREFIX}/all"]["get"]["security"][0] == {"bearer": ["read"]}


def test_what_is_shown_is_what_the_document_says(calls: Calls) -> None:
    invoice_id = calls.an_id()
    calls.api.data(pay(calls.api, {"id": invoice_id}, 10))
    content = document(calls)
    for path, reply in (
        ("/all", calls.get("/all")),
        ("/{invoice_id}", calls.get(f"/{invoice_id}")),
        ("/{invoice_id}", calls.get("/999")),
    ):
        response = content["paths"][PREFIX + path]["get"]["responses"][str(reply.status_code)]
        while "$ref" in response:
            response = content["components"]["responses"][response["$ref"].rpartition("/")[2]]
        schema = {**response["content"]["application/json"]["schema"], "components": content["components"]}
        assert [error.message for error in Draft202012Validator(schema).iter_errors(reply.json())] == []


def examples(calls: Calls) -> dict[str, dict[str, Any]]:
    """For each call with a body, one that it takes."""
    client = a_customer(calls.api)
    invoice_id = calls.an_id(client=client)
    return {
        "/add": {**INVOICE, "client": client, "invoice_no": "INV-02", "items": ITEMS},
        "/{invoice_id}": {"note": "Soon"},
        "/send": {"id": invoice_id, "email": "ann@example.com"},
        "/record-payment": {"id": invoice_id, "payment_date": "2017-06-10", "amount_paid": 5},
    }


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_call_keeps_its_promises(calls: Calls, route: Route) -> None:
    example = examples(calls).get(route.path, {})
    schema = schemathesis.openapi.from_wsgi(INVOICE_NG.document_path, application(calls.api.database, ORIGIN))
    operation = schema[PREFIX + route.path][route.method]
    ids = {"invoice_id": 1} if route.ids else None

    def nearly(case: Case[Any], pick: int) -> Case[Any]:
        if isinstance(case.body, dict) and case.body:
            name = sorted(case.body)[pick % len(case.body)]
            case.body = example | {name: case.body[name]}
        return case

    @settings(
        max_examples=REQUESTS_A_ROUTE,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=st.one_of(
            st.builds(nearly, operation.as_strategy(GenerationMode.POSITIVE, path_parameters=ids), st.integers(0, 99)),
            operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=ids),
            operation.as_strategy(GenerationMode.POSITIVE),
        )
    )
    def promises_hold(case: Case[Any]) -> None:
        case.call_and_validate(headers={"X-API-Key": calls.api.key}, checks=PROMISES)

    promises_hold()
    whole(calls.get("/all"))
