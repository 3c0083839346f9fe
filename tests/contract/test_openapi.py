"""The API's own description: it holds every route, and every reply holds to it."""

import json
from collections import Counter
from typing import Any

import httpx
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from tallystick import __version__
from tallystick.accounts.types import Scope
from tallystick.http import openapi
from tallystick.http.routes import Route
from tallystick.native.routes import PREFIX, ROUTES
from tallystick.native.surface import NATIVE
from tests.api import Api
from tests.contract import examples, test_documents
from tests.contract.document import Document
from tests.contract.examples import Examples

pytestmark = pytest.mark.slow

ANY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=examples.name)


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(json.loads(openapi.document(NATIVE)))


def test_the_document_is_openapi_3_1(document: Document) -> None:
    assert document.content["openapi"] == "3.1.0"
    assert document.content["info"]["version"] == __version__
    schemathesis.openapi.from_dict(document.content).validate()


def test_every_schema_is_a_json_schema(document: Document) -> None:
    for schema in document.content["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_document_holds_the_routes_and_nothing_else(document: Document) -> None:
    described = {
        (method.upper(), path) for path, operations in document.content["paths"].items() for method in operations
    }
    routes = {(route.method, PREFIX + route.path) for route in ROUTES}
    assert described == routes | {("GET", "/health"), ("GET", "/ready"), ("GET", "/metrics")}


def test_operation_ids_are_unique(document: Document) -> None:
    ids = [operation["operationId"] for path in document.content["paths"].values() for operation in path.values()]
    assert [name for name, times in Counter(ids).items() if times > 1] == []


@ANY_ROUTE
def test_a_route_is_described(document: Document, route: Route) -> None:
    operation = document.operation(route)
    assert operation["summary"]
    keys = [{"header": [route.scope]}, {"bearer": [route.scope]}, {"parameter": [route.scope]}]
    assert operation["security"] == ([] if "token" in route.ids else keys)
    assert set(operation["tags"]) <= {tag["name"] for tag in document.content["tags"]}
    assert ("requestBody" in operation) == route.takes_body
    media, reply = document.reply(route, route.status)
    assert media in ("text/csv", "application/pdf", "application/zip", "image/*") or "data" in reply["required"]


@ANY_ROUTE
def test_the_parameters_of_a_route_are_described(document: Document, route: Route) -> None:
    parameters = [document.resolve(parameter) for parameter in document.operation(route)["parameters"]]
    named: dict[str, set[str]] = {"path": set(), "query": set(), "header": set()}
    for parameter in parameters:
        named[parameter["in"]].add(parameter["name"])
        assert {"type": "null"} not in parameter["schema"].get("anyOf", [])
    assert named["path"] == {part[1:-1] for part in route.path.split("/") if part.startswith("{")}
    assert named["query"] == set(route.query.__struct_encode_fields__)
    assert ("Idempotency-Key" in named["header"]) == (
        route.method == "POST" and "{token}" not in route.path and not (route.of_usage or route.asks)
    )
    is_write_below_a_row = not route.reads and ("_id}" in route.path or route.path.startswith("/settings"))
    assert ("If-Match" in named["header"]) == (
        is_write_below_a_row and not route.path.startswith(("/api-keys", "/templates"))
    )


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("GET", "", {"200", "401", "422", "429", "500", "503"}),
        ("GET", "/invoices", {"200", "401", "422", "429", "500", "503"}),
        ("GET", "/invoices/{invoice_id}", {"200", "401", "404", "422", "429", "500", "503"}),
        ("GET", "/api-keys", {"200", "401", "403", "422", "429", "500", "503"}),
        ("GET", "/public/invoices/{token}", {"200", "404", "422", "429", "500", "503"}),
        ("POST", "/invoices", {"201", "400", "401", "403", "408", "409", "413", "415", "422", "429", "500", "503"}),
        (
            "PUT",
            "/invoices/{invoice_id}",
            {"200", "400", "401", "403", "404", "408", "409", "412", "413", "415", "422", "429", "500", "503"},
        ),
        (
            "DELETE",
            "/taxes/{tax_id}",
            {"200", "400", "401", "403", "404", "408", "409", "412", "413", "415", "422", "429", "500", "503"},
        ),
    ],
)
def test_the_statuses_of_a_route(document: Document, method: str, path: str, statuses: set[str]) -> None:
    assert set(document.content["paths"][PREFIX + path][method.lower()]["responses"]) == statuses


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (400, ["MALFORMED"]),
        (401, ["UNAUTHORIZED"]),
        (403, ["FORBIDDEN"]),
        (404, ["NOT_FOUND"]),
        (408, ["REQUEST_TIMEOUT"]),
        (409, ["CONFLICT", "OVERPAYMENT", "EMAIL_NOT_CONFIGURED"]),
        (412, ["STALE"]),
        (413, ["PAYLOAD_TOO_LARGE"]),
        (415, ["UNSUPPORTED_MEDIA_TYPE"]),
        (422, ["VALIDATION_FAILED", "IDEMPOTENCY_MISMATCH"]),
        (500, ["INTERNAL_ERROR"]),
        (503, ["UNAVAILABLE", "OUTCOME_UNKNOWN"]),
    ],
)
def test_the_codes_of_a_status(document: Document, status: int, codes: list[str]) -> None:
    response = document.content["components"]["responses"][f"Error{status}"]
    _error, narrowed = response["content"]["application/json"]["schema"]["allOf"]
    assert narrowed["properties"]["code"]["enum"] == codes
    assert all(f"`{code}`: " in response["description"] for code in codes)


