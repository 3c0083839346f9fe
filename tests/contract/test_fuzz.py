"""Random requests made from the document, good ones and bad ones: each reply is one that the document promises."""

from functools import cache
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tallystick.http.routes import Route
from tallystick.native.routes import PREFIX, ROUTES
from tests.api import Api
from tests.contract import examples
from tests.contract.examples import Examples

PROMISES = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW = settings(max_examples=6, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def document_of(application: WSGIApplication, path: str) -> Any:
    """The calls of a document: what is made of it to send them is kept, for it takes longer than to send them."""
    return schemathesis.openapi.from_wsgi(path, application)


def requests(operation: Any, example: dict[str, Any], ids: dict[str, Any]) -> st.SearchStrategy[Case[Any]]:
    """Requests as the document allows and as it does not, of rows that exist and of any; ``example`` is a good body."""
    allowed = operation.as_strategy(GenerationMode.POSITIVE, path_parameters=ids or None)
    return st.one_of(
        st.builds(_nearly, st.just(example), allowed, st.integers(0, 99)),
        operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=ids or None),
        operation.as_strategy(GenerationMode.POSITIVE),
    )


def _nearly(example: dict[str, Any], case: Case[Any], pick: int) -> Case[Any]:
    """The example with one field of the case, for what is random all over is mostly refused at the door."""
    if isinstance(case.body, dict) and case.body:
        name = sorted(case.body)[pick % len(case.body)]
        case.body = example | {name: case.body[name]}
    return case


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=examples.name)
def test_a_route_keeps_its_promises(api: Api, route: Route) -> None:
    ids = Examples(api, route).ids_of(route)
    operation = document_of(api.application, "/docs/openapi.json")[PREFIX + route.path][route.method]

    @FEW
    @given(case=requests(operation, examples.body_of(route) or {}, ids))
    def promises_hold(case: Case[Any]) -> None:
        case.call_and_validate(headers={"X-API-Key": api.key, "Accept-Encoding": "identity"}, checks=PROMISES)

    promises_hold()
