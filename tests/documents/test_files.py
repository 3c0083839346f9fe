"""The PDFs of bills over the API, by id and by share token; and that nobody is shown yesterday's."""

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from tallystick.documents import apart
from tallystick.documents import api as documents
from tallystick.documents.cache import Cache
from tallystick.documents.languages import words
from tests.api import Api, opened
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.clock import Clock
from tests.documents.pdfs import text_of
from tests.program import run
from tests.quotations.offers import a_quotation, act


def shown(api: Api, path: str, **params: str) -> httpx.Response:
    response = api.get(f"{path}/pdf", params=params)
    assert response.status_code == 200, response.text
    return response


def said(response: httpx.Response) -> str:
    return " ".join(text_of(response.content))


def credited(api: Api, invoice: Any) -> Any:
    return api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {}))


def test_each_kind_of_bill_has_a_pdf(api: Api) -> None:
    invoice, quotation = an_invoice(api, 100), a_quotation(api, 50)
    note = credited(api, invoice)
    paths = {
        f"/invoices/{invoice['id']}": f"Invoice {invoice['invoice_number']}",
        f"/quotations/{quotation['id']}": f"Quotation DRAFT-{quotation['id']}",
        f"/credit-notes/{note['id']}": f"Credit note {note['credit_note_number']}",
    }
    for path, heading in paths.items():
        response = shown(api, path)
        assert response.headers["Content-Type"] == "application/pdf"
        assert heading in said(response)
        assert api.get(f"{path.rpartition('/')[0]}/999999/pdf").status_code == 404


def test_it_opens_in_the_browser_named_after_its_number(api: Api) -> None:
    invoice = an_invoice(api, 100, invoice_number="Å/1")
    disposition = shown(api, f"/invoices/{invoice['id']}").headers["Content-Disposition"]
    assert disposition.startswith("inline; filename")
    assert "filename*=UTF-8''%C3%85-1.pdf" in disposition


def test_no_number_says_more_in_the_header_than_a_name(api: Api) -> None:
    invoice = an_invoice(api, 100, invoice_number='A"; filename="../b\\c')
    disposition = shown(api, f"/invoices/{invoice['id']}").headers["Content-Disposition"]
    assert disposition == 'inline; filename="A-; filename=-..-b-c.pdf"'


def test_its_language_is_the_one_asked_for_else_the_customers_else_the_accounts(api: Api) -> None:
    api.data(api.put("/settings", {"language": "nl"}))
    polish = an_invoice(api, 100, customer_id=a_customer(api, language="pl"))
    other = an_invoice(api, 100)
    assert "Faktura" in said(shown(api, f"/invoices/{polish['id']}"))
    assert "Fattura" in said(shown(api, f"/invoices/{polish['id']}", language="it"))
    assert "Factuur" in said(shown(api, f"/invoices/{other['id']}"))
    assert api.get(f"/invoices/{other['id']}/pdf", params={"language": "?"}).status_code == 422


def test_its_template_is_the_one_asked_for_else_the_bills(api: Api) -> None:
    plain, modern = an_invoice(api, 100), an_invoice(api, 100, template_id="modern")
    foreign = an_invoice(api, 100, template_id="of another product")
    cases: tuple[tuple[Any, dict[str, str], str], ...] = (
        (plain, {}, "Libertinus"),
        (plain, {"template": "modern"}, "FiraGO"),
        (modern, {}, "FiraGO"),
        (modern, {"template": "classic"}, "Libertinus"),
        (foreign, {}, "Libertinus"),
    )
    for invoice, asked, font in cases:
        assert is_set_in(font, shown(api, f"/invoices/{invoice['id']}", **asked))
    refused = api.get(f"/invoices/{plain['id']}/pdf", params={"template": "none"})
    assert (refused.status_code, refused.json()["errors"]) == (422, {"template": ["There is no such template."]})