@pytest.mark.parametrize(
    ("component", "field", "schema"),
    [
        # Amounts are numbers in replies, and numbers or strings in requests.
        ("InvoiceJson", "total", {"type": "number"}),
        ("InvoiceJson", "discount_value", {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        ("InvoiceJson", "issue_date", {"type": "string", "format": "date"}),
        ("InvoiceJson", "created_at", {"type": "string", "format": "date-time"}),
        ("InvoiceJson", "issued_at", {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
        ("InvoiceJson", "taxes", {"type": "array", "items": {"$ref": "#/components/schemas/TaxJson"}}),
        ("NewApiKey", "scopes", {"items": {"$ref": "#/components/schemas/Scope"}, "maxItems": 3, "minItems": 1}),
    ],
)
def test_the_schema_of_a_field(document: Document, component: str, field: str, schema: dict[str, Any]) -> None:
    described = document.content["components"]["schemas"][component]["properties"][field]
    assert described.pop("description")
    assert {"type": "array", **described} == {"type": "array", **schema}


@pytest.mark.parametrize(
    ("path", "name", "schema"),
    [
        ("/customers", "sort", {"type": "string", "enum": ["created_at", "name"]}),
        ("/taxes", "sort", {"type": "string", "enum": ["created_at"]}),
        ("/payments", "status", {"$ref": "#/components/schemas/PaymentStatus"}),
        ("/invoices", "sort", {"type": "string", "enum": ["created_at", "issue_date", "due_date", "total", "number"]}),
        (
            "/quotations",
            "status",
            {
                "type": "array",
                "items": {
                    "type": "string",
                    "enum": ["draft", "sent", "accepted", "rejected", "expired", "converted"],
                },
            },
        ),
    ],
)
def test_a_parameter_of_few_words_names_them(document: Document, path: str, name: str, schema: dict[str, Any]) -> None:
    parameters = document.content["paths"][PREFIX + path]["get"]["parameters"]
    (found,) = (parameter for parameter in parameters if parameter.get("name") == name)
    assert {**found["schema"], **schema} == found["schema"]
    assert found.get("explode") is (False if schema.get("type") == "array" else None)


def test_every_list_names_what_it_is_sorted_by(document: Document) -> None:
    named = {
        name: parameter["schema"].get("enum")
        for name, parameter in test_documents.parameters(document.content)
        if name.endswith((".sort", ".order"))
    }
    assert len(named) > 20
    assert all(named.values())


def test_a_request_refuses_unknown_fields_and_a_reply_names_what_it_always_sends(document: Document) -> None:
    schemas = document.content["components"]["schemas"]
    assert schemas["NewInvoiceBody"]["additionalProperties"] is False
    assert schemas["NewInvoiceBody"]["required"] == ["customer_id", "items"]
    assert schemas["Settings"]["required"] == list(schemas["Settings"]["properties"])
    assert schemas["Pagination"]["required"] == ["limit", "next"]


def test_the_reply_to_every_read_is_what_the_document_says(api: Api) -> None:
    known, document = Examples(api), Document.of(api)
    for route in ROUTES:
        if route.reads:
            assert_as_documented(document, route, known.send(route))


@pytest.mark.parametrize("route", examples.WRITES, ids=examples.name)
def test_the_reply_to_a_write_is_what_the_document_says(api: Api, route: Route) -> None:
    assert_as_documented(Document.of(api), route, Examples(api, route).send(route))


def assert_as_documented(document: Document, route: Route, response: httpx.Response) -> None:
    assert response.status_code == examples.status_of(route), f"{examples.name(route)}: {response.text}"
    assert document.faults(route, response) == [], examples.name(route)


def test_an_undocumented_field_is_a_fault(api: Api) -> None:
    document = Document.of(api)
    (route,) = (route for route in ROUTES if (route.method, route.path) == ("GET", "/customers"))
    api.data(api.post("/customers", {"name": "John"}))
    response = api.get("/customers")
    assert document.faults(route, response) == []
    del document.content["components"]["schemas"]["Customer"]["properties"]["notes"]
    fault = "$.data[0]: Additional properties are not allowed ('notes' was unexpected)"
    assert fault in Document(document.content).faults(route, response)


@pytest.mark.parametrize("path", ["/", "", "?api_key={key}", "/?api_key={key}"])
def test_the_api_in_short(api: Api, path: str) -> None:
    headers = {} if "{key}" in path else {"X-API-Key": api.new_key(Scope.READ)}
    response = api.client.get(PREFIX + path.format(key=api.key), headers=headers)
    data = api.data(response)
    assert (data["name"], data["version"]) == ("Tallystick", __version__)
    assert len(data["endpoints"]) == len(ROUTES)
    assert {"method": "POST", "path": "/api/v1/invoices", "description": "Make a draft"} in data["endpoints"]


def test_the_api_in_short_needs_a_key(api: Api) -> None:
    assert api.client.get(PREFIX + "/").status_code == 401


def test_health_and_metrics_are_as_described(api: Api) -> None:
    document = json.loads(openapi.document(NATIVE))
    assert api.client.get("/health").json() == {"status": "ok"}
    ready = api.client.get("/ready").json()
    assert ready["status"] == "ok"
    assert ready.keys() == set(document["components"]["schemas"]["Ready"]["required"])
    assert api.client.get("/metrics").status_code == 401
    metrics = api.client.get("/metrics", headers={"X-API-Key": api.key})
    described = document["paths"]["/metrics"]["get"]["responses"]
    assert [metrics.headers["Content-Type"]] == list(described["200"]["content"])
