"""Meters and rates: what they refuse, and that a change keeps what it does not name."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer

TIERS = [{"up_to": 10, "unit_price": 10, "flat": 2}, {"up_to": None, "unit_price": "0.5"}]


def test_a_meter_is_made_changed_and_deleted(api: Api) -> None:
    made = api.post("/usage/meters", {"key": "vm", "aggregation": "sum", "filters": {"service": ["EC2"]}})
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/usage/meters/vm")
    changed = api.data(api.put("/usage/meters/vm", {"name": "Machines", "thresholds": [{"quantity": "1000"}]}))
    assert changed == api.data(api.get("/usage/meters/vm"))
    assert (changed["name"], changed["filters"], changed["thresholds"]) == (
        "Machines",
        {"service": ["EC2"]},
        [{"quantity": 1000}],
    )
    assert api.post("/usage/meters", {"key": "vm", "aggregation": "max"}).status_code == 409
    api.data(api.post("/usage/rates", {"meter": "vm", "model": "per_unit", "unit_price": 1}))
    assert api.delete("/usage/meters/vm").status_code == 409
    api.data(api.delete("/usage/rates/1"))
    api.data(api.delete("/usage/meters/vm"))
    assert api.get("/usage/meters/vm").status_code == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"key": "with space"}, "key"),
        ({"aggregation": "average"}, "aggregation"),
        ({"thresholds": [{}]}, "thresholds.0"),
        ({"thresholds": [{"quantity": 1, "cost": 1}]}, "thresholds.0"),
        ({"group_by": ["a", "b", "c", "d", "e", "f"]}, "group_by"),
        ({"aggregation": "unique", "of": "quantity"}, "of"),
    ],
)
def test_a_meter_that_makes_no_sense_is_refused(api: Api, fields: dict[str, Any], wrong: str) -> None:
    refused = api.post("/usage/meters", {"key": "vm", "aggregation": "sum", **fields})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [wrong])


def test_a_meter_that_counts_values_is_not_changed_to_count_quantities(api: Api) -> None:
    api.data(api.post("/usage/meters", {"key": "users", "aggregation": "unique", "of": "user"}))
    refused = api.put("/usage/meters/users", {"of": "quantity"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["of"])
    assert api.data(api.get("/usage/meters/users"))["of"] == "user"
    changed = api.data(api.put("/usage/meters/users", {"of": "quantity", "aggregation": "max"}))
    assert (changed["aggregation"], changed["of"]) == ("max", None)


def test_a_meter_of_the_quantity_needs_no_property(api: Api) -> None:
    assert api.data(api.post("/usage/meters", {"key": "vm", "aggregation": "sum", "of": "quantity"}))["of"] is None
    customer = a_customer(api)
    event = {"id": "e-1", "customer_id": customer, "meter": "vm", "at": "2026-01-05T12:00:00Z", "quantity": "2.5"}
    assert api.data(api.post("/usage/events", event))["accepted"] == 1
    report = api.data(api.get("/usage/report?from=2026-01-05&to=2026-01-05"))
    assert report["rows"] == [{"quantity": 2.5, "cost": 0}]


def test_a_change_of_a_rate_keeps_the_rest(api: Api) -> None:
    api.data(api.post("/usage/meters", {"key": "vm", "aggregation": "sum"}))
    made = api.data(
        api.post("/usage/rates", {"meter": "vm", "model": "graduated", "tiers": TIERS, "valid_from": "2026-03-01"})
    )
    assert made["tiers"] == [{"up_to": 10, "unit_price": 10, "flat": 2}, {"up_to": None, "unit_price": 0.5, "flat": 0}]
    changed = api.data(api.put(f"/usage/rates/{made['id']}", {"flat": "7.5", "region": "eu"}))
    untouched = ("meter", "model", "tiers", "valid_from", "currency")
    assert {name: changed[name] for name in untouched} == {name: made[name] for name in untouched}
    assert (changed["flat"], changed["region"], changed["version"]) == (7.5, "eu", 2)
    of_other_model = api.data(api.put(f"/usage/rates/{made['id']}", {"model": "per_unit", "unit_price": "0.25"}))
    assert (of_other_model["unit_price"], of_other_model["tiers"], of_other_model["flat"]) == (0.25, None, 0)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"meter": "none"}, "meter"),
        ({"meter": None}, "meter"),
        ({"service": "EC2"}, "meter"),
        ({"customer_id": 99}, "customer_id"),
        ({"tax_id": 99}, "tax_id"),
        ({"unit_price": None}, "unit_price"),
        ({"tiers": TIERS}, "tiers"),
        ({"unit_price": -1}, "unit_price"),
        ({"unit": "day"}, "unit"),
        ({"currency": "XXX"}, "currency"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(api: Api, fields: dict[str, Any], wrong: str) -> None:
    api.data(api.post("/usage/meters", {"key": "vm", "aggregation": "sum"}))
    refused = api.post("/usage/rates", {"meter": "vm", "model": "per_unit", "unit_price": 1, **fields})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [wrong])


def test_two_rates_for_the_same_are_refused(api: Api) -> None:
    customer = a_customer(api)
    body = {"service": "EC2", "model": "per_unit", "unit_price": 1}
    first = api.data(api.post("/usage/rates", body))
    refused = api.post("/usage/rates", {**body, "unit_price": 2})
    assert refused.status_code == 409
    assert f"the id {first['id']}" in refused.json()["error"]
    for other in ({"region": "eu"}, {"customer_id": customer}, {"currency": "JPY"}, {"valid_from": "2026-01-01"}):
        api.data(api.post("/usage/rates", {**body, **other}))
    assert api.put(f"/usage/rates/{first['id']}", {"region": "eu"}).status_code == 409
    assert len(api.data(api.get("/usage/rates", params={"service": "EC2"}))) == 5
