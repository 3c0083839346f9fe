"""A 201 tells where what was made is found."""

from typing import Any

import pytest

from tallystick.dialects.billingdb.routes import BILLINGDB
from tallystick.dialects.iqraa.routes import IQRAA
from tallystick.http.routes import Route
from tallystick.http.surface import Surface
from tallystick.native.routes import ROUTES
from tallystick.native.surface import NATIVE
from tallystick.serve import SURFACES
from tests.api import Api
from tests.contract import examples
from tests.contract.examples import Examples

MAKING = [route for route in ROUTES if route.status == 201]


@pytest.mark.parametrize("route", MAKING, ids=examples.name)
def test_what_is_made_is_found_at_its_location(api: Api, route: Route) -> None:
    made = Examples(api, route).send(route)
    location, made_id = made.headers["Location"], api.data(made)[route.made_by]
    if route.makes == "/api-keys":
        assert location == f"/api/v1/api-keys/{made_id}"
        assert api.client.delete(location, headers={"X-API-Key": api.key}).json()["data"]["id"] == made_id
        return
    found = api.client.get(location, headers={"X-API-Key": api.key})
    assert api.data(found)[route.made_by] == made_id
    assert found.request.url.path == f"{NATIVE.prefix}{route.makes}/{made_id}"


@pytest.mark.parametrize("surface", [BILLINGDB, IQRAA], ids=lambda surface: surface.name)
def test_so_it_is_in_a_dialect(api: Api, surface: Surface) -> None:
    api.post("/customers", {"name": "Ann"})
    headers = {"X-API-Key": api.key}
    body = surface.description.examples["POST", "/invoices"]
    made = api.client.post(f"{surface.prefix}/invoices", json=body, headers=headers)
    assert made.headers["Location"] == f"{surface.prefix}/invoices/{made.json()['id']}"
    assert api.client.get(made.headers["Location"], headers=headers).json()["id"] == made.json()["id"]


def test_the_location_is_replayed(api: Api) -> None:
    asked: dict[str, Any] = {"json": {"name": "Ann"}, "headers": {"Idempotency-Key": "ann"}}
    made, again = api.post("/customers", **asked), api.post("/customers", **asked)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (made.headers["Location"], again.headers["Location"]) == ("/api/v1/customers/1", "/api/v1/customers/1")


def test_what_makes_nothing_has_no_location(api: Api) -> None:
    api.post("/customers", {"name": "Ann"})
    for response in (api.get("/customers/1"), api.put("/customers/1", {}), api.post("/customers", {"name": ""})):
        assert "Location" not in response.headers


def test_every_creation_of_every_api_has_one() -> None:
    created = [route for surface in SURFACES for route in surface.routes if route.status == 201 or route.makes]
    assert [route.path for route in created if route.status != 201 or route.makes is None] == []
    assert len(created) > len(MAKING)
