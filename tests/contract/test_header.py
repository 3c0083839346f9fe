"""Every field of a bill's header goes every way of a bill; the next field is covered by being written there."""

from datetime import date
from typing import Any, get_args

import pytest
from msgspec import structs
from sqlalchemy import text

from tallystick.bills.header import FIELDS, Header
from tallystick.bills.public import TOLD
from tallystick.credit_notes.ops import NOT_THE_NOTES
from tests.api import Api
from tests.bills import a_customer
from tests.recurring.schedules import a_schedule, process

SERVICE = ("service_start", "service_end")
ITEM = {"description": "Work", "unit_price": 100, "tax_rate": 0}
HINTS = {field.name: get_args(get_args(field.type)[0]) for field in structs.fields(Header)}
SERVED = {"service_start": "2026-04-01", "service_end": "2026-04-30"}


def value_of(name: str, *, is_other: bool = False) -> Any:
    """A value for a field, or another one."""
    if date in HINTS[name]:
        day = SERVED.get(name, "2026-04-15")
        return f"2026-05-{day[-2:]}" if is_other else day
    return f"{name} {'changed' if is_other else 'as asked'}"


FIRST = {name: value_of(name) for name in FIELDS}
OTHER = {name: value_of(name, is_other=True) for name in FIELDS}
NOTHING = dict.fromkeys(FIELDS)


def header(shown: Any) -> dict[str, Any]:
    return {name: shown[name] for name in FIELDS}


def made(api: Api, path: str, **fields: Any) -> Any:
    body: dict[str, Any] = {"customer_id": a_customer(api), "items": [ITEM], **fields}
    if path == "/recurring-billing":
        body["frequency"] = "monthly"
    return api.data(api.post(path, body))


def got(api: Api, path: str) -> dict[str, Any]:
    return header(api.data(api.get(path)))


PATHS = ("/quotations", "/invoices", "/recurring-billing")


@pytest.mark.parametrize("path", PATHS)
def test_asked_for_shown_changed_and_taken_back(api: Api, path: str) -> None:
    bill = made(api, path, **FIRST)
    one = f"{path}/{bill['id']}"
    assert header(bill) == FIRST
    assert got(api, one) == FIRST
    assert header(api.data(api.get(path))[0]) == FIRST
    assert header(api.data(api.put(one, {}))) == FIRST
    assert header(api.data(api.put(one, OTHER))) == OTHER
    assert got(api, one) == OTHER
    assert header(api.data(api.put(one, NOTHING))) == NOTHING
    assert got(api, one) == NOTHING


@pytest.mark.parametrize("path", ["/quotations", "/invoices"])
def test_previewed_and_duplicated(api: Api, path: str) -> None:
    assert header(made(api, f"{path}/preview", **FIRST)) == FIRST
    bill = made(api, path, **FIRST)
    assert header(api.data(api.post(f"{path}/{bill['id']}/duplicate"))) == FIRST


@pytest.mark.parametrize("name", FIELDS)
def test_changed_alone(api: Api, name: str) -> None:
    bill = made(api, "/invoices", **{**FIRST, **dict.fromkeys(SERVICE)})
    before = header(bill)
    value = value_of(name, is_other=True)
    assert header(api.data(api.put(f"/invoices/{bill['id']}", {name: value}))) == {**before, name: value}


def test_converted_credited_revised_and_told(api: Api) -> None:
    quotation = made(api, "/quotations", **FIRST)
    invoice = api.data(api.post(f"/quotations/{quotation['id']}/convert"))
    assert header(invoice) == FIRST
    shared = api.data(api.post(f"/invoices/{invoice['id']}/publish"))
    assert header(shared) == FIRST
    revised = api.data(api.post(f"/invoices/{invoice['id']}/revise", OTHER))
    assert header(revised) == OTHER
    told = api.data(api.get(f"/public/invoices/{shared['share_token']}"))
    assert {name: told.get(name) for name in FIELDS} == {**OTHER, **{n: None for n in FIELDS if n not in TOLD}}
    page = api.client.get(f"/public/invoices/{shared['share_token']}").text
    assert [name for name in TOLD if date not in HINTS[name] and OTHER[name] not in page] == []
    assert "1–30 May 2026" in page
    note = api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {}))
    expected = OTHER | NOT_THE_NOTES
    assert header(note) == expected
    assert got(api, f"/credit-notes/{note['id']}") == expected
    assert header(api.data(api.get("/credit-notes"))[0]) == expected
    assert api.differences() == []


