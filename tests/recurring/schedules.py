"""Schedules for tests, made and run through the API."""

from contextlib import nullcontext
from typing import Any

from tallystick.store.db import Tx
from tallystick.verify import checks
from testing.caller import Caller
from tests.api import Api
from tests.bills import a_customer

IHS = {
    "customer_id": 1,
    "frequency": "monthly",
    "amount": 15000,
    "description": "Monthly Subscription Fee",
    "start_date": "2026-03-01",
}
"""The body that ``seeds/ihs-billing.txt`` posts."""


def a_schedule(api: Caller, **fields: Any) -> Any:
    """A new schedule: monthly 100.00 from 2026-01-31, unless ``fields`` say otherwise."""
    content = {} if "items" in fields else {"amount": 100, "description": "Retainer"}
    customer = {} if "customer_id" in fields else {"customer_id": a_customer(api)}
    body = {"frequency": "monthly", "start_date": "2026-01-31", **content, **customer, **fields}
    return api.data(api.post("/recurring-billing", body))


def process(api: Caller, as_of: str | None = None, **fields: Any) -> Any:
    """What a run did; as of today unless told otherwise."""
    return api.data(api.post("/recurring-billing/process", {**({"as_of": as_of} if as_of else {}), **fields}))


def bills(api: Caller, schedule: Any) -> list[Any]:
    """The invoices of a schedule as the list shows them, the earliest period first."""
    found: list[Any] = api.data(
        api.get(
            "/invoices", params={"recurring_id": schedule["id"], "limit": 100, "sort": "issue_date", "order": "asc"}
        )
    )
    return found


def days(api: Caller, schedule: Any) -> list[str]:
    """The issue dates of a schedule's invoices, without the century."""
    return [bill["issue_date"][2:] for bill in bills(api, schedule)]


def now(api: Caller, schedule: Any) -> Any:
    """The schedule as it is now."""
    return api.data(api.get(f"/recurring-billing/{schedule['id']}"))


def differences(tx: Tx, api: Api) -> list[str]:
    """What is wrong with the account's books."""
    found = checks.differences(tx, [api.account], lambda _title, _rows: nullcontext(lambda _done: None))
    return list(map(str, found))
