"""The PDF behind a share link, in each state of its invoice."""

import logging
from decimal import Decimal

import pytest

from tallystick.bills.header import Header
from tallystick.bills.types import Item, NewBill
from tallystick.invoices import ops
from tallystick.store import secrets
from tests.api import ORIGIN, Api
from tests.bills import a_customer, a_draft, an_invoice
from tests.documents.pdfs import text_of


def a_linked_draft(api: Api) -> tuple[int, str]:
    """The id and the token of a new draft that has one from its start; its customer and its title tell directions."""
    item = Item(description="Work", unit_price=Decimal(100))
    token = secrets.new_secret(api.account.id)
    new = NewBill(
        customer_id=a_customer(api, name="Ann \u202eelpmaxE\u0007", city="Leeds", postal_code="LS1"),
        items=(item,),
        header=Header(title="Hosting"),
        share_token=token,
    )
    return api.database.transact("tests", lambda tx: ops.create(tx, api.account, new)).row.id, token


def pdf_of(api: Api, token: str) -> list[str]:
    """The lines of the PDF that a token opens, without a key."""
    response = api.client.get(f"/public/invoices/{token}/pdf")
    assert response.status_code == 200, response.text
    return text_of(response.content)


def pages(api: Api, token: str) -> list[int]:
    """The statuses of the page and of the JSON of a token."""
    paths = (f"/public/invoices/{token}", f"/api/v1/public/invoices/{token}")
    return [api.client.get(path).status_code for path in paths]


def test_a_drafts_token_opens_its_pdf_alone(api: Api) -> None:
    invoice_id, token = a_linked_draft(api)
    said = pdf_of(api, token)
    assert any("DRAFT" in line and f"DRAFT-{invoice_id}" not in line for line in said)
    assert {f"Invoice DRAFT-{invoice_id}", "Hosting", "Example Ltd", "LS1 Leeds", "Total USD 100.00"} <= {*said}
    assert pages(api, token) == [404, 404]
    shown = api.data(api.get(f"/invoices/{invoice_id}"))
    assert (shown["share_token"], shown["share_url"]) == (token, None)


@pytest.mark.parametrize("action", ["publish", "mark-sent", "mark-paid"])
def test_it_stays_when_the_draft_is_issued(api: Api, action: str) -> None:
    invoice_id, token = a_linked_draft(api)
    api.data(api.put(f"/invoices/{invoice_id}", {"title": "Hosting in March"}))
    issued = api.data(api.post(f"/invoices/{invoice_id}/{action}"))
    assert issued["share_token"] == token
    assert issued["share_url"] == f"{ORIGIN}/public/invoices/{token}"
    assert pages(api, token) == [200, 200]
    said = pdf_of(api, token)
    assert {f"Invoice {issued['invoice_number']}", "Hosting in March"} <= {*said}
    assert not any("DRAFT" in line for line in said)


def test_a_voided_one_is_marked_as_void(api: Api) -> None:
    invoice = an_invoice(api, 100)
    assert not any("VOID" in line for line in pdf_of(api, invoice["share_token"]))
    api.data(api.post(f"/invoices/{invoice['id']}/void"))
    assert any("VOID" in line for line in pdf_of(api, invoice["share_token"]))


def test_it_says_what_was_issued_and_not_what_its_parties_are_called_by_now(api: Api) -> None:
    invoice = an_invoice(api, 100)
    api.data(api.put("/settings", {"name": "Renamed Ltd"}))
    api.data(api.put(f"/customers/{invoice['customer_id']}", {"name": "Renamed"}))
    said = " ".join(pdf_of(api, invoice["share_token"]))
    assert "Example Ltd" in said
    assert "Ann Example" in said
    assert "Renamed" not in said


def test_a_token_that_is_no_more_opens_nothing(api: Api) -> None:
    invoice_id, token = a_linked_draft(api)
    api.data(api.post(f"/invoices/{invoice_id}/publish"))
    unpublished = api.data(api.post(f"/invoices/{invoice_id}/unpublish"))
    assert unpublished["share_token"] is None
    trashed_id, trashed = a_linked_draft(api)
    api.data(api.delete(f"/invoices/{trashed_id}"))
    for gone in (token, trashed, f"{api.account.id}.{'A' * 43}", "nothing", "1.%C3%A9", "%00"):
        response = api.client.get(f"/public/invoices/{gone}/pdf")
        assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    api.data(api.post(f"/invoices/{trashed_id}/restore"))
    assert pdf_of(api, trashed)


def test_a_copy_gets_no_token(api: Api) -> None:
    invoice_id, _token = a_linked_draft(api)
    assert api.data(api.post(f"/invoices/{invoice_id}/duplicate"))["share_token"] is None
    assert a_draft(api, 1)["share_token"] is None


def test_a_file_is_shown_kept_by_nobody_and_named_after_its_number(api: Api) -> None:
    invoice = an_invoice(api, 100, invoice_number="Å/1")
    headers = api.client.get(f"/public/invoices/{invoice['share_token']}/pdf").headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"].startswith("inline; filename")
    assert "filename*=UTF-8''%C3%85-1.pdf" in headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"


def test_a_token_does_not_reach_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    token = an_invoice(api, 100)["share_token"]
    pdf_of(api, token)
    logged = "\n".join(record.message for record in caplog.records if record.name.startswith("tallystick"))
    assert token.rpartition(".")[2] not in logged
    assert "/public/invoices/1.(secret)/pdf" in logged


def test_no_characters_turn_or_garble_what_a_reader_sees(api: Api) -> None:
    _invoice_id, token = a_linked_draft(api)
    assert "Ann elpmaxE" in pdf_of(api, token)
