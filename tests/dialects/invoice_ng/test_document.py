"""Its OpenAPI document: complete, and kept by its replies."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tallystick.dialects.invoice_ng.routes import INVOICE_NG, PREFIX, ROUTES
from tests.bills import pay
from tests.contract.document import check_is_openapi
from tests.dialects.invoice_ng.calls import Calls


def document(calls: Calls) -> Any:
    response = calls.api.client.get(INVOICE_NG.document_path)
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


@pytest.mark.slow
def test_the_document_holds_every_call(calls: Calls) -> None:
    content = document(calls)
    check_is_openapi(content)
    described = {(method.upper(), path) for path, operations in content["paths"].items() for method in operations}
    assert described == {(route.method, PREFIX + route.path) for route in ROUTES}
    for path in content["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert operation["tags"] == ["invoice"]
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
