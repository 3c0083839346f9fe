"""``verify`` finds an invoice that bills other events than there are."""

import pytest
from sqlalchemy import delete

from tallystick.store.usage_tables import usage_events
from tests.api import Api
from tests.bills import a_customer


@pytest.mark.alters
def test_an_event_that_was_billed_and_is_gone_is_found(api: Api) -> None:
    customer = a_customer(api)
    api.data(api.post("/usage/meters", {"key": "calls", "aggregation": "sum"}))
    api.data(api.post("/usage/rates", {"meter": "calls", "model": "per_unit", "unit_price": 1}))
    bound = {"customer_id": customer, "frequency": "monthly", "start_date": "2026-02-01", "max_occurrences": 2}
    api.data(api.post("/recurring-billing", {**bound, "amount": 5, "description": "Base", "meters": ["calls"]}))
    event = {"customer_id": customer, "meter": "calls", "at": "2026-02-10T12:00:00Z"}
    api.data(api.post("/usage/events", [{**event, "id": name} for name in ("a", "b")]))
    api.data(api.post("/recurring-billing/process"))
    assert api.differences() == []
    gone = delete(usage_events).where(usage_events.c.account_id == api.account.id, usage_events.c.event_id == "a")
    api.database.usage.transact("tests", lambda tx: tx.write(gone))
    assert api.differences() == ["usage_lines 1: bills 2 events of invoice 2, of which 1 are there"]
