"""Events whose customer or meter is not known: they may wait until it is."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer

NOBODY_YET = 77


@pytest.fixture
def keeping(api: Api) -> Api:
    """An account that keeps what names an unknown customer or meter."""
    assert api.data(api.get("/settings"))["usage_keep_rejected"] is False
    assert api.data(api.put("/settings", {"usage_keep_rejected": True}))["usage_keep_rejected"] is True
    return api


def an_event(event_id: str, **fields: Any) -> dict[str, Any]:
    return {"id": event_id, "customer_id": 1, "meter": "calls", "at": "2026-01-15T12:00:00Z", **fields}


def waiting(api: Api) -> list[tuple[str, list[str]]]:
    return [(each["id"], sorted(each["errors"])) for each in api.data(api.get("/usage/rejected"))]


def retried(api: Api) -> tuple[int, int, list[str], int]:
    told = api.data(api.post("/usage/rejected/retry"))
    return told["accepted"], told["duplicates"], [each["id"] for each in told["dropped"]], told["left"]


def test_what_names_an_unknown_customer_or_meter_waits_for_it(keeping: Api) -> None:
    ann = a_customer(keeping)
    events = [
        an_event("e-1", customer_id=ann, quantity="2.50", properties={"size": 0.1}),
        an_event("e-2", customer_id=NOBODY_YET),
        an_event("e-3", customer_id=ann, meter=None, service="storage"),
    ]
    taken = keeping.data(keeping.post("/usage/events", events))
    assert (taken["accepted"], [each["index"] for each in taken["rejected"]]) == (1, [0, 1])
    assert waiting(keeping) == [("e-1", ["meter"]), ("e-2", ["customer_id", "meter"])]
    (first, _) = keeping.data(keeping.get("/usage/rejected"))
    assert first["event"] == {**events[0], "quantity": 2.5, "properties": {"size": Decimal("0.1")}}
    keeping.data(keeping.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    assert retried(keeping) == (1, 0, [], 1)
    assert waiting(keeping) == [("e-2", ["customer_id"])]
    shown = keeping.data(keeping.get("/usage/events?meter=calls"))
    assert [(each["id"], each["quantity"], each["properties"]) for each in shown] == [
        ("e-1", 2.5, {"size": Decimal("0.1")})
    ]


def test_an_event_that_comes_again_waits_once_and_until_it_is_taken(keeping: Api) -> None:
    ann = a_customer(keeping)
    for quantity in (1, 2):
        keeping.data(keeping.post("/usage/events", an_event("e-1", customer_id=ann, quantity=quantity)))
    assert [each["event"]["quantity"] for each in keeping.data(keeping.get("/usage/rejected"))] == [2]
    keeping.data(keeping.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    keeping.data(keeping.post("/usage/events", an_event("e-1", customer_id=ann, quantity=2)))
    assert waiting(keeping) == []


def test_what_waits_under_the_id_of_another_event_is_dropped_and_told(keeping: Api) -> None:
    ann = a_customer(keeping)
    keeping.data(keeping.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    keeping.data(keeping.post("/usage/events", an_event("e-1", customer_id=ann)))
    keeping.data(keeping.post("/usage/events", an_event("e-1", customer_id=ann, meter="later")))
    keeping.data(keeping.post("/usage/events", an_event("e-2", customer_id=ann, meter="never")))
    assert waiting(keeping) == [("e-1", ["meter"]), ("e-2", ["meter"])]
    keeping.data(keeping.post("/usage/meters", {"key": "later", "aggregation": "sum"}))
    told = keeping.data(keeping.post("/usage/rejected/retry"))
    assert told == {
        "accepted": 0,
        "duplicates": 0,
        "dropped": [{"id": "e-1", "errors": {"id": ["Is stored already, with another content."]}}],
        "left": 1,
    }
    assert waiting(keeping) == [("e-2", ["meter"])]


def test_what_is_wrong_otherwise_is_refused_and_nothing_is_kept(keeping: Api) -> None:
    ann = a_customer(keeping)
    events = [an_event("e-1", customer_id=ann), an_event("e-2", customer_id=ann, quantity=-1)]
    refused = keeping.post("/usage/events", events)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["1.meter", "1.quantity"])
    assert waiting(keeping) == []
    assert keeping.data(keeping.post("/usage/events?partial=true", events))["accepted"] == 0
    assert waiting(keeping) == [("e-1", ["meter"])]


def test_what_waits_is_walked_by_cursor_and_is_of_its_account(keeping: Api) -> None:
    events = [an_event(f"e-{number}", customer_id=NOBODY_YET) for number in range(3)]
    keeping.data(keeping.post("/usage/events", events))
    page = keeping.get("/usage/rejected?limit=2").json()
    assert ([each["id"] for each in page["data"]], page["pagination"]["next"]) == (["e-0", "e-1"], "e-1")
    page = keeping.get("/usage/rejected?limit=2&after=e-1").json()
    assert ([each["id"] for each in page["data"]], page["pagination"]["next"]) == (["e-2"], None)
    other = Api(keeping.database)
    assert waiting(other) == []
    assert retried(other) == (0, 0, [], 0)
    assert len(waiting(keeping)) == 3


def test_unless_they_are_kept_events_of_the_unknown_are_refused(api: Api) -> None:
    refused = api.post("/usage/events", an_event("e-1", customer_id=NOBODY_YET))
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["customer_id", "meter"])
    assert waiting(api) == []