def test_told_of_a_quotation(api: Api) -> None:
    quotation = made(api, "/quotations", **FIRST)
    token = api.data(api.post(f"/quotations/{quotation['id']}/publish"))["share_token"]
    told = api.data(api.get(f"/public/quotations/{token}"))
    assert {name: told[name] for name in TOLD} == {name: FIRST[name] for name in TOLD}


def test_the_customer_is_told_of_all_but_the_look() -> None:
    assert set(FIELDS) - set(TOLD) == {"template_id"}


def test_a_run_bills_it_with_the_period_as_its_service(api: Api) -> None:
    schedule = a_schedule(api, start_date="2026-01-01", **FIRST)
    (first, second) = process(api, "2026-02-01", ids=[schedule["id"]])["invoices"]
    for invoice_id, start, end in ((first, "2026-01-01", "2026-01-31"), (second, "2026-02-01", "2026-02-28")):
        expected = {**FIRST, "service_start": start, "service_end": end}
        assert got(api, f"/invoices/{invoice_id}") == expected
    assert got(api, f"/recurring-billing/{schedule['id']}") == FIRST
    assert api.differences() == []


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in SERVICE])
def test_two_schedules_that_differ_in_it_alone_bill_their_own(api: Api, name: str) -> None:
    values = ("one", "two")
    schedules = [a_schedule(api, start_date="2026-01-01", **{name: value})["id"] for value in values]
    invoices = process(api, "2026-01-01", ids=schedules)["invoices"]
    assert sorted(got(api, f"/invoices/{invoice_id}")[name] for invoice_id in invoices) == sorted(values)


@pytest.mark.slow
def test_an_alteration_of_a_seal_is_named(api: Api) -> None:
    quotation = made(api, "/quotations", **FIRST)
    api.post(f"/quotations/{quotation['id']}/publish")
    invoice = made(api, "/invoices", **FIRST)
    api.post(f"/invoices/{invoice['id']}/publish")
    note = api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {}))
    bills = {"quotations": quotation["id"], "invoices": invoice["id"], "credit_notes": note["id"]}
    assert api.differences() == []
    for table, bill_id in bills.items():
        for name in FIELDS:
            unaltered = None if table == "credit_notes" and name in NOT_THE_NOTES else FIRST[name]
            for value in (OTHER[name], unaltered):
                written = "NULL" if value is None else f"'{value}'"
                alter(api, f"UPDATE {table} SET {name} = {written} WHERE id = {bill_id}")
                assert bool(api.differences()) is (value != unaltered), (table, name, value)


def alter(api: Api, statement: str) -> None:
    api.database.transact("somebody", lambda tx: tx.connection.execute(text(statement)))


@pytest.mark.parametrize("path", PATHS)
def test_service_ends_no_earlier_than_it_starts(api: Api, path: str) -> None:
    body = {"customer_id": a_customer(api), "items": [ITEM], "frequency": "monthly"}
    if path != "/recurring-billing":
        del body["frequency"]
    refused = api.post(path, {**body, "service_start": "2026-04-02", "service_end": "2026-04-01"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["service_end"])
    bill = api.data(api.post(path, {**body, "service_start": "2026-04-02", "service_end": "2026-04-02"}))
    refused = api.put(f"{path}/{bill['id']}", {"service_end": "2026-04-01"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["service_end"])


def test_a_title_ends_at_500_characters(api: Api) -> None:
    body = {"customer_id": a_customer(api), "items": [ITEM]}
    assert api.post("/invoices", {**body, "title": "x" * 500}).status_code == 201
    assert list(api.post("/invoices", {**body, "title": "x" * 501}).json()["errors"]) == ["title"]


def test_the_reference_describes_each_field(api: Api) -> None:
    schemas = api.client.get("/docs/openapi.json").json()["components"]["schemas"]
    of_header = [schema["properties"] for schema in schemas.values() if {*FIELDS} <= {*schema.get("properties", ())}]
    assert len(of_header) >= 10
    assert [name for shown in of_header for name in FIELDS if "description" not in shown[name]] == []