def test_whatever_is_a_file_takes_a_template_and_a_language_and_has_a_tag(api: Api) -> None:
    customer = a_customer(api, language="nl")
    invoice, other = an_invoice(api, 100, customer_id=customer), an_invoice(api, 20, customer_id=customer)
    payment, note = api.data(pay(api, invoice, 40)), credited(api, other)
    quotation = api.data(act(api, a_quotation(api, 50, customer_id=customer), "publish"))
    paths = {
        f"/invoices/{invoice['id']}": "title.invoice",
        f"/quotations/{quotation['id']}": "title.quotation",
        f"/credit-notes/{note['id']}": "title.credit_note",
        f"/payments/{payment['id']}": "title.receipt",
        f"/customers/{customer}/statement": "title.statement",
        f"/public/invoices/{invoice['share_token']}": "title.invoice",
        f"/public/quotations/{quotation['share_token']}": "title.quotation",
        f"/public/credit-notes/{note['share_token']}": "title.credit_note",
    }
    for path, title in paths.items():
        own, asked = shown(api, path), shown(api, path, template="modern", language="it")
        assert words("nl")(title) in said(own)
        assert words("it")(title) in said(asked)
        assert (is_set_in("Libertinus", own), is_set_in("Libertinus", asked)) == (True, False)
        assert own.headers["Content-Disposition"].startswith("inline; filename")
        tags = [each.headers["ETag"] for each in (own, asked)]
        again = [api.get(f"{path}/pdf", headers={"If-None-Match": tag}).status_code for tag in tags]
        assert again == [304, 200]
        assert api.get(f"{path}/pdf", params={"template": "none"}).status_code == 422


def is_set_in(font: str, response: httpx.Response) -> bool:
    """Whether a file has a font, by the beginning of its name."""
    return f"+{font}".encode() in response.content


def test_whoever_has_it_gets_it_no_second_time_until_it_says_something_else(api: Api) -> None:
    invoice = an_invoice(api, 100)
    path = f"/invoices/{invoice['id']}/pdf"
    first = api.get(path)
    tag = first.headers["ETag"]
    again = api.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert api.get(path).content == first.content
    changes = (
        lambda: pay(api, invoice, 40),
        lambda: api.put("/settings", {"brand_color": "#B4532A"}),
        lambda: api.put("/settings", {"footer": "Directors: A. and B."}),
    )
    for change in changes:
        api.data(change())
        changed = api.get(path, headers={"If-None-Match": tag})
        assert changed.status_code == 200
        tag = changed.headers["ETag"]
    assert "Directors: A. and B." in said(changed)
    assert "−40.00" in said(changed)


def test_nobody_who_has_it_misses_that_it_is_overdue_since(database_url: str) -> None:
    clock = Clock("2026-03-01T12:00:00Z")
    with opened(database_url, clock=clock) as api:
        path = f"/invoices/{an_invoice(api, 100, due_date='2026-03-31')['id']}/pdf"
        seen = {"If-None-Match": api.get(path).headers["ETag"]}
        clock.set("2026-03-30T23:00:00Z")
        assert api.get(path, headers=seen).status_code == 304
        clock.set("2026-04-01T01:00:00Z")
        assert api.get(path, headers=seen).status_code == 200


def test_settings_say_what_stands_at_the_foot(api: Api) -> None:
    settings = {"website": "example.com", "registration_number": "HRB 7", "footer": "Line one\nLine two"}
    api.data(api.put("/settings", settings))
    invoice = an_invoice(api, 100)
    api.data(api.put("/settings", {"website": None, "registration_number": "HRB 8"}))
    text = said(shown(api, f"/invoices/{invoice['id']}"))
    # Whoever issued it is as it was; what the foot says beside that is the account's.
    assert all(each in text for each in ("example.com", "Company no. HRB 7", "Line one", "Line two"))
    refused = api.put("/settings", {"brand_color": "red"})
    assert (refused.status_code, refused.json()["errors"]) == (422, {"brand_color": ["Must be a colour, as #0b5f8a."]})


