"""billingdb's own OpenAPI document, in JSON and in YAML."""

from typing import Any

import pytest
import yaml

from tallystick.accounts.types import Scope
from tallystick.dialects.billingdb.routes import BILLINGDB, ROUTES
from tests.api import Api


@pytest.fixture
def document(api: Api) -> Any:
    """The document that this application serves to whoever asks."""
    response = api.client.get(BILLINGDB.document_path)
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


def test_it_has_every_route(document: Any) -> None:
    paths = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert paths == {(route.method, f"/v1{route.path}") for route in ROUTES}
    names = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert sorted(names) == [
        f"billingdb_{verb}" for verb in ("create", "delete", "get", "index", "report", "take", "update")
    ]


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("get", "/v1/invoices", {"200", "400", "401", "429", "500", "503"}),
        ("post", "/v1/invoices", {"201", "400", "401", "403", "408", "409", "413", "415", "429", "500", "503"}),
        ("get", "/v1/invoices/{id}", {"200", "400", "401", "404", "429", "500", "503"}),
        (
            "put",
            "/v1/invoices/{id}",
            {"200", "400", "401", "403", "404", "408", "409", "413", "415", "429", "500", "503"},
        ),
        ("post", "/v1/usage/report", {"200", "400", "401", "403", "408", "413", "415", "429", "500", "503"}),
        (
            "delete",
            "/v1/invoices/{id}",
            {"204", "400", "401", "403", "404", "408", "409", "413", "415", "429", "500", "503"},
        ),
    ],
)
def test_the_statuses_of_a_call(document: Any, method: str, path: str, statuses: set[str]) -> None:
    assert document["paths"][path][method]["responses"].keys() == statuses


def test_a_list_that_is_streamed_is_described_as_a_list(document: Any) -> None:
    schema = document["paths"]["/v1/invoices"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"type": "array", "items": {"$ref": "#/components/schemas/ShortInvoice"}}


def test_a_bearer_token_comes_first(document: Any) -> None:
    schemes = document["paths"]["/v1/invoices"]["post"]["security"]
    assert schemes == [{"bearer": [Scope.WRITE]}, {"header": [Scope.WRITE]}, {"parameter": [Scope.WRITE]}]


def test_what_is_unknown_is_allowed(document: Any) -> None:
    body = document["components"]["schemas"]["AmountBody"]
    assert body["required"] == ["customer_id", "amount", "date", "due_date"]
    assert "additionalProperties" not in body


@pytest.mark.parametrize("path", ["/v1/billingAPI.yaml", "/billingAPI.yaml"])
def test_the_yaml_says_the_same(api: Api, document: Any, path: str) -> None:
    response = api.client.get(path)
    assert response.headers["Content-Type"] == "application/yaml"
    assert response.text.startswith("openapi: 3.1.0\n")
    assert yaml.safe_load(response.text) == document
