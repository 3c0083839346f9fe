"""Random requests made from the document, good ones and bad ones: each reply is one that the document promises."""

from collections.abc import Sequence
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

pytestmark = pytest.mark.slow

PROMISES = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW = settings(max_examples=6, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))


_documents: dict[str, Any] = {}


def document_of(path: str, application: WSGIApplication) -> Any:
    """The calls of a document, which each application has alike: to make them takes longer than to send them."""
    if path not in _documents:
        _documents[path] = schemathesis.openapi.from_wsgi(path, application)
    return _documents[path]


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


def promises_hold(case: Case[Any], apis: Sequence[Api], ids: Sequence[dict[str, Any]]) -> None:
    """Sends a request over each database, with its own ``ids`` where the request has the first one's."""
    path = dict(case.path_parameters)
    for api, own in zip(apis, ids, strict=True):
        case.path_parameters = {name: own[name] if value == ids[0].get(name) else value for name, value in path.items()}
        headers = {"X-API-Key": api.key, "Accept-Encoding": "identity"}
        case.call_and_validate(app=api.application, headers=headers, checks=PROMISES)


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.takes_file], ids=examples.name)
def test_a_route_keeps_its_promises(apis: list[Api], route: Route) -> None:
    ids = [Examples(api, route).ids_of(route) for api in apis]
    operation = document_of("/docs/openapi.json", apis[0].application)[PREFIX + route.path][route.method]

    @FEW
    @given(case=requests(operation, examples.body_of(route) or {}, ids[0]))
    def each_holds(case: Case[Any]) -> None:
        promises_hold(case, apis, ids)

    each_holds()