@pytest.mark.parametrize("prefix", ["/api/v1", ""])
def test_a_share_token_opens_the_same(api: Api, prefix: str) -> None:
    invoice, quotation = an_invoice(api, 100), a_quotation(api, 50)
    quotation = api.data(act(api, quotation, "publish"))
    note = credited(api, an_invoice(api, 20))
    for kind, bill in (("invoices", invoice), ("quotations", quotation), ("credit-notes", note)):
        shared = api.client.get(f"{prefix}/public/{kind}/{bill['share_token']}/pdf")
        assert shared.content == shown(api, f"/{kind}/{bill['id']}").content
        seen = {"If-None-Match": shared.headers["ETag"]}
        assert api.client.get(f"{prefix}/public/{kind}/{bill['share_token']}/pdf", headers=seen).status_code == 304
        assert api.client.get(f"{prefix}/public/{kind}/1.nothing/pdf").status_code == 404


def test_a_bill_that_is_too_long_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0.01)
    long = an_invoice(api, 100, notes="word " * 2_000, items=[{"description": "d" * 1_900, "unit_price": 1}] * 30)
    refused = api.get(f"/invoices/{long['id']}/pdf")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["template"])


def test_a_draft_has_a_mark(api: Api) -> None:
    for path in (f"/invoices/{a_draft(api, 1)['id']}", f"/quotations/{a_quotation(api, 1)['id']}"):
        assert "DRAFT" in said(shown(api, path)).split()


def test_what_was_asked_for_last_is_kept() -> None:
    cache = Cache(most_bytes=10)
    made: list[str] = []

    def make(tag: str) -> bytes:
        made.append(tag)
        return tag.encode() * 4

    for tag in ("a", "b", "a", "c", "a", "b"):
        assert cache.get(tag, partial(make, tag)) == tag.encode() * 4
    # c is the third file of 4 bytes in 10, so b, which was not asked for since, went.
    assert made == ["a", "b", "c", "b"]


def test_the_pdfs_that_a_list_selects_come_as_one_file(api: Api) -> None:
    odd = an_invoice(api, 100, invoice_number="a/b:c", issue_date="2026-03-01")
    draft = a_draft(api, 5, issue_date="2026-03-31")
    an_invoice(api, 7, issue_date="2026-04-01")
    response = api.get("/invoices/export/pdf", params={"from_date": "2026-03-01", "to_date": "2026-03-31"})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/zip")
    with ZipFile(BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"a-b-c.pdf", f"DRAFT-{draft['id']}.pdf"}
        assert archive.read("a-b-c.pdf") == shown(api, f"/invoices/{odd['id']}").content
    again = api.get("/invoices/export/pdf", params={"from_date": "2026-03-01", "to_date": "2026-03-31"})
    assert again.content == response.content


def test_no_two_files_of_it_have_one_name(api: Api) -> None:
    numbers = ("r/1", "R:1", "r-1")
    for number in numbers:
        an_invoice(api, 100, invoice_number=number)
    response = api.get("/invoices/export/pdf", params={"sort": "created_at", "order": "asc"})
    with ZipFile(BytesIO(response.content)) as archive:
        assert archive.namelist() == ["r-1.pdf", "R-1 (2).pdf", "r-1 (3).pdf"]
        headings = ["".join(text_of(archive.read(name))) for name in archive.namelist()]
    assert all(f"Invoice {number}" in heading for number, heading in zip(numbers, headings, strict=True))


def test_a_file_of_too_many_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_FILES", 1)
    an_invoice(api, 1)
    assert api.get("/invoices/export/pdf").status_code == 200
    an_invoice(api, 1)
    refused = api.get("/invoices/export/pdf")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["from"])


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_the_command_line_writes_one(api: Api, database_url: str, tmp_path: Path) -> None:
    invoice = an_invoice(api, 100, invoice_number="R 7")
    expected = shown(api, f"/invoices/{invoice['id']}", language="de").content
    for name in ("r 7", str(invoice["id"])):
        file = tmp_path / f"{name}.pdf"
        ended = run("pdf", name, str(file), "--language", "de", database_url=database_url)
        assert (ended.returncode, ended.stdout) == (0, f"Wrote {file}.\n"), ended.stderr
        assert file.read_bytes() == expected
    assert run("pdf", "R 8", database_url=database_url).returncode == 2
