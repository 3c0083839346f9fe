"""Random requests made from each dialect's document: each reply is one that the document promises."""

from typing import Any

import pytest
import schemathesis
from hypothesis import given
from schemathesis import Case

from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tests.api import Api
from tests.bills import an_invoice
from tests.contract.test_fuzz import FEW, document_of, promises_hold, requests
from tests.dialects.readers import DIALECTS

pytestmark = pytest.mark.slow

CALLS = [(surface, route) for surface in DIALECTS for route in surface.routes]


def shown(value: Any) -> str:
    """A call as a test's id."""
    return f"{value.method} {value.path}" if isinstance(value, Route) else value.name


@pytest.mark.parametrize(("surface", "route"), CALLS, ids=shown)
def test_a_call_keeps_its_promises(apis: list[Api], surface: Surface, route: Route) -> None:
    ids = [dict.fromkeys(route.ids, an_invoice(api, 100)["id"]) for api in apis]
    operation = document_of(surface.document_path, apis[0].application)[surface.prefix + route.path][route.method]
    example = dict(surface.description.examples.get((route.method, route.path), {}))

    @FEW
    @given(case=requests(operation, example, ids[0]))
    def each_holds(case: Case[Any]) -> None:
        promises_hold(case, apis, ids)

    each_holds()


@pytest.mark.parametrize(("surface", "route"), [call for call in CALLS if call[1].takes_body], ids=shown)
def test_the_example_of_a_body_works(api: Api, surface: Surface, route: Route) -> None:
    invoice = an_invoice(api, 100)
    path = surface.prefix + route.path.format_map(dict.fromkeys(route.ids, invoice["id"]))
    operation = api.client.get(surface.document_path).json()["paths"][surface.prefix + route.path][route.method.lower()]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    reply = api.client.request(route.method, path, json=example, headers={"X-API-Key": api.key})
    # There is no mail server.
    assert reply.status_code == (409 if route.path == "/send" else route.status), reply.text


@pytest.mark.parametrize("surface", DIALECTS, ids=shown)
def test_a_document_is_openapi(surface: Surface, api: Api) -> None:
    document = api.client.get(surface.document_path).json()
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert described == {(route.method, surface.prefix + route.path) for route in surface.routes}
